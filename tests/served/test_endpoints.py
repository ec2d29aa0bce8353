"""What programs see: the Gradio client, raw HTTP and MCP against the whole program."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from tests.serving import Served


def test_the_named_endpoints_are_all_there_is(client: Client) -> None:
    info = client.view_api(return_format="dict", print_info=False)
    assert set(info["named_endpoints"]) == {
        *("/process", "/explain_selection", "/list_models", "/export"),
        *("/batch", "/batch_status"),
    }
    assert not info["unnamed_endpoints"]


def test_process_needs_nothing_but_the_photo(client: Client, photo: str) -> None:
    cutout, run = client.predict(handle_file(photo), api_name="/process")
    assert run["status"] == "succeeded"
    with Image.open(cutout) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGBA", (320, 240))


def test_the_cutout_arrives_byte_for_byte(client: Client, photo: str, local: Served) -> None:
    cutout, run = client.predict(handle_file(photo), api_name="/process")
    made = local.core.store.root / run["run_id"] / "cutout.png"
    assert Path(cutout).read_bytes() == made.read_bytes()


@pytest.mark.parametrize("endpoint", ["/process", "/explain_selection"])
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"model_id": "nope"}, "There is no model called “nope”. Known models: auto, flux"),
        ({"marketplace": "mars"}, "There is no marketplace called “mars” here."),
        ({"goal": "cheap"}, "There is no goal called “cheap”. Known goals: balanced, fast, quality."),
        ({"complexity": 7}, "Complexity is a number from 0 to 1."),
        ({"complexity": "very"}, "Complexity is a number from 0 to 1."),
        ({"model_id": "<b>"}, "There is no model called “&lt;b&gt;”."),
    ],
)
def test_a_wrong_value_is_answered_by_a_sentence(
    client: Client, photo: str, endpoint: str, wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AppError, match="^" + sentence.replace(".", r"\.")):
        client.predict(photo=handle_file(photo), api_name=endpoint, **wrong)


def test_a_file_that_is_no_photo_is_answered_by_a_sentence(client: Client) -> None:
    with pytest.raises(AppError, match="not a picture"):
        client.predict(handle_file(__file__), api_name="/process")


def test_explaining_needs_no_photo_and_says_why(client: Client) -> None:
    told = client.predict(api_name="/explain_selection")
    assert told["model_id"] == "embedded"
    assert told["explanation"]
    assert {candidate["model_id"] for candidate in told["candidates"]} >= {"embedded", "flux-kontext-lora-v2"}


def test_models_are_listed_by_tag_and_marketplace(client: Client) -> None:
    everything = {model["id"] for model in client.predict(api_name="/list_models")}
    light = {model["id"] for model in client.predict(tag="light", api_name="/list_models")}
    assert light < everything
    assert client.predict(active=False, api_name="/list_models") == []
    with pytest.raises(AppError, match="no marketplace"):
        client.predict(marketplace="mars", api_name="/list_models")


def test_an_export_is_a_file_and_what_its_rules_say(client: Client, photo: str) -> None:
    _, run = client.predict(handle_file(photo), api_name="/process")
    file, report = client.predict(run["run_id"], "wildberries", api_name="/export")
    with Image.open(file) as picture:
        assert (picture.format, list(picture.size)) == ("JPEG", [report["file"]["width"], report["file"]["height"]])
    assert Path(file).name == report["file_name"]
    quality = next(check for check in report["checks"] if check["check"] == "min_jpeg_quality")
    assert (quality["verdict"], quality["confidence"], quality["seen"]) == ("pass", "official", "2026-11")
    assert "Wildberries content API" in quality["source"]


def test_an_export_takes_a_picture_for_the_background(client: Client, photo: str) -> None:
    _, run = client.predict(handle_file(photo), api_name="/process")
    given = {"background": "picture", "picture": handle_file(photo), "generated": True, "width": 300, "height": 400}
    file, report = client.predict(run["run_id"], **given, api_name="/export")
    with Image.open(file) as picture:
        assert picture.size == (300, 400)
    assert report["file"]["digital_source"].endswith("compositeWithTrainedAlgorithmicMedia")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"marketplace": "mars"}, "There is no marketplace called “mars” here."),
        ({"background": "plaid"}, "There is no background called “plaid”. Known backgrounds: white, colour"),
        ({"placement": "top"}, "There is no placement called “top”."),
        ({"file_format": "gif"}, "There is no file format called “gif” here. Known formats: auto, jpeg, png, webp."),
        ({"colour": "red", "background": "colour"}, "This is not possible. Width and height are 100 to 5000 pixels"),
        ({"width": 300}, "This is not possible."),
        ({"width": 99, "height": 300}, "This is not possible."),
        ({"width": 9999, "height": 9999}, "This is not possible."),
        ({"fill": 1.5}, "This is not possible."),
        ({"background": "picture"}, "Please choose a picture for the background first."),
        ({}, "The files of this cutout have been deleted."),
        ({"step": -1}, "The files of this cutout have been deleted."),
    ],
)
def test_a_wrong_option_of_an_export_is_answered_by_a_sentence(
    client: Client, wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AppError, match="^" + sentence.replace(".", r"\.")):
        client.predict("0" * 32, api_name="/export", **wrong)


@pytest.mark.parametrize("path", ["/proc/self/environ", __file__])
def test_no_file_of_the_server_becomes_a_background(local: Served, path: str) -> None:
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    told = answer(local.url, "export", {"run_id": "0" * 32, "background": "picture", "picture": file})
    assert "event: error" in told
    assert "PATH=" not in told


@pytest.mark.parametrize("endpoint", ["process", "explain_selection"])
@pytest.mark.parametrize("path", ["/proc/self/environ", "/etc/passwd", __file__, "../../../etc/passwd"])
def test_a_file_of_the_server_is_never_read(local: Served, endpoint: str, path: str) -> None:
    told = answer(local.url, endpoint, {"photo": {"path": path, "meta": {"_type": "gradio.FileData"}}})
    assert "event: error" in told
    assert "root:" not in told
    assert "PATH=" not in told


def test_raw_http_may_leave_everything_out_but_hears_that_a_photo_is_missing(local: Served) -> None:
    assert "Please choose a photo first." in answer(local.url, "process", {"photo": None})


def test_mcp_offers_the_same_functions_with_their_descriptions(local: Served) -> None:
    listed = httpx.post(
        f"{local.url}/gradio_api/mcp/",
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}},
        headers={"accept": "application/json, text/event-stream"},
    ).text
    tools = {tool["name"]: tool for tool in json.loads(listed[listed.index("{") :])["result"]["tools"]}
    assert set(tools) == {"process", "explain_selection", "list_models", "export", "batch", "batch_status"}
    assert "transparent PNG" in tools["process"]["description"]
    assert "balanced" in tools["process"]["inputSchema"]["properties"]["goal"]["description"]


def test_a_program_is_answered_in_the_language_that_it_likes_best(local: Served) -> None:
    told = answer(local.url, "process", {"photo": None}, {"accept-language": "uk, en;q=0.1, ru;q=0.9"})
    assert "Сначала выберите фото." in json.loads(told[told.index("{") :])["error"]


def answer(url: str, endpoint: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> str:
    """The whole event stream of one call by raw HTTP."""
    event = httpx.post(f"{url}/gradio_api/call/v2/{endpoint}", json=body, headers=headers).json()["event_id"]
    return httpx.get(f"{url}/gradio_api/call/{endpoint}/{event}", timeout=30).text


def test_many_photos_are_handed_in_by_a_program_and_fetched_as_a_zip(
    client: Client, photo: str, local: Served, tmp_path: Path
) -> None:
    packed = tmp_path / "more.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(photo, "чашка.jpg")
    photos, looks = [handle_file(photo), handle_file(str(packed))], {"placement": "bottom", "fill": 0.6}
    told = client.predict(photos, marketplaces="ozon", **looks, api_name="/batch")
    assert (told["status"], told["photos"]) == ("running", 2)
    while (told := client.predict(told["batch_id"], api_name="/batch_status"))["status"] == "running":
        pass
    assert told["states"] == {"succeeded": 2}
    fetched = httpx.get(f"{local.url}/batches/{told['batch_id']}/archive", timeout=60)
    names = zipfile.ZipFile(io.BytesIO(fetched.content)).namelist()
    assert {"cutouts/mug.png", "ozon/mug.jpg", "cutouts/чашка.png", "report.csv", "report.json"} <= set(names)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"marketplaces": "mars"}, "There is no marketplace called “mars” here."),
        ({"marketplaces": "<b>"}, "There is no marketplace called “&lt;b&gt;” here."),
        ({"model_id": "nope"}, "There is no model called “nope”."),
        ({"goal": "cheap"}, "There is no goal called “cheap”."),
        ({"background": "picture"}, "There is no background called “picture”. Known backgrounds: white, colour"),
        ({"background": "colour", "colour": "red"}, "This is not possible."),
    ],
)
def test_wrong_wishes_for_many_photos_are_answered_by_a_sentence(
    client: Client, photo: str, wrong: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AppError, match="^" + sentence.replace(".", r"\.")):
        client.predict([handle_file(photo)], api_name="/batch", **wrong)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("0" * 32, "look"), "There is no such batch."),
        (("../x", "start"), "There is no such batch."),
        (("0" * 32, "burn"), "There is no action called “burn”."),
    ],
)
def test_a_batch_that_is_not_there_is_answered_by_a_sentence(
    client: Client, asked: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(AppError, match="^" + sentence.replace(".", r"\.")):
        client.predict(*asked, api_name="/batch_status")
