from __future__ import annotations

import asyncio
from pathlib import Path

import gradio as gr
import pytest
from gradio.data_classes import ImageData
from gradio.utils import get_upload_folder

from app import Core
from domain import Goal, Language, SelectionRequest
from errors import InvalidPhoto, PhotoFault
from tests.ui.values import state
from ui.choices import AUTO, COMPLEXITIES, marketplace_choices, model_choices
from ui.form import photo_bytes, wishes
from ui.photo import photo_input


def test_the_models_start_with_auto_and_say_their_state() -> None:
    choices = model_choices([state(), state(id="b", name="B", available=False, code="state.not_ready")], Language.EN)
    assert [value for _, value in choices] == [AUTO, "kontext", "b"]
    assert [said for said, _ in choices[1:]] == ["Kontext — ready", "B — needs a Replicate token"]


def test_every_marketplace_has_a_name_of_its_own(local_core: Core) -> None:
    for language in Language:
        names = [name for name, _ in marketplace_choices(local_core.service.marketplaces(), language)]
        assert len(set(names)) == len(names) == 11


def test_an_untouched_form_asks_for_nothing_in_particular() -> None:
    assert wishes(AUTO, "any", "balanced", "unknown", False, False) == SelectionRequest()


def test_every_field_of_the_form_reaches_the_request() -> None:
    asked = wishes("birefnet", "ozon", "fast", "tricky", True, True)
    assert asked == SelectionRequest(
        model_id="birefnet",
        marketplace="ozon",
        goal=Goal.FAST,
        complexity=0.9,
        local_only=True,
        commercial_only=True,
    )


def test_simple_and_tricky_lie_beyond_the_policys_thresholds() -> None:
    simple, tricky = COMPLEXITIES["simple"], COMPLEXITIES["tricky"]
    assert simple is not None
    assert tricky is not None
    assert simple < 0.3
    assert tricky > 0.7


def test_no_photo_is_a_fault_with_a_sentence() -> None:
    with pytest.raises(InvalidPhoto) as caught:
        asyncio.run(photo_bytes(None))
    assert caught.value.code == PhotoFault.MISSING


def test_the_photo_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "photo"
    file.write_bytes(b"\x00\x01")
    assert asyncio.run(photo_bytes(str(file))) == b"\x00\x01"


@pytest.mark.parametrize("path", ["/proc/self/environ", "/etc/passwd", __file__, "../../etc/passwd", "/nowhere"])
def test_only_a_file_in_the_upload_folder_is_taken(path: str) -> None:
    with pytest.raises(gr.Error):
        photo_input().preprocess(ImageData(path=path))


def test_a_link_out_of_the_upload_folder_is_refused() -> None:
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "link-out.jpg"
    link.unlink(missing_ok=True)
    link.symlink_to("/etc/passwd")
    with pytest.raises(gr.Error):
        photo_input().preprocess(ImageData(path=str(link)))


def test_importing_the_component_leaves_no_stub_beside_its_source() -> None:
    assert not (Path(__file__).parents[2] / "ui" / "photo.pyi").exists()
