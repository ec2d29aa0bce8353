"""The gate: what comes in as pixels, and what is refused with which fault."""

import io
import random
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile

from domain import Photo
from errors import InvalidPhoto, PhotoFault
from imaging import decode, decode_picture
from imaging.decode import PICTURE, UPLOAD
from tests.photos import array, cutout_rgba, jpeg, png, product_matte, product_photo, raster
from wording import say

SMALL = product_photo(96, 64)


def fault(data: bytes) -> PhotoFault:
    with pytest.raises(InvalidPhoto) as caught:
        decode(data)
    return PhotoFault(caught.value.code)


def saved(image: Image.Image, file_format: str, **save) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **save)
    return buffer.getvalue()


def pillow(pixels=SMALL) -> Image.Image:
    return Image.frombytes(pixels.mode, pixels.size, pixels.data)


def heic(pixels=SMALL) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(pillow(pixels)).save(buffer, quality=95)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\r" + head + struct.pack(">I", zlib.crc32(head)) + b"\x00\x00\x00\x00IDAT"


def difference(data: bytes, pixels=SMALL) -> float:
    return float(np.abs(array(decode(data).pixels).astype(int) - array(pixels)).mean())


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_come_in_exactly(file_format):
    assert decode(saved(pillow(), file_format)).pixels == SMALL


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP", "AVIF", "GIF"])
def test_lossy_formats_come_in_nearly(file_format):
    assert difference(saved(pillow(), file_format, quality=90)) < 12


def test_an_iphones_heic_comes_in():
    assert difference(heic()) < 5


def test_the_name_of_a_photo_is_the_hash_of_its_file():
    data = png(SMALL)
    assert decode(data).sha256 == decode(data).sha256
    assert len(decode(data).sha256) == 64
    assert decode(data).sha256 != decode(data + b"tail").sha256


def test_a_phone_jpeg_with_a_second_picture_inside_is_a_jpeg():
    twin = saved(pillow(), "MPO", save_all=True, append_images=[Image.new("RGB", SMALL.size)])
    assert difference(twin) < 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_stand_upright(orientation):
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # how the camera held the upright picture
    held = pillow() if orientation == 1 else pillow().transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert decode(saved(held, "PNG", exif=exif)).pixels == SMALL


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_broken_metadata_do_not_refuse_a_photo():
    assert decode(jpeg(SMALL, exif=b"Exif\x00\x00II*\x00garbage")).pixels.size == SMALL.size


def profile(name: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def rotated_profile() -> bytes:
    """sRGB whose red, green and blue stand for each other's primaries."""
    data = bytearray(profile("sRGB"))
    tags = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * struct.unpack(">I", data[128:132])[0], 12)}
    where = [bytes(data[tags[name] + 4 : tags[name] + 12]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    for name, place in zip((b"rXYZ", b"gXYZ", b"bXYZ"), where[1:] + where[:1], strict=True):
        data[tags[name] + 4 : tags[name] + 12] = place
    text = tags[b"desc"]
    start = struct.unpack(">I", data[text + 4 : text + 8])[0]
    size = struct.unpack(">I", data[text + 8 : text + 12])[0]
    data[start : start + size] = bytes(data[start : start + size]).replace(b"s\x00R\x00G\x00B", b"x\x00R\x00G\x00B")
    return bytes(data)


def test_colours_are_those_of_the_embedded_profile():
    red = raster(np.full((32, 32, 3), (255, 0, 0), np.uint8))
    seen = array(decode(png(red, icc_profile=rotated_profile())).pixels)
    assert seen[16, 16].argmax() == 1


def curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def primary(*xyz: float) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in xyz)


def made_profile(space: bytes, name: str, tags: dict[bytes, bytes]) -> bytes:
    """As colour programs write them, version 2; the name may say anything."""
    told = name.encode() + b"\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(told)) + told + bytes(78)
    every = {b"desc": description + bytes(-len(description) % 4), b"wtpt": primary(0.9642, 1, 0.8249), **tags}
    at, table, body = 132 + 12 * len(every), struct.pack(">I", len(every)), b""
    for tag, data in every.items():
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI", at + len(body), b"lcms", 0x02400000) + b"mntr" + space + b"XYZ " + bytes(12) + b"acsp"
    light = struct.pack(">iii", 63190, 65536, 54061)
    return (head + bytes(28) + light).ljust(128, b"\0") + table + body


SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))


def rgb_profile(name: str, primaries: tuple[tuple[float, ...], ...], gamma: float) -> bytes:
    colours = {f"{one}XYZ".encode(): primary(*xyz) for one, xyz in zip("rgb", primaries, strict=True)}
    return made_profile(b"RGB ", name, colours | {f"{one}TRC".encode(): curve(gamma) for one in "rgb"})


def middle(data: bytes) -> tuple[int, ...]:
    return tuple(int(value) for value in array(decode(data).pixels)[16, 16])


@pytest.mark.parametrize(
    ("name", "primaries", "gamma", "seen"),
    [("sRGB-elle-V2-g10.icc", SRGB, 1.0, (239, 96, 96)), ("sRGB wide P3", P3, 2.2, (241, 0, 0))],
)
def test_a_profile_that_only_calls_itself_srgb_is_not_believed(name, primaries, gamma, seen):
    red = png(raster(np.full((32, 32, 3), (220, 30, 30), np.uint8)), icc_profile=rgb_profile(name, primaries, gamma))
    assert middle(red) == pytest.approx(seen, abs=2)


def test_an_srgb_profile_by_another_name_changes_nothing():
    data = bytearray(profile("sRGB"))
    assert b"s\0R\0G\0B" in data
    renamed = bytes(data).replace(b"s\0R\0G\0B", b"m\0i\0n\0e")
    assert decode(png(SMALL, icc_profile=renamed)).pixels == SMALL


def test_an_srgb_profile_changes_nothing():
    assert decode(png(SMALL, icc_profile=profile("sRGB"))).pixels == SMALL


def test_a_profile_that_is_none_is_ignored():
    assert decode(png(SMALL, icc_profile=b"no profile at all")).pixels == SMALL


def test_transparency_passes_a_profile_unharmed():
    cutout = cutout_rgba(SMALL, product_matte(96, 64))
    seen = decode(png(cutout, icc_profile=rotated_profile())).pixels
    assert seen.mode == "RGBA"
    assert (array(seen)[..., 3] == array(cutout)[..., 3]).all()


def test_inked_jpegs_are_not_negative():
    inked = saved(pillow().convert("CMYK"), "JPEG", quality=95)
    assert difference(inked) < 12


def test_deep_grey_is_scaled_and_not_clipped():
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (32, 1))
    seen = array(decode(saved(Image.fromarray(ramp), "PNG")).pixels)
    assert seen.shape == (32, 64, 3)
    assert (seen[0, [0, 32, 63], 0] == [0, 130, 255]).all()


def deep_grey() -> Image.Image:
    """Two greys that are one in 8 bits."""
    grey = np.full((32, 32), 30_000, np.uint16)
    grey[:, :16] = 30_001
    return Image.fromarray(grey)


def test_the_grey_that_a_deep_png_calls_transparent_is_transparent_and_no_other():
    seen = array(decode(saved(deep_grey(), "PNG", transparency=30_001)).pixels)
    assert (tuple(seen[16, 0]), tuple(seen[16, 31])) == ((117, 117, 117, 0), (117, 117, 117, 255))


def test_deep_grey_has_the_tones_of_its_profile():
    linear = made_profile(b"GRAY", "linear grey", {b"kTRC": curve(1.0)})
    assert middle(saved(deep_grey(), "PNG", icc_profile=linear)) == pytest.approx((181, 181, 181), abs=2)


@pytest.mark.parametrize(("mode", "expected"), [("1", "RGB"), ("L", "RGB"), ("P", "RGB"), ("LA", "RGBA")])
def test_every_usual_mode_comes_in(mode, expected):
    image = pillow().convert("L") if mode == "LA" else pillow().convert(mode)
    if mode == "LA":
        image.putalpha(128)
    assert decode(saved(image, "PNG")).pixels.mode == expected


def test_a_palettes_transparent_colour_is_transparent():
    image = pillow().convert("P")
    seen = decode(saved(image, "PNG", transparency=image.getpixel((0, 0)))).pixels
    assert seen.mode == "RGBA"
    assert array(seen)[0, 0, 3] == 0


def test_a_picture_that_is_transparent_all_over_is_refused_and_a_providers_is_not():
    image = pillow()
    image.putalpha(0)
    with pytest.raises(InvalidPhoto) as refused:
        decode(saved(image, "PNG"))
    assert refused.value.code == PhotoFault.TRANSPARENT
    assert not array(decode_picture(saved(image, "PNG")))[..., 3].any()


def test_transparency_that_hides_nothing_is_dropped():
    image = pillow()
    image.putalpha(255)
    assert decode(saved(image, "PNG")).pixels == SMALL


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_of_many_is_used(file_format):
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "lime", "blue")]
    seen = array(decode(saved(frames[0], file_format, save_all=True, append_images=frames[1:])).pixels)
    assert tuple(seen[16, 16] > 128) == (True, False, False)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", PhotoFault.EMPTY),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", PhotoFault.VECTOR),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn --><svg/>", PhotoFault.VECTOR),
        (b"<!doctype html><body><svg></svg>", PhotoFault.NOT_A_PICTURE),
        (b"just some words", PhotoFault.NOT_A_PICTURE),
        (b"%PDF-1.7\n", PhotoFault.NOT_A_PICTURE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", PhotoFault.NOT_A_PICTURE),
        (b"PK\x03\x04" + bytes(64), PhotoFault.NOT_A_PICTURE),
        (b"MZ\x90\x00" + bytes(64), PhotoFault.NOT_A_PICTURE),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(64), PhotoFault.NOT_A_PICTURE),
        (b"8BPS\x00\x01", PhotoFault.UNSUPPORTED),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", PhotoFault.UNSUPPORTED),
        (b"\xff\xd8\xff", PhotoFault.DAMAGED),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", PhotoFault.DAMAGED),
        (b"\x00\x00\x00\x18ftypheic" + bytes(12), PhotoFault.DAMAGED),
        (b"\x00\x00\x00\x18ftypavif" + bytes(12), PhotoFault.DAMAGED),
    ],
)
def test_what_is_no_photo_is_told_what_it_is(data, expected):
    assert fault(data) is expected


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (saved(pillow(), "PPM"), "PPM"),
        (saved(pillow().convert("1"), "PPM"), "PPM"),
        (saved(pillow(), "TGA"), "TGA"),
        (saved(pillow(), "TGA")[:-26], "TGA"),
        (saved(pillow(), "TGA", compression="tga_rle")[:-26], "TGA"),
        (saved(pillow(), "DDS"), "DDS"),
        (saved(pillow(), "QOI"), "QOI"),
        (saved(pillow(), "SGI"), "SGI"),
        (saved(pillow(), "ICO"), "ICO"),
        (saved(pillow(), "JPEG2000"), "JPEG 2000"),
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00", "RAW"),
        (b"\x00\x00\x00\x18ftypcrx " + bytes(12), "RAW"),
    ],
)
def test_a_picture_of_another_kind_is_told_its_name(data, kind):
    with pytest.raises(InvalidPhoto) as caught:
        decode(data)
    assert (caught.value.code, caught.value.facts) == (PhotoFault.UNSUPPORTED, {"format": kind})
    assert kind in say(f"error.{caught.value.code}", caught.value.facts)


THUMBNAIL = {254: 1}


def pages(*sizes_and_tags: tuple[int, dict[int, int]]) -> bytes:
    """A TIFF of squares, each of a colour of its own."""
    colours = ("red", "lime", "blue")
    squares = [Image.new("RGB", (side, side), colours[at]) for at, (side, _) in enumerate(sizes_and_tags)]
    for square, (_, tags) in zip(squares, sizes_and_tags, strict=True):
        square.encoderinfo = {"tiffinfo": tags}
    first = sizes_and_tags[0][1]
    return saved(squares[0], "TIFF", save_all=True, append_images=squares[1:], tiffinfo=first)


def test_the_photo_of_a_tiff_is_its_first_page_that_is_no_thumbnail():
    seen = decode(pages((32, THUMBNAIL), (32, THUMBNAIL), (64, {}))).pixels
    assert seen.size == (64, 64)
    assert tuple(array(seen)[32, 32]) == (0, 0, 255)


def test_a_thumbnail_of_a_camera_file_is_no_photo():
    with pytest.raises(InvalidPhoto) as caught:
        decode(pages((64, THUMBNAIL)))
    assert (caught.value.code, caught.value.facts) == (PhotoFault.PREVIEW, {"width": 64, "height": 64})


@pytest.mark.parametrize("share", [0.5, 0.9, 0.98])
@pytest.mark.parametrize(
    "make", [jpeg, png, heic, lambda p: saved(pillow(p), "WEBP"), lambda p: saved(pillow(p), "GIF")]
)
def test_a_photo_that_was_cut_off_never_goes_on(make, share):
    data = make(SMALL)
    assert fault(data[: int(len(data) * share)]) is PhotoFault.DAMAGED


def test_limits_are_told_with_their_figures():
    with pytest.raises(InvalidPhoto) as caught:
        decode(png_header(9000, 9000))
    assert caught.value.code is PhotoFault.TOO_MANY_PIXELS
    assert caught.value.facts == {"megapixels": 81.0, "limit": 50}


def test_a_header_that_claims_gigapixels_is_refused_before_any_pixel_is_decoded():
    with pytest.raises(InvalidPhoto) as caught:
        decode(png_header(65500, 65500))
    assert caught.value.code is PhotoFault.TOO_MANY_PIXELS
    assert caught.value.facts["megapixels"] == pytest.approx(4290.2, abs=0.1)


def test_too_many_bytes_are_refused_unseen():
    assert fault(bytes(int(UPLOAD.max_megabytes * 1e6) + 1)) is PhotoFault.TOO_MANY_BYTES


@pytest.mark.parametrize(
    ("size", "expected"),
    [((15, 400), PhotoFault.TOO_SMALL), ((100_000, 1), PhotoFault.TOO_SMALL), ((16, 801), PhotoFault.TOO_NARROW)],
)
def test_slivers_are_refused(size, expected):
    assert fault(saved(Image.new("RGB", size), "PNG")) is expected


def test_the_narrowest_photo_that_is_taken():
    assert decode(saved(Image.new("RGB", (16, 800)), "PNG")).pixels.size == (16, 800)


def test_nothing_of_pillow_is_changed_for_others():
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, set(Image.OPEN) - {"HEIF"}
    decode(heic())
    fault(png_header(65500, 65500))
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, set(Image.OPEN) - {"HEIF"})


def test_running_out_of_memory_is_a_fault_of_the_file(monkeypatch):
    def exhausted(self):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "tobytes", exhausted)
    assert fault(png(SMALL)) is PhotoFault.TOO_HARD


def test_a_providers_grey_matte_stays_grey():
    matte = product_matte(64, 48)
    assert decode_picture(png(matte)) == matte


def test_a_providers_lossless_picture_may_be_larger_than_an_upload():
    padded = png(SMALL) + bytes(int(UPLOAD.max_megabytes * 1e6))
    assert decode_picture(padded) == SMALL
    assert PICTURE.max_megabytes > UPLOAD.max_megabytes


def test_a_providers_single_pixel_is_refused():
    with pytest.raises(InvalidPhoto):
        decode_picture(saved(Image.new("RGB", (1, 1)), "PNG"))


def is_photo_or_fault(data: bytes) -> bool:
    try:
        return isinstance(decode(data), Photo)
    except InvalidPhoto as error:
        return error.code in set(PhotoFault)


HEADS = [b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\x00", b"RIFF....WEBPVP8 ", b"<svg"]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*HEADS, b"\x00\x00\x00\x18ftypheic", b"\x00\x00\x00\x18ftypavif"]), st.binary(max_size=400))
def test_any_bytes_are_a_photo_or_a_fault(head, tail):
    assert is_photo_or_fault(head + tail)


FILES = [jpeg(SMALL), png(SMALL), heic(), saved(pillow(), "GIF"), saved(pillow(), "TIFF"), saved(pillow(), "AVIF")]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(range(len(FILES))), st.integers(0, 2**32))
def test_a_file_with_flipped_bytes_is_a_photo_or_a_fault(which, seed):
    chance = random.Random(seed)  # noqa: S311 no secret
    data = bytearray(FILES[which])
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    assert is_photo_or_fault(bytes(data))
