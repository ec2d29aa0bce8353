"""What makes a mask look like an object, and how masks outvote each other."""

import cv2
import numpy as np

from imaging.cuts import cut, inset, maybe, oval
from imaging.judge import objectness
from imaging.palette import unlike_frame
from imaging.regions import background_saliency, central
from imaging.softening import softened
from imaging.studio import studio_mask
from imaging.vote import voted
from tests.photos import array, product_matte, product_photo

PICTURE = array(product_photo(256, 192, background="gradient"))
TRUTH = np.where(array(product_matte(256, 192)) > 127, 255, 0).astype(np.uint8)


def iou(one: np.ndarray, other: np.ndarray) -> float:
    a, b = one > 127, other > 127
    return float((a & b).sum() / (a | b).sum())


def shifted(mask: np.ndarray, columns: int) -> np.ndarray:
    return np.roll(mask, columns, axis=1)


def test_the_true_mask_looks_more_like_an_object_than_wrong_ones():
    nothing, everything = np.zeros_like(TRUTH), np.full_like(TRUTH, 255)
    pieces, speck = TRUTH.copy(), np.zeros_like(TRUTH)
    pieces[:, 110:140] = 0
    speck[90:105, 120:135] = 255
    wrong = [nothing, everything, 255 - TRUTH, pieces, shifted(TRUTH, 90), speck]
    scores = objectness([TRUTH, *wrong])
    assert scores[0] == 0
    assert max(scores[1:]) < 0


def test_a_cut_finds_the_contour_from_a_rough_guess():
    rough = cv2.dilate(TRUTH, np.ones((9, 9), np.uint8))
    assert iou(cut(PICTURE, maybe(rough)), TRUTH) > iou(rough, TRUTH) + 0.1


def test_a_cut_keeps_a_guess_that_has_only_one_side():
    assert cut(PICTURE, maybe(np.zeros_like(TRUTH))).max() == 0
    assert cut(PICTURE, maybe(np.full_like(TRUTH, 255))).min() == 255


def test_shapes_leave_the_frame_outside():
    for shape in (inset(192, 256, 0.12), oval(192, 256)):
        assert shape.shape == (192, 256)
        assert (shape[0] == cv2.GC_BGD).all()
        assert shape[96, 128] == cv2.GC_PR_FGD


def test_what_stands_out_from_the_frame_is_salient():
    saliency = background_saliency(PICTURE)
    for one in (saliency.whole, saliency.standing, saliency.mean, central(saliency.mean), unlike_frame(PICTURE)):
        assert one.min() >= 0
        assert one.max() <= 1
        assert one[TRUTH > 0].mean() > one[TRUTH == 0].mean() + 0.4


def test_a_product_cut_by_the_lower_edge_is_still_salient():
    picture, truth = PICTURE[:130], TRUTH[:130]
    saliency = background_saliency(picture)
    assert saliency.standing[truth > 0].mean() > saliency.standing[truth == 0].mean() + 0.4


def test_what_is_cut_by_the_lower_edge_is_unlike_the_frame():
    unlike, truth = unlike_frame(PICTURE[:130]), TRUTH[:130]
    assert unlike[truth > 0].mean() > unlike[truth == 0].mean() + 0.4


def test_a_studio_backdrop_is_recognised():
    studio = studio_mask(PICTURE)
    busy = studio_mask(array(product_photo(256, 192, background="busy", seed=1)))
    assert studio.backdrop > 0.95 > busy.backdrop
    assert iou(studio.mask, TRUTH) > 0.9


def white_vessel(opening: int, inside: int = 222) -> tuple[np.ndarray, np.ndarray]:
    """A box shaded from white to pale, with a grey outline that has a gap on top, before white; and its mask."""
    picture, box = np.full((300, 300), 246, np.uint8), np.zeros((300, 300), np.uint8)
    box[70:230, 100:200] = 255
    picture[70:230, 100:200] = np.linspace(246, inside, 160)[:, None]
    cv2.rectangle(picture, (100, 70), (199, 229), 170, 3)
    picture[66:75, 150 - opening // 2 : 150 + opening // 2] = 246
    return cv2.GaussianBlur(picture, (3, 3), 0)[..., None].repeat(3, axis=2), box


def test_an_outline_with_a_gap_still_holds_a_pale_inside():
    picture, box = white_vessel(opening=8)
    assert iou(studio_mask(picture).mask, box) > 0.9


def test_what_looks_exactly_like_the_backdrop_within_an_outline_is_a_hole():
    picture, _ = white_vessel(opening=0, inside=246)
    mask = studio_mask(picture).mask
    assert mask[150, 150] == 0
    assert mask[150, 100] == 255


def test_a_wide_mouth_is_no_gap():
    picture, _ = white_vessel(opening=70)
    assert studio_mask(picture).mask[150, 150] == 0


def test_the_vote_is_sure_inside_and_outside():
    likely = cv2.resize(voted(PICTURE), (256, 192))
    inner, outer = cv2.erode(TRUTH, np.ones((7, 7))) > 0, cv2.dilate(TRUTH, np.ones((7, 7))) == 0
    assert likely.min() >= 0
    assert likely.max() <= 1 + 1e-6
    assert likely[inner].mean() > 0.9
    assert likely[outer].mean() < 0.1


def test_softening_moves_a_mask_that_is_slightly_off_onto_the_contour():
    picture, truth = array(product_photo(640, 480)), array(product_matte(640, 480))
    hard = np.where(truth > 127, 255, 0).astype(np.uint8)
    for off in (cv2.dilate(hard, np.ones((5, 5), np.uint8)), cv2.erode(hard, np.ones((5, 5), np.uint8))):
        soft = softened(picture, off)
        before, after = (np.abs(one.astype(int) - truth).mean() for one in (off, soft))
        assert after < 0.5 * before
