"""The small network of the embedded engine."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from imaging import network
from imaging.network import seen
from tests.photos import array, product_matte, product_photo


def iou(likely: np.ndarray) -> float:
    truth = cv2.resize(array(product_matte()), (192, 192), interpolation=cv2.INTER_AREA) > 127
    return float(((likely > 0.5) & truth).sum() / ((likely > 0.5) | truth).sum())


@pytest.mark.parametrize("background", ["plain", "gradient", "busy"])
def test_it_sees_a_product_it_was_never_shown(background):
    likely = seen(array(product_photo(background=background, seed=5)))
    assert likely.shape == (192, 192)
    assert 0 <= likely.min() < 0.1
    assert 0.9 < likely.max() <= 1
    assert iou(likely) > 0.7


def test_a_mirrored_photo_is_seen_mirrored():
    photo = array(product_photo(background="busy", seed=5))
    assert np.allclose(seen(photo[:, ::-1]), seen(photo)[:, ::-1], atol=0.02)


def test_threads_do_not_get_each_others_answers():
    photos = [array(product_photo(background="busy", seed=seed)) for seed in range(4)]
    alone = [seen(photo) for photo in photos]
    network._TOLD.clear()
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(seen, photos * 4))
    assert all(np.array_equal(one, other) for one, other in zip(alone * 4, together, strict=True))


def test_a_picture_is_asked_about_once_and_of_many_the_last_are_known():
    network._TOLD.clear()
    photos = [array(product_photo(64, 48, background="busy", seed=seed)) for seed in range(network._MOST_TOLD + 1)]
    first, *_ = [seen(photo) for photo in photos]
    assert len(network._TOLD) == network._MOST_TOLD
    assert np.array_equal(seen(photos[0]), first)
    assert seen(photos[0]) is seen(photos[0].copy())
