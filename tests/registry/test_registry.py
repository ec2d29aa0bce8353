"""The registry's queries and its cache."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import event, text
from structlog.testing import capture_logs

from database import Database
from registry import ModelRegistry

ROOT = Path(__file__).parents[2]
SEEDED = ["flux-kontext-lora-v2", "flux-kontext-lora-v1", "birefnet", "birefnet-lite", "embedded"]


def ids(models):
    return [model.id for model in models]


def test_all_models_come_highest_priority_first(registry: ModelRegistry):
    assert ids(registry.get_all_models()) == SEEDED
    assert [model.priority for model in registry.get_all_models()] == [20, 10, 5, 2, 1]


def test_inactive_models_are_left_out_unless_asked_for(registry: ModelRegistry):
    registry.update_model("birefnet", is_active=False)
    assert "birefnet" not in ids(registry.get_all_models(active_only=True))
    assert "birefnet" in ids(registry.get_all_models(active_only=False))
    assert registry.get_models_by_tag("matting") == [registry.get_model_by_id("birefnet-lite")]


def test_models_are_found_by_id_tag_and_marketplace(registry: ModelRegistry):
    assert registry.get_model_by_id("birefnet").name == "BiRefNet"
    assert ids(registry.get_models_by_tag("light")) == ["birefnet", "birefnet-lite", "embedded"]
    registry.update_model("birefnet", supports_marketplaces=["allegro"])
    assert ids(registry.get_models_by_marketplace("allegro")) == ["birefnet"]


@pytest.mark.parametrize("unknown", ["nope", "", "'; DROP TABLE models; --"])
def test_what_is_unknown_is_none_or_an_empty_list(registry: ModelRegistry, unknown: str):
    assert registry.get_model_by_id(unknown) is None
    assert registry.get_models_by_tag(unknown) == []
    assert registry.get_models_by_marketplace(unknown) == []
    assert registry.update_model(unknown, priority=1) is None


def test_a_second_query_reads_no_model_from_the_database(registry: ModelRegistry, database: Database):
    registry.get_all_models()
    statements = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    registry.get_all_models()
    assert not [statement for statement in statements if "FROM models" in statement]


def test_a_write_is_seen_by_the_next_query_of_the_same_and_of_another_registry(
    registry: ModelRegistry, database: Database
):
    other = ModelRegistry(database)
    assert other.get_model_by_id("birefnet").priority == 5
    registry.update_model("birefnet", priority=50)
    assert registry.get_all_models()[0].id == "birefnet"
    assert other.get_all_models()[0].id == "birefnet"


def test_a_write_of_another_process_with_plain_sql_is_seen(registry: ModelRegistry, database: Database):
    assert registry.get_model_by_id("embedded").is_active
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()"
    update = "UPDATE models SET is_active = 0 WHERE id = 'embedded'"
    subprocess.run([sys.executable, "-c", script, str(database.engine.url.database), update], check=True)
    assert not registry.get_model_by_id("embedded").is_active


def test_a_change_that_would_not_be_valid_is_refused_and_nothing_is_written(registry: ModelRegistry):
    with pytest.raises(ValidationError):
        registry.update_model("birefnet", priority=-1)
    with pytest.raises(ValidationError):
        registry.update_model("birefnet", colour="green")
    assert registry.get_model_by_id("birefnet").priority == 5


def test_one_unreadable_row_does_not_take_the_others_with_it(registry: ModelRegistry, database: Database):
    with database.write() as session:
        session.execute(text("UPDATE models SET spec = '{}' WHERE id = 'birefnet'"))
    with capture_logs() as lines:
        assert ids(registry.get_all_models()) == [name for name in SEEDED if name != "birefnet"]
    assert lines[0]["model_id"] == "birefnet"
