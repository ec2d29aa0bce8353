from __future__ import annotations

import re

import pytest

from domain import Language
from providers import Come
from tests.ui.values import HOSTILE
from ui import status
from ui.status import Mood


@pytest.mark.parametrize("typical", [0.6, 25, 240])
def test_the_bar_only_grows_and_is_never_full(typical: float) -> None:
    shares = [status.share(second / 4, typical) for second in range(4000)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert max(shares) < 1


def test_the_usual_time_is_said_and_a_late_model_is_called_late() -> None:
    assert "12 s of about 25 s" in status.clock(12, 25, Language.EN)
    assert "40 s, longer than the usual 25 s" in status.clock(40, 25, Language.EN)


def test_a_download_shows_how_much_is_there() -> None:
    come = Come(76_856_806, 180_839_545)
    clock = status.fetched(come, Language.EN)
    assert "77 of 181 MB" in clock
    assert "width:42.5%" in clock
    assert "77 из 181 МБ" in status.fetched(come, Language.RU)


def test_a_download_that_gave_more_than_was_promised_is_full_and_no_more() -> None:
    clock = status.fetched(Come(2_600_000, 2_500_000), Language.RU)
    assert "2,5 из 2,5 МБ" in clock
    assert "width:100.0%" in clock


def test_the_sentence_is_announced_and_the_clock_is_not() -> None:
    line = status.line("Working", Mood.BUSY, status.clock(1, 2, Language.EN))
    assert '<p role="status" aria-live="polite">Working</p>' in line
    assert re.search(r'class="clock" aria-hidden="true"', line)


def test_hostile_text_is_shown_as_text() -> None:
    assert "<img" not in status.line(HOSTILE, Mood.BAD)


@pytest.mark.parametrize("language", list(Language))
def test_a_run_handed_over_leaves_the_address_of_its_cutout(language: Language) -> None:
    said = status.handed_over("0a" * 16, language)
    assert f'href="/runs/{"0a" * 16}/cutout"' in said
    assert 'class="status warn"' in said
