"""Log lines as a machine reads them."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from observability import GuardedStream
from settings import Settings

ROOT = Path(__file__).parents[1]
SCRIPT = """
from domain import EventKind, JournalEntry
from errors import EngineFault
from observability import configure_logging, log, log_entry
configure_logging()
log_entry(JournalEntry(run_id="r1", event=EventKind.OUTCOME, model_id="birefnet", code="succeeded", sentence="Готово."))
log.warning("fault", exc_info=EngineFault("it broke"))
"""


def test_a_line_is_one_json_object_with_the_run_id_and_a_fault_has_its_trace():
    ended = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    entry, fault = (json.loads(line) for line in ended.stderr.splitlines())
    assert (entry["event"], entry["run_id"], entry["sentence"]) == ("run.outcome", "r1", "Готово.")
    assert "it broke" in fault["exception"]
    assert ended.stdout == ""


def written(*lines: str, secrets: tuple[str, ...] = ("my-very-own-token",)) -> str:
    behind = io.StringIO()
    stream = GuardedStream(behind, secrets)
    for line in lines:
        stream.write(line)
    return behind.getvalue()


def test_a_known_secret_does_not_get_past_the_second_wall():
    assert written("before my-very-own-token after") == "before [...] after"


@pytest.mark.parametrize(
    "secret", ["r8_abcdefgh12345", "hf_AbCdEfGhIj", "Bearer abc.def-ghi", "Authorization: Token abcdef"]
)
def test_what_looks_like_a_secret_does_not_either(secret: str):
    assert secret.split()[-1] not in written(f"asked with {secret} again")


def test_ordinary_words_pass_unchanged():
    said = "The bearer of this token wrote r8_ and hf_ and a basic token.\n"
    assert written(said) == said


def test_an_empty_secret_hides_nothing():
    assert written("all is well", secrets=("", "x")) == "all is well"


def test_logging_and_tracebacks_through_the_wall_are_clean():
    behind = io.StringIO()
    stream = GuardedStream(behind, ("my-very-own-token",))
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("a library")
    logger.addHandler(handler)
    try:
        int("my-very-own-token")
    except ValueError:
        logger.exception("it broke with %s", "my-very-own-token")
        traceback.print_exc(file=stream)
    logger.removeHandler(handler)
    assert "my-very-own-token" not in behind.getvalue()
    assert "invalid literal" in behind.getvalue()


def test_the_settings_know_their_secrets():
    given = Settings(replicate_api_token=SecretStr(" token\n"), database_url="postgresql+psycopg://me:word@host/name")
    assert set(given.secrets) == {" token\n", "token", "word"}
    assert "token" not in repr(given).replace("_token", "")
