"""Batches by REST, as a program hands photos in and fetches a ZIP."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api import build_rest
from app import Core
from domain import Background, BackgroundKind, ExportFormat, ExportOptions, Placement
from tests.batches.batching import PHOTO


@pytest.fixture
def rest(local_core: Core) -> Iterator[TestClient]:
    with TestClient(build_rest(local_core.service, batches=local_core.batches)) as client:
        yield client


def zipped(*files: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return made.getvalue()


def test_photos_are_handed_in_estimated_started_and_fetched(rest: TestClient, local_core: Core):
    files = [("photos", ("a.jpg", PHOTO)), ("photos", ("b.zip", zipped(("in/b.jpg", PHOTO), ("c.txt", b"hi"))))]
    handed = rest.post("/batches", files=files, data={"marketplaces": "ozon, amazon", "goal": "fast"})
    assert handed.status_code == 201
    told = handed.json()
    address = f"/batches/{told['batch_id']}"
    assert handed.headers["location"] == address
    assert (told["status"], told["photos"], told["refused"]) == ("prepared", 2, 1)
    assert [(item["file"], item["state"]) for item in told["items"]] == [
        ("a.jpg", "waiting"),
        ("b.jpg", "waiting"),
        ("c.txt", "refused"),
    ]
    assert (told["estimate"]["worst_usd"], told["estimate"]["holds"]) == (0, True)
    assert rest.post(f"{address}/start").json()["status"] == "running"
    asyncio.run(local_core.batches.settle())
    assert rest.get(address).json()["states"] == {"refused": 1, "succeeded": 2}
    assert rest.get(f"{address}/photos/1/thumbnail").headers["content-type"] == "image/webp"
    archive = rest.get(f"{address}/archive")
    assert archive.headers["content-disposition"].startswith("attachment")
    assert "ozon/b.jpg" in zipfile.ZipFile(io.BytesIO(archive.content)).namelist()


def test_a_zip_as_the_body_can_be_started_at_once(rest: TestClient):
    told = rest.post("/batches?start=true&model_id=embedded", content=zipped(("a.jpg", PHOTO))).json()
    assert (told["status"], told["estimate"]["plan"]) == ("running", ["embedded"])
    stopped = rest.post(f"/batches/{told['batch_id']}/stop").json()
    assert (stopped["status"], stopped["states"]) == ("stopped", {"cancelled": 1})
    assert rest.post(f"/batches/{told['batch_id']}/retry").json()["status"] == "running"


def test_how_the_files_look_is_said_as_for_one_photo(rest: TestClient, local_core: Core):
    looks = {"background": "colour", "colour": "#112233", "placement": "bottom", "fill": "0.5", "file_format": "png"}
    told = rest.post("/batches", params={"marketplaces": "ozon", **looks}, content=zipped(("a.jpg", PHOTO))).json()
    terms = local_core.batches._tray.desk.terms(told["batch_id"])
    assert terms
    assert terms[0].export == ExportOptions(
        background=Background(kind=BackgroundKind.COLOUR, colour="#112233"),
        placement=Placement.BOTTOM,
        fill=0.5,
        file_format=ExportFormat.PNG,
    )


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("goal=best", "goal"),
        ("complexity=7", "complexity"),
        ("marketplaces=UPPER CASE", "marketplaces"),
        ("marketplaces=nowhere", "There is no marketplace called “nowhere” here. Known marketplaces: "),
        ("shadow=perhaps", "shadow"),
        ("background=purple", "“background” takes one of these: white, colour, gradient."),
        ("background=picture", "“background” takes one of these: white, colour, gradient."),
        ("background=colour&colour=red", "“colour” takes a colour such as #FFCC00."),
        ("fill=2", "“fill” takes a number that is at most 1."),
        ("file_format=gif", "“file_format” takes one of these: auto, jpeg, png, webp."),
    ],
)
def test_wishes_that_cannot_be_are_named_and_nothing_is_kept(rest: TestClient, local_core: Core, query: str, says: str):
    answer = rest.post(f"/batches?{query}", content=zipped(("a.jpg", PHOTO)))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["detail"]
    folder = local_core.settings.data_dir / "batches"
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/batches/{'0' * 32}", 404),
        ("GET", f"/batches/{'0' * 32}/archive", 404),
        ("GET", f"/batches/{'0' * 32}/photos/1/thumbnail", 404),
        ("POST", f"/batches/{'0' * 32}/start", 404),
        ("GET", "/batches/nothing", 404),
        ("GET", f"/batches/{'0' * 32}/photos/0/thumbnail", 422),
        ("POST", f"/batches/{'0' * 32}/burn", 422),
    ],
)
def test_what_is_not_there_is_a_problem(rest: TestClient, method: str, path: str, status: int):
    answer = rest.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_pages_of_other_sites_and_endless_bodies_are_refused_before_they_are_read(rest: TestClient):
    assert rest.post("/batches", content=b"x", headers={"origin": "https://evil.example"}).status_code == 403
    assert rest.post("/batches", content=iter([b"x"])).status_code == 411
    assert rest.post("/batches", content=b"x", headers={"content-length": "9" * 12}).status_code == 413


def test_a_form_with_too_many_files_is_told_the_limit(rest: TestClient):
    answer = rest.post("/batches", files=[("photos", (f"{number}.jpg", b"x")) for number in range(501)])
    assert answer.status_code == 413
    assert answer.json()["detail"].startswith("A form takes at most 500 files")
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert rest.post("/batches", content=b"--y", headers=broken).status_code == 400


def test_a_batch_of_nothing_cannot_be_started(rest: TestClient):
    told = rest.post("/batches", content=b"no zip").json()
    assert [item["explanation"] for item in told["items"]] == [
        "This file is not a picture, whatever its name says. Please choose a JPEG, PNG, WebP or HEIC photo."
    ]
    answer = rest.post(f"/batches/{told['batch_id']}/start")
    assert (answer.status_code, answer.json()["detail"]) == (409, "There is no photo here to work on.")


def test_files_without_a_photo_are_answered_by_a_line_each_also_when_they_are_to_start_at_once(rest: TestClient):
    answer = rest.post("/batches?start=true", content=zipped(("a.txt", b"no"), ("b.txt", b"no")))
    told = answer.json()
    assert (answer.status_code, told["status"], told["states"]) == (201, "ended", {"refused": 2})
    assert all(item["explanation"] for item in told["items"])


def test_a_batch_is_deleted_once(rest: TestClient):
    address = rest.post("/batches", content=zipped(("a.jpg", PHOTO))).headers["location"]
    assert [rest.delete(address).status_code for _ in range(2)] == [204, 404]
