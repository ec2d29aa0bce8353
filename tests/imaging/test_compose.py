"""From a cutout to a canvas and its file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from app import MARKETPLACES
from domain import (
    Background,
    BackgroundKind,
    Composition,
    Cutout,
    ExportFormat,
    ExportOptions,
    FileFormat,
    MarketplaceRules,
    OwnCheck,
    Placement,
    RuleKind,
)
from errors import BackgroundMissing, NothingToShow, TooHeavy
from imaging import assess, examine, format_for, make_export, says_generated
from imaging.canvas import spot_for
from imaging.compose import compose
from imaging.listing_file import BEST_QUALITY, LEAST_QUALITY, write
from imaging.provenance import PACKET, PARTLY_GENERATED, digital_source
from registry import load_marketplaces
from tests.photos import array, cutout_rgba, product_matte, product_photo, raster

RULES: Mapping[str, MarketplaceRules] = load_marketplaces(MARKETPLACES)
CUSTOM = RULES["custom"]
MUG = Cutout(cutout_rgba(product_photo(), product_matte()))
LARGE = Cutout(raster(np.repeat(np.repeat(array(MUG.pixels), 6, axis=0), 6, axis=1)))
ALPHA = array(product_matte())
NOISE = np.random.default_rng(7).integers(0, 255, (300, 300, 3), np.uint8)
"""What no format packs well."""


def options(**given: object) -> ExportOptions:
    return ExportOptions(**given)


def composed(rules: MarketplaceRules = CUSTOM, picture=None, cutout: Cutout = MUG, **given: object) -> Composition:
    asked = options(**given)
    return compose(cutout, partial(spot_for, rules, asked), asked, picture)


def box_of(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def noise_on_canvas() -> Composition:
    return Composition(raster(NOISE), raster(np.full((300, 300), 255, np.uint8)), 1)


# Where the product lies.


@pytest.mark.parametrize("marketplace", RULES)
@given(
    product=st.tuples(st.integers(1, 6000), st.integers(1, 6000)),
    enlarge=st.booleans(),
    shrink=st.sampled_from([1, 0.4]),
)
@settings(max_examples=25, deadline=None)
def test_a_spot_lies_on_its_canvas_and_nothing_is_enlarged_unasked(marketplace, product, enlarge, shrink):
    spot = spot_for(RULES[marketplace], options(enlarge=enlarge), product, shrink)
    left, top, width, height = spot.box
    assert min(spot.box[:2]) >= 0
    assert left + width <= spot.size[0]
    assert top + height <= spot.size[1]
    assert enlarge or spot.scale <= 1


@pytest.mark.parametrize("marketplace", RULES)
def test_a_large_product_satisfies_every_rule_that_can_be_measured(marketplace: str):
    composition, written = make_export(LARGE, RULES[marketplace], options(marketplace=marketplace))
    compliance = assess(examine(written.data, composition), RULES[marketplace], date(2030, 1, 1))
    assert [(one.check, one.found) for one in compliance.findings if one.verdict == "fail"] == []
    assert composition.scale <= 1


@pytest.mark.parametrize(("width", "height", "fill"), [(1000, 1000, 0.9), (600, 900, 0.5), (300, 200, 1)])
def test_the_canvas_and_the_share_that_were_asked_for_are_what_comes_out(width: int, height: int, fill: float):
    made = composed(width=width, height=height, fill=fill, enlarge=True)
    left, top, right, bottom = box_of(array(made.matte) > 12)
    assert made.pixels.size == (width, height)
    assert max((right - left) / width, (bottom - top) / height) == pytest.approx(fill, abs=2 / min(width, height))


def test_a_small_product_gets_a_small_canvas_and_keeps_its_own_pixels():
    made = composed()
    assert made.scale == 1
    assert max(made.pixels.size) < 640
    seen = box_of(ALPHA > 12)
    left, top, right, bottom = box_of(array(made.matte) > 12)
    inside = ALPHA[seen[1] : seen[3], seen[0] : seen[2]] == 255
    original = array(MUG.pixels)[seen[1] : seen[3], seen[0] : seen[2], :3]
    assert (array(made.pixels)[top:bottom, left:right][inside] == original[inside]).all()


def test_a_canvas_is_never_smaller_than_what_is_required():
    made = composed(RULES["wildberries"])
    assert made.pixels.size == (700, 934)
    assert made.scale == 1


def test_a_product_is_enlarged_only_when_that_is_allowed_and_only_as_far_as_the_rules_ask():
    kept, enlarged = (composed(RULES["amazon"], enlarge=allowed) for allowed in (False, True))
    assert (kept.pixels.size, kept.scale) == ((500, 500), 1)
    assert enlarged.pixels.size == (1600, 1600)
    assert enlarged.scale == pytest.approx(0.88 * 1600 / (box_of(ALPHA > 12)[3] - box_of(ALPHA > 12)[1]))


@pytest.mark.parametrize("marketplace", RULES)
def test_what_may_be_enlarged_meets_every_rule_of_size(marketplace: str):
    asked = options(marketplace=marketplace, enlarge=True)
    composition, written = make_export(MUG, RULES[marketplace], asked)
    found = assess(examine(written.data, composition), RULES[marketplace], date(2030, 1, 1)).findings
    assert {one.check for one in found if one.verdict == "fail"} <= {OwnCheck.NOT_ENLARGED}


@pytest.mark.parametrize("side", [301, 437, 999])
def test_a_product_that_nearly_fits_is_not_blown_up_for_a_pixel(side: int):
    product = Cutout(raster(np.full((side, side, 4), 255, np.uint8)))
    assert composed(cutout=product, enlarge=True).scale == 1


def test_a_cutout_of_one_pixel_is_placed_like_any_other():
    dot = Cutout(raster(np.full((1, 1, 4), 255, np.uint8)))
    assert composed(cutout=dot, width=200, height=200).pixels.size == (200, 200)


def test_at_the_bottom_the_product_stands_as_far_from_the_foot_as_from_the_nearest_edge():
    wide = np.zeros((100, 300, 4), np.uint8)
    wide[10:90, 10:290] = 80, 90, 100, 255
    low = composed(cutout=Cutout(raster(wide)), placement=Placement.BOTTOM, width=400, height=400)
    left, top, right, bottom = box_of(array(low.matte) > 0)
    assert (left, 400 - right, 400 - bottom) == (60, 60, 60)
    assert top == 400 - 60 - 80


def test_dust_beside_the_product_does_not_make_it_larger():
    dusty = array(MUG.pixels).copy()
    dusty[0, 0] = 255, 255, 255, 12
    assert composed(cutout=Cutout(raster(dusty))).pixels.size == composed().pixels.size


def test_an_empty_cutout_has_nothing_to_show():
    with pytest.raises(NothingToShow):
        composed(cutout=Cutout(raster(np.zeros((30, 40, 4), np.uint8))))


# What is behind it.


def test_white_is_exactly_white_wherever_the_product_is_not():
    made = composed(width=300, height=300)
    assert (array(made.pixels)[array(made.matte) == 0] == 255).all()


def test_hidden_colours_do_not_come_into_the_edges_when_the_product_is_scaled():
    split = np.zeros((800, 800, 4), np.uint8)
    split[200:600, 200:401] = 200, 0, 0, 255
    split[200:600, 401:500] = 0, 255, 0, 0
    split[200:600, 500:600] = 200, 0, 0, 255
    made = array(composed(cutout=Cutout(raster(split)), width=150, height=150).pixels).astype(int)
    assert (made[..., 1] <= made[..., 2] + 1).all()


def test_a_colour_fills_and_a_gradient_runs_from_the_top_to_the_bottom():
    plain = array(composed(background=Background(kind=BackgroundKind.COLOUR, colour="#102030")).pixels)
    assert tuple(plain[0, 0]) == (16, 32, 48)
    faded = Background(kind=BackgroundKind.GRADIENT, colour="#FF0000", second="#0000FF")
    rows = array(composed(background=faded).pixels)[:, 0]
    assert (tuple(rows[0]), tuple(rows[-1])) == ((255, 0, 0), (0, 0, 255))
    assert (np.diff(rows[:, 0].astype(int)) <= 0).all()


def test_a_picture_covers_the_canvas_without_being_stretched():
    wide = np.zeros((100, 400, 3), np.uint8)
    wide[:, 150:250] = 0, 200, 0
    picture = Background(kind=BackgroundKind.PICTURE)
    made = composed(picture=raster(wide), background=picture, width=200, height=200)
    assert tuple(array(made.pixels)[100, 1]) == (0, 200, 0)
    assert tuple(array(made.pixels)[100, -2]) == (0, 200, 0)


def test_a_background_picture_that_is_missing_is_asked_for():
    with pytest.raises(BackgroundMissing):
        composed(background=Background(kind=BackgroundKind.PICTURE))


def test_a_shadow_lies_under_the_foot_is_soft_and_leaves_the_frame_alone():
    plain, shaded = (composed(width=600, height=600, fill=0.9, shadow=on) for on in (False, True))
    darker = array(plain.pixels)[..., 0].astype(int) - array(shaded.pixels)[..., 0]
    matte = array(shaded.matte)
    bottom = box_of(matte > 12)[3]
    rows = np.nonzero((darker > 0).any(axis=1))[0]
    assert darker.min() >= 0
    assert darker[matte == 255].max() == 0
    assert rows.min() > bottom - 60
    assert rows.max() > bottom
    assert 10 < darker.max() < 160
    assert (array(shaded.pixels)[[0, -1]] == 255).all()
    assert (array(shaded.pixels)[:, [0, -1]] == 255).all()
    below = darker[bottom + 1]
    assert np.abs(np.diff(below)).max() < 12


# Its file.


@pytest.mark.parametrize("kind", list(FileFormat)[:3])
def test_a_file_has_an_srgb_profile_and_nothing_that_tells_of_anybody(kind: FileFormat):
    written = write(composed(), kind)
    with Image.open(io.BytesIO(written.data)) as picture:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
        assert str(profile.profile.profile_description).startswith("sRGB")
        assert (picture.format, picture.mode) == (kind.value, "RGB")
    facts = examine(written.data)
    assert (facts.srgb, facts.leftovers, facts.digital_source) == (True, (), None)


@pytest.mark.parametrize("kind", list(FileFormat)[:3])
def test_only_a_file_with_generated_pixels_says_so(kind: FileFormat):
    behind = Background(kind=BackgroundKind.PICTURE, generated=True)
    made = composed(picture=product_photo(), background=behind)
    facts = examine(write(made, kind).data, made)
    assert (facts.digital_source, facts.leftovers, facts.generated) == (PARTLY_GENERATED, (), True)


@pytest.mark.parametrize("kind", [BackgroundKind.COLOUR, BackgroundKind.GRADIENT, BackgroundKind.PICTURE])
def test_a_colour_a_gradient_and_a_photo_of_the_sellers_are_not_generated(kind: BackgroundKind):
    made = composed(picture=product_photo(), background=Background(kind=kind))
    assert not made.generated
    assert examine(write(made, FileFormat.JPEG).data, made).digital_source is None


def test_equal_pixels_give_equal_files():
    assert write(composed(), FileFormat.JPEG).data == write(composed(), FileFormat.JPEG).data


def test_when_it_fits_the_best_quality_is_taken():
    assert write(composed(), FileFormat.JPEG).quality == BEST_QUALITY


@pytest.mark.parametrize("kind", [FileFormat.JPEG, FileFormat.WEBP])
def test_the_best_quality_under_the_limit_is_found(kind: FileFormat):
    limit = len(write(noise_on_canvas(), kind).data) * 0.75
    found = write(noise_on_canvas(), kind, limit)
    better = write(noise_on_canvas(), kind, least_quality=found.quality + 1, most_bytes=limit)
    assert len(found.data) <= limit
    assert LEAST_QUALITY <= found.quality < BEST_QUALITY
    assert better is None


def test_a_quality_below_what_the_marketplace_asks_is_not_tried():
    least = write(noise_on_canvas(), FileFormat.JPEG, least_quality=70)
    limit = len(write(noise_on_canvas(), FileFormat.JPEG).data) * 0.6
    assert least
    assert write(noise_on_canvas(), FileFormat.JPEG, limit) is not None
    assert write(noise_on_canvas(), FileFormat.JPEG, limit, least_quality=94) is None


def with_limit(megabytes: float) -> MarketplaceRules:
    """Amazon's rules with another limit on bytes."""
    rules = RULES["amazon"]
    limited = (
        rule.model_copy(update={"value": megabytes}) if rule.kind is RuleKind.MAX_MB else rule for rule in rules.rules
    )
    return rules.model_copy(update={"rules": tuple(limited)})


GRAIN = np.random.default_rng(3).integers(0, 255, (900, 900, 3), np.uint8)
NOISY = Cutout(raster(np.dstack([GRAIN, np.full((900, 900), 255, np.uint8)])))


def test_a_canvas_that_is_too_heavy_at_any_quality_gets_smaller():
    full, _ = make_export(NOISY, with_limit(10), options(file_format=ExportFormat.PNG))
    small, written = make_export(NOISY, with_limit(1), options(file_format=ExportFormat.PNG))
    assert len(written.data) <= 1e6
    assert max(small.pixels.size) < max(full.pixels.size)


def test_a_size_that_was_asked_for_is_kept_or_refused():
    asked = options(file_format=ExportFormat.PNG, width=900, height=900)
    with pytest.raises(TooHeavy):
        make_export(NOISY, with_limit(1), asked)
    assert make_export(NOISY, with_limit(10), asked)[0].pixels.size == (900, 900)


def test_what_cannot_be_brought_under_the_limit_is_refused_with_the_limit():
    with pytest.raises(TooHeavy) as refused:
        make_export(NOISY, with_limit(0.01), options(file_format=ExportFormat.PNG))
    assert refused.value.facts == {"megabytes": 0.01}


def test_auto_takes_jpeg_where_it_is_taken_and_else_what_is():
    only_png = RULES["amazon"].model_copy(
        update={
            "rules": tuple(
                rule.model_copy(update={"value": ("PNG",)}) if rule.kind is RuleKind.FORMATS else rule
                for rule in RULES["amazon"].rules
            )
        }
    )
    assert format_for(RULES["amazon"], ExportFormat.AUTO) is FileFormat.JPEG
    assert format_for(RULES["ozon"], ExportFormat.AUTO) is FileFormat.JPEG
    assert format_for(only_png, ExportFormat.AUTO) is FileFormat.PNG
    assert format_for(RULES["amazon"], ExportFormat.WEBP) is FileFormat.WEBP


def test_a_picture_that_says_ai_made_it_is_believed():
    term = b"http://cv.iptc.org/newscodes/digitalsourcetype/"
    assert says_generated(b"x" + term + b"trainedAlgorithmicMedia'")
    assert not says_generated(b"x" + term + b"digitalCapture'")
    assert not says_generated(b"trainedAlgorithmicMedia")
    assert digital_source(PACKET) == PARTLY_GENERATED
