"""The marketplaces' rules: refused as a whole when a part is wrong; nothing is claimed without a source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import app
from app import MARKETPLACES, build_core
from domain import CUSTOM, Confidence, Marketplace, Subject
from domain.marketplaces import SUBJECTS
from errors import MarketplacesError, StartError
from registry import load_marketplaces
from tests.conftest import SettingsMaker


def document() -> dict[str, Any]:
    return json.loads(MARKETPLACES.read_text(encoding="utf-8"))


def rules_file(folder: Path, content: Any) -> Path:
    path = folder / "marketplaces.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def changed(folder: Path, **changes: Any) -> Path:
    """The file with fields of the first rule of its second entry, ozon, changed."""
    content = document()
    rules = content["marketplaces"][1]["rules"]
    rules[0] = {"kind": "aspect", "value": "3:4", "confidence": "official", "source": "a", "seen": "2026-11"} | changes
    return rules_file(folder, content)


def test_the_ten_marketplaces_and_the_persons_own_size_are_there():
    assert set(load_marketplaces(MARKETPLACES)) == {*Marketplace, CUSTOM}


def test_every_entry_speaks_of_everything_a_report_must_speak_of():
    for entry in load_marketplaces(MARKETPLACES).values():
        assert {SUBJECTS[rule.kind] for rule in entry.rules} == set(Subject), entry.id


def test_every_rule_has_value_source_date_and_confidence_or_says_unknown():
    for entry in load_marketplaces(MARKETPLACES).values():
        for rule in entry.rules:
            assert rule.seen
            assert (rule.confidence is Confidence.UNKNOWN) == (rule.value is None) == (rule.source is None)


def test_a_size_of_ones_own_has_no_rules():
    assert all(rule.value is None for rule in load_marketplaces(MARKETPLACES)[CUSTOM].rules)


def test_every_note_is_there_in_english_and_russian():
    for entry in load_marketplaces(MARKETPLACES).values():
        for said in filter(None, (entry.remark, *(rule.note for rule in entry.rules))):
            assert any("а" <= letter <= "я" for letter in said.ru.lower()), said
            assert not any("а" <= letter <= "я" for letter in said.en.lower()), said


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "min_colour"}, "rules.0.kind"),
        ({"value": "three to four"}, "rules.0.value"),
        ({"kind": "min_size", "value": [700]}, "rules.0.value.1"),
        ({"kind": "min_size", "value": [0, 900]}, "rules.0.value.0"),
        ({"kind": "min_side", "value": "500"}, "rules.0.value"),
        ({"kind": "min_side", "value": True}, "rules.0.value"),
        ({"kind": "min_fill", "value": 85}, "rules.0.value"),
        ({"kind": "formats", "value": ["JPEG", "HEIC"]}, "rules.0.value.1"),
        ({"kind": "background", "value": "#FEFEFE"}, "rules.0.value"),
        ({"kind": "min_jpeg_quality", "value": 101}, "rules.0.value"),
        ({"confidence": "rumour"}, "rules.0.confidence"),
        ({"confidence": "unknown"}, "rules.0"),
        ({"value": None}, "rules.0"),
        ({"source": None}, "rules.0"),
        ({"seen": "last year"}, "rules.0.seen"),
        ({"url": "javascript:alert(1)"}, "rules.0.url"),
        ({"applies_from": "soon"}, "rules.0.applies_from"),
        ({"note": {"en": "only English"}}, "rules.0.note.ru"),
        ({"colour": "green"}, "rules.0.colour"),
    ],
)
def test_a_wrong_rule_is_refused_with_file_entry_and_field(tmp_path: Path, changes: dict[str, Any], field: str):
    path = changed(tmp_path, **changes)
    with pytest.raises(MarketplacesError) as refused:
        load_marketplaces(path)
    for named in (str(path), "'ozon'", f"'{field}'"):
        assert named in str(refused.value)


def test_an_entry_that_is_silent_about_something_is_refused(tmp_path: Path):
    content = document()
    amazon = content["marketplaces"][0]
    amazon["rules"] = [rule for rule in amazon["rules"] if rule["kind"] != "max_mb"]
    with pytest.raises(MarketplacesError, match=r"'amazon', field 'rules'.*bytes"):
        load_marketplaces(rules_file(tmp_path, content))


def test_a_marketplace_that_is_missing_or_not_one_of_ours_is_named(tmp_path: Path):
    content = document()
    del content["marketplaces"][0]
    with pytest.raises(MarketplacesError, match=r"'amazon'.*missing"):
        load_marketplaces(rules_file(tmp_path, content))
    content["marketplaces"].append(document()["marketplaces"][0] | {"id": "bazaar"})
    with pytest.raises(MarketplacesError, match=r"'amazon'|'bazaar'"):
        load_marketplaces(rules_file(tmp_path, content))


@pytest.mark.parametrize("content", ["", "[]", "{", '{"marketplaces": {}}', "null"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, content: str):
    with pytest.raises(MarketplacesError, match=r"marketplaces\.json"):
        load_marketplaces(rules_file(tmp_path, content))


def test_a_wrong_file_stops_the_start(tmp_path: Path, make_settings: SettingsMaker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(app, "MARKETPLACES", changed(tmp_path, confidence="rumour"))
    with pytest.raises(StartError, match=r"'ozon', field 'rules\.0\.confidence'"):
        build_core(make_settings())
