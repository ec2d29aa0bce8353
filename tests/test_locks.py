"""What is locked is what is asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PIN = re.compile(
    r"^([a-z0-9._-]+)==([^\s;]+)(?:\s*;[^\\]*)?\s*\\\n((?:\s+--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def asked(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pins(name: str) -> dict[str, str]:
    return {found[0].replace("_", "-"): found[1] for found in PIN.findall((ROOT / name).read_text())}


@pytest.mark.parametrize("kind", ["requirements", "requirements-dev"])
def test_every_package_that_is_asked_for_is_locked_at_a_version_that_fits(kind: str):
    locked = pins(f"{kind}.lock")
    for wanted in asked(f"{kind}.txt"):
        assert wanted.specifier.contains(locked[wanted.name.replace("_", "-")]), wanted


@pytest.mark.parametrize("kind", ["requirements", "requirements-dev"])
def test_every_locked_package_has_a_hash_and_comes_from_the_public_index(kind: str):
    text = (ROOT / f"{kind}.lock").read_text()
    assert len(pins(f"{kind}.lock")) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE))
    assert "file:" not in text


def test_tests_run_with_the_packages_of_the_program():
    program, tests = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: tests[name] for name in program} == program
