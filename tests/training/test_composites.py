"""The composites a network is trained with: cheap parts that need no torch."""

import numpy as np
import pytest

from training.backgrounds import SHARES, Ground
from training.canvas import SIDE
from training.composites import composite
from training.library import Asset, Library, held, read, shelved, written
from training.objects import KINDS


def blob(shade: int) -> np.ndarray:
    """A disc, BGRA."""
    down, across = np.mgrid[-1:1:90j, -1:1:80j]
    return np.dstack([np.full((90, 80, 3), shade), (np.hypot(down, across) < 0.9) * 255]).astype(np.uint8)


def assets() -> list[Asset]:
    rng = np.random.default_rng(1)
    noise = [rng.integers(0, 256, (300, 400, 3), np.uint8) for _ in range(2)]
    objects = [Asset(kind, f"{kind}{number}", blob(40 * number)) for kind in KINDS for number in range(5)]
    return [*objects, *(Asset(kind, kind, noise[0]) for kind in ("photo", "texture"))]


@pytest.fixture(scope="module")
def library() -> Library:
    found = assets()
    return Library(
        {kind: [[asset.picture] for asset in found if asset.kind == kind] for kind in KINDS},
        [asset.picture for asset in found if asset.kind == "photo"],
        [asset.picture for asset in found if asset.kind == "texture"],
    )


def test_a_seed_always_makes_the_same_composite_and_another_seed_another(library: Library) -> None:
    first, again, other = (composite(library, seed) for seed in (7, 7, 8))
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_every_composite_is_a_photo_with_a_matte_of_its_size(library: Library) -> None:
    covered = []
    for seed in range(25):
        photo, matte = composite(library, seed)
        assert (photo.shape, matte.shape) == ((SIDE, SIDE, 3), (SIDE, SIDE))
        assert photo.dtype == np.uint8
        assert 0 <= matte.min() <= matte.max() <= 1
        covered.append((matte > 0.3).mean())
    assert min(covered) > 0
    assert 0.1 < np.mean(covered) < 0.6


def test_a_thing_is_either_trained_with_or_held_out_with_all_its_views() -> None:
    things = [Asset("stamp", str(number), blob(number)) for number in range(200) for _view in range(2)]
    trained, kept = shelved(things).objects["stamp"], shelved(things, held_out=True).objects["stamp"]
    assert {len(views) for views in [*trained, *kept]} == {2}
    assert len(trained) + len(kept) == 200
    assert 2 <= len(kept) == len({asset.key for asset in things if held(asset)}) <= 30


def test_assets_come_back_as_they_were_written(tmp_path) -> None:
    written(assets(), tmp_path / "assets.pkl")
    back = read(tmp_path / "assets.pkl")
    assert [(asset.kind, asset.key) for asset in back] == [(asset.kind, asset.key) for asset in assets()]
    assert all(np.array_equal(one.picture, two.picture) for one, two in zip(back, assets(), strict=True))


def test_every_ground_has_a_share_and_the_shares_are_all_there_is() -> None:
    assert set(SHARES) == set(Ground)
    assert sum(SHARES.values()) == pytest.approx(1)
    assert sum(KINDS.values()) == pytest.approx(1)
