"""Visitor B and the pictures of visitor A: ten thousand guesses, and none of them right."""

from __future__ import annotations

import asyncio
import itertools
import random
import string
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio.processing_utils import hash_file
from gradio.utils import get_upload_folder
from gradio_client import Client, handle_file
from starlette.datastructures import Headers

from outside.doors import is_open
from outside.request import Asked
from tests.photos import jpeg, product_photo
from tests.serving import Served
from ui.visitor import owner_of

GUESSES = 10_000
SEEDS = itertools.count(100)


@pytest.fixture
def anna(outside: Served, tmp_path: Path) -> Iterator[tuple[Client, str, list[Path]]]:
    """A visitor with a cutout of a photo that nobody else has: her client, her run's id, and where her files lie."""
    photo = tmp_path / "mug.jpg"
    photo.write_bytes(jpeg(product_photo(320, 240, seed=next(SEEDS))))
    client = outside.client()
    _, told = client.predict(handle_file(photo), local_only=True, api_name="/process")
    folder = outside.core.store.root / told["run_id"]
    yield client, told["run_id"], list(folder.glob("*"))
    client.close()


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # guesses that are the same every time


def mutated(word: str, dice: random.Random) -> str:
    """Like it, and another: what somebody who knows the shape would try."""
    letters = list(word)
    for at in dice.sample(range(len(letters)), k=dice.randint(1, 6)):
        letters[at] = dice.choice(string.hexdigits.lower())
    return "".join(letters)


def guesses(run_id: str, dice: random.Random) -> Iterator[str]:
    for number in range(GUESSES // 3):
        guessed = dice.choice((mutated(run_id, dice), f"{dice.getrandbits(128):032x}", str(number)))
        if guessed != run_id:
            yield guessed


def test_no_guessed_id_leads_to_pictures(outside: Served, anna: tuple[Client, str, list[Path]]):
    _, run_id, files = anna
    store = outside.core.store
    for guess in guesses(run_id, chance(1)):
        path = f"/gradio_api/file={store.root.absolute()}/{guess}/cutout.png"
        assert not is_open(Asked("GET", path, Headers(), "203.0.113.9"), [store.root])
    assert is_open(Asked("GET", f"/gradio_api/file={files[0].absolute()}", Headers(), "203.0.113.9"), [store.root])


def test_no_guessed_id_is_a_run_to_rest(outside: Served, anna: tuple[Client, str, list[Path]]):
    """Nothing is told, given or deleted; and what a session owns, its id alone does not delete."""
    _, run_id, files = anna
    service = outside.core.service

    async def found(guess: str) -> object:
        return await service.result(guess) or await service.privacy.delete_run(guess)

    async def all_found() -> list[object]:
        return [await found(guess) for guess in guesses(run_id, chance(5))]

    assert not any(asyncio.run(all_found()))
    assert httpx.delete(f"{outside.url}/runs/{run_id}").status_code == 404
    assert all(file.exists() for file in files)
    assert httpx.get(f"{outside.url}/runs/{run_id}/cutout").status_code == 200


def test_no_guessed_key_owns_anything(outside: Served, anna: tuple[Client, str, list[Path]]):
    client, _, files = anna
    owners, dice = outside.core.service.privacy._owners, chance(2)

    class Request:
        session_hash = ""

    for _ in range(GUESSES // 3):
        Request.session_hash = dice.choice(
            (str(uuid.UUID(int=dice.getrandbits(128))), mutated(client.session_hash, dice))
        )
        if Request.session_hash != client.session_hash:
            assert owners.of(owner_of(Request)) == ()
    assert all(file.exists() for file in files)


def test_over_the_wire_a_guess_is_a_404_like_any_other(outside: Served, anna: tuple[Client, str, list[Path]]):
    _, run_id, files = anna
    root, uploads = outside.core.store.root.absolute(), get_upload_folder()
    paths = [
        f"/runs/{mutated(run_id, chance(3))}",
        f"/runs/{mutated(run_id, chance(3))}/cutout",
        f"/gradio_api/file={root}/{mutated(run_id, chance(4))}/cutout.png",
        f"/gradio_api/file={root}/{run_id}",
        f"/gradio_api/file={root}/",
        f"/gradio_api/file={uploads}",
        f"/gradio_api/file={uploads}/{'0' * 64}/mug.jpg",
    ]
    with httpx.Client(base_url=outside.url) as boris:
        assert {boris.get(path).status_code for path in paths} == {404}
        stream = boris.get("/gradio_api/queue/data", params={"session_hash": str(uuid.uuid4())}).text
    assert "session_not_found" in stream
    assert files[0].name not in stream


def test_another_client_deletes_nothing_and_the_owner_deletes_everything(
    outside: Served, anna: tuple[Client, str, list[Path]]
):
    client, run_id, files = anna
    boris = outside.client()
    assert boris.predict(api_name="/delete_pictures") == {"deleted": 0}
    boris.close()
    assert all(file.exists() for file in files)
    (owned,) = outside.core.service.privacy._owners.of(owner_of(client))  # type: ignore[arg-type]  # it has the key
    copy = Path(get_upload_folder()) / hash_file(outside.core.store.files(run_id, 0).cutout) / "cutout.png"
    assert copy.exists()
    assert Path(owned.upload).exists()
    assert client.predict(api_name="/delete_pictures") == {"deleted": 1}
    assert not any(file.exists() for file in files)
    assert not copy.exists()
    assert not Path(owned.upload).exists()
    assert httpx.get(f"{outside.url}/gradio_api/file={files[0].absolute()}").status_code == 404
