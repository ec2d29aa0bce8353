"""Visitor B and the pictures of visitor A: ten thousand guesses, and none of them right."""

from __future__ import annotations

import asyncio
import base64
import itertools
import random
import re
import string
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio.processing_utils import hash_file
from gradio.utils import get_upload_folder
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
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


@pytest.fixture
def new_photo(tmp_path: Path) -> Callable[[str], Path]:
    """Photos that nobody else has."""

    def made(name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(jpeg(product_photo(320, 240, seed=next(SEEDS))))
        return path

    return made


def kept(photo: Path) -> list[Path]:
    """Where a file with the same bytes lies among the uploads."""
    found, data = Path(get_upload_folder()).rglob("*"), photo.read_bytes()
    return [path for path in found if path.is_file() and path.read_bytes() == data]


def called(outside: Served, name: str, data: list[Any], **given: Any) -> str:
    """The stream of a call by raw HTTP, which names no session unless it is given."""
    url = f"{outside.url}/gradio_api/call/{name}"
    event = httpx.post(url, json={"data": data, **given}).json()["event_id"]
    return httpx.get(f"{url}/{event}", timeout=30).text


def data_uri(photo: Path) -> dict[str, Any]:
    coded = base64.b64encode(photo.read_bytes()).decode()
    return {"path": None, "url": f"data:image/jpeg;base64,{coded}", "meta": {"_type": "gradio.FileData"}}


NO_WISHES = ["auto", "", "balanced", None, True, False]


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


def test_a_background_goes_with_the_owners_other_pictures(
    outside: Served, anna: tuple[Client, str, list[Path]], new_photo: Callable[[str], Path]
):
    client, run_id, _ = anna
    background = new_photo("beach.jpg")
    size = {"width": 300, "height": 300}
    client.predict(run_id, background="picture", picture=handle_file(background), **size, api_name="/export")
    assert kept(background)
    client.predict(api_name="/delete_pictures")
    assert not kept(background)


def test_photos_that_no_run_was_made_from_go_as_well(
    outside: Served, anna: tuple[Client, str, list[Path]], new_photo: Callable[[str], Path]
):
    """Refused ones, one with wishes that cannot be, and one that was only asked about."""
    client, _, _ = anna
    refused, wished, asked = (new_photo(name) for name in ("refused.jpg", "wished.jpg", "asked.jpg"))
    refused.write_bytes(refused.read_bytes()[:900])
    for photo, wishes in ((refused, {}), (wished, {"model_id": "nope"})):
        with pytest.raises(AppError):
            client.predict(handle_file(photo), **wishes, api_name="/process")
    client.predict(handle_file(asked), api_name="/explain_selection")
    assert all(map(kept, (refused, wished, asked)))
    client.predict(api_name="/delete_pictures")
    assert not any(map(kept, (refused, wished, asked)))


def test_a_photo_given_within_the_call_is_not_kept_once_it_is_read(outside: Served, new_photo: Callable[[str], Path]):
    photo = new_photo("asked.jpg")
    assert "event: complete" in called(outside, "explain_selection", [data_uri(photo), *NO_WISHES])
    assert not kept(photo)


def test_a_run_of_a_call_that_names_no_session_is_deleted_by_its_id(outside: Served, new_photo: Callable[[str], Path]):
    told = called(outside, "process", [data_uri(new_photo("raw.jpg")), *NO_WISHES, ""])
    run_id = re.findall(r'"run_id": "([0-9a-f]{32})"', told)[-1]
    assert httpx.delete(f"{outside.url}/runs/{run_id}").status_code == 204
    assert httpx.get(f"{outside.url}/runs/{run_id}/cutout").status_code == 404


def test_a_run_of_a_session_is_not_deleted_by_its_id_whatever_its_key_looks_like(
    outside: Served, new_photo: Callable[[str], Path]
):
    session = {"session_hash": uuid.uuid4().hex}
    told = called(outside, "process", [data_uri(new_photo("own.jpg")), *NO_WISHES, ""], **session)
    run_id = re.findall(r'"run_id": "([0-9a-f]{32})"', told)[-1]
    assert httpx.delete(f"{outside.url}/runs/{run_id}").status_code == 404
    assert '{"deleted": 1}' in called(outside, "delete_pictures", [], **session)


def test_a_run_of_a_tool_is_deleted_by_its_id(outside: Served, new_photo: Callable[[str], Path]):
    photo = new_photo("tool.jpg")
    asked = {"photo": data_uri(photo)["url"], "local_only": True}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "process", "arguments": asked}}
    accepted = {"accept": "application/json, text/event-stream"}
    told = httpx.post(f"{outside.url}/gradio_api/mcp/", json=call, headers=accepted, timeout=30).text
    (run_id, *_) = re.findall(r"run_id\W+([0-9a-f]{32})", told)
    assert httpx.delete(f"{outside.url}/runs/{run_id}").status_code == 204
    assert httpx.get(f"{outside.url}/runs/{run_id}/cutout").status_code == 404
    assert not kept(photo)
