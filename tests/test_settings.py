"""The environment: read once, wrong values refused by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from errors import SettingError
from settings import Settings, read_settings

ROOT = Path(__file__).parents[1]


def test_every_setting_stands_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert f"`{name.upper()}`" in readme, name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOCAL_ENGINE", "sometimes"),
        ("RUN_DEADLINE_S", "soon"),
        ("RUN_DEADLINE_S", "-1"),
        ("SPEND_CAP_DAY_USD", "-0.5"),
        ("SPEND_CAP_RUN_USD", "-1"),
        ("SPEND_CAP_VISITOR_USD", "much"),
        ("SPEND_CAP_MONTH_USD", "-1"),
        ("KEEP_HOURS", "0"),
        ("REPLICATE_BASE_URL", "ftp://example.org"),
        ("BIREFNET_DOWNLOAD", "maybe"),
        ("BIREFNET_WEIGHTS", "/nowhere/model.onnx"),
        ("BIREFNET_THREADS", "0"),
        ("BIREFNET_THREADS", "many"),
        ("PUBLIC_HOSTS", "https://cutouts.example"),
        ("PUBLIC_HOSTS", "cutouts.example:443, b.example"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=name):
        read_settings()


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOCAL_ENGINE", "")
    monkeypatch.setenv("SPEND_CAP_DAY_USD", "")
    assert read_settings().spend_cap_day_usd is None


def test_the_token_shows_in_no_representation(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_secret")
    settings = read_settings()
    assert settings.replicate_api_token.get_secret_value() == "r8_secret"
    assert "r8_secret" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("variables", "said"),
    [({"LOCAL_ENGINE": "sometimes"}, "LOCAL_ENGINE"), ({"DATABASE_URL": "nonsense"}, "DATABASE_URL")],
)
def test_the_program_does_not_start_with_a_wrong_setting_and_says_which_without_a_trace(tmp_path, variables, said):
    environment = {**os.environ, "DATA_DIR": str(tmp_path), **variables}
    ended = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_public_names_are_listed_with_commas():
    assert Settings(public_hosts=" Cutouts.example,b.example, ").names == {"cutouts.example", "b.example"}
