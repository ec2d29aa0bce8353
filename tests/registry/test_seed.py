"""Seed loading: refused as a whole, merged without undoing anybody's change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app import SEED
from database import Database
from errors import SeedError
from registry import ModelRegistry, apply_seed, load_seed
from registry.tables import ModelRow


def document() -> dict[str, Any]:
    return json.loads(SEED.read_text(encoding="utf-8"))


def seed_file(folder: Path, content: Any) -> Path:
    path = folder / "seed.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def changed(folder: Path, **changes: Any) -> Path:
    """The seed with fields of its third entry, birefnet, changed."""
    content = document()
    content["models"][2] |= changes
    return seed_file(folder, content)


def test_every_seeded_text_is_there_in_english_and_russian():
    for model in load_seed(SEED):
        for said in (model.dataset_notes, *model.pros, *model.cons):
            assert any("а" <= letter <= "я" for letter in said.ru.lower()), said
            assert not any("а" <= letter <= "я" for letter in said.en.lower()), said


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"colour": "green"}, "colour"),
        ({"priority": "high"}, "priority"),
        ({"price_usd": -1}, "price_usd"),
        ({"name": None}, "name"),
        ({"pros": []}, "pros"),
        ({"pros": [{"en": "Only English"}]}, "pros.0.ru"),
        ({"spec": {"kind": "magic", "output": "rgba"}}, "spec.kind"),
        ({"spec": {"kind": "birefnet", "output": "rgba", "steps": 3}}, "spec.steps"),
    ],
)
def test_a_bad_entry_is_refused_with_file_entry_and_field(tmp_path: Path, changes: dict[str, Any], field: str):
    path = changed(tmp_path, **changes)
    with pytest.raises(SeedError) as refused:
        load_seed(path)
    for named in (str(path), "'birefnet'", f"'{field}'"):
        assert named in str(refused.value)


def test_a_duplicate_id_is_refused_by_name(tmp_path: Path):
    with pytest.raises(SeedError, match=r"'embedded'.*'id'.*twice"):
        load_seed(changed(tmp_path, id="embedded"))


@pytest.mark.parametrize("content", ["", "[]", "{", '{"models": {}}', '{"models": [], "more": 1}', "null"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, content: str):
    with pytest.raises(SeedError, match=r"seed\.json"):
        load_seed(seed_file(tmp_path, content))


def test_a_key_that_stands_twice_in_an_object_is_refused(tmp_path: Path):
    with pytest.raises(SeedError, match="'id' stands twice"):
        load_seed(seed_file(tmp_path, '{"models": [{"id": "a", "id": "b"}]}'))


def test_a_missing_file_is_refused_by_its_name(tmp_path: Path):
    with pytest.raises(SeedError, match=r"nowhere\.json"):
        load_seed(tmp_path / "nowhere.json")


def test_seeding_twice_changes_nothing_the_second_time(database: Database):
    assert apply_seed(database, load_seed(SEED)) == 5
    assert apply_seed(database, load_seed(SEED)) == 0


def test_a_field_that_an_administrator_changed_is_never_overwritten(registry: ModelRegistry, database, tmp_path):
    registry.update_model("birefnet", price_usd=0.009)
    apply_seed(database, load_seed(SEED))
    apply_seed(database, load_seed(changed(tmp_path, price_usd=0.004, typical_seconds=3)))
    model = registry.get_model_by_id("birefnet")
    assert (model.price_usd, model.typical_seconds) == (0.009, 3)


def test_a_field_that_nobody_changed_follows_a_new_seed(registry: ModelRegistry, database, tmp_path):
    apply_seed(database, load_seed(changed(tmp_path, price_usd=0.004)))
    assert registry.get_model_by_id("birefnet").price_usd == 0.004


def test_a_model_that_an_administrator_deleted_stays_deleted(registry: ModelRegistry, database, tmp_path):
    with database.write() as session:
        session.delete(session.get_one(ModelRow, "birefnet"))
    apply_seed(database, load_seed(SEED))
    apply_seed(database, load_seed(changed(tmp_path, price_usd=0.004)))
    assert registry.get_model_by_id("birefnet") is None


def test_a_model_that_an_administrator_added_is_left_alone(registry: ModelRegistry, database):
    with database.write() as session:
        own = ModelRow(**registry.get_model_by_id("birefnet").model_copy(update={"id": "mine"}).model_dump(mode="json"))
        session.add(own)
    apply_seed(database, load_seed(SEED))
    assert registry.get_model_by_id("mine").name == "BiRefNet"
