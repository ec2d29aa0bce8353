"""Every rule of every marketplace, judged on files that lie on it and beside it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from PIL import Image

from app import MARKETPLACES
from domain import (
    Composition,
    Confidence,
    FileFacts,
    Level,
    MarketplaceRules,
    OwnCheck,
    Passing,
    Rule,
    RuleKind,
)
from domain.marketplaces import SUBJECTS, VALUES
from imaging import assess, examine
from imaging.compliance import FOUND, JUDGES, OWN, percent
from registry import load_marketplaces
from tests.imaging.listing_fixtures import FIXTURES, canvas, cases, file_of
from tests.photos import raster

RULES = load_marketplaces(MARKETPLACES)
TODAY = date(2026, 11, 25)
EVERY_RULE = [(entry.id, number) for entry in RULES.values() for number in range(len(entry.rules))]


def kind_of(marketplace: str, number: int) -> RuleKind:
    return RULES[marketplace].rules[number].kind


OF_MEGAPIXELS = [one for one in EVERY_RULE if kind_of(*one) is RuleKind.MAX_MEGAPIXELS]
OF_FILES = [one for one in EVERY_RULE if one not in OF_MEGAPIXELS]


def verdict(facts: FileFacts, rules: MarketplaceRules, number: int) -> Passing:
    return assess(facts, rules, TODAY).findings[number].verdict


def lone(**given: object) -> MarketplaceRules:
    """An entry with one rule that is looked at, past the check that an entry speaks of everything."""
    rule = Rule(confidence=Confidence.OFFICIAL, source="a test", seen="2026-11", **given)
    return MarketplaceRules.model_construct(id="custom", remark=None, rules=(rule,))


@pytest.mark.parametrize(("marketplace", "number"), OF_FILES)
def test_a_file_on_the_rule_passes_and_one_beside_it_does_not(marketplace: str, number: int):
    rules = RULES[marketplace]
    listed = list(cases(rules.rules[number]))
    assert listed
    for case in listed:
        found = verdict(examine(case.data, case.composition), rules, number)
        assert found is case.expected, f"{rules.rules[number]}: {case.told}"


@pytest.mark.parametrize(("marketplace", "number"), OF_MEGAPIXELS)
def test_a_megapixel_is_a_million_pixels_to_the_last_one(marketplace: str, number: int):
    rules = RULES[marketplace]
    facts = examine(file_of(canvas(320, 240)))
    rows = int(rules.rules[number].value * 1e6) // 1000
    for height, expected in ((rows, Passing.PASS), (rows + 1, Passing.FAIL)):
        assert verdict(facts.model_copy(update={"width": 1000, "height": height}), rules, number) is expected


def test_the_tables_know_every_kind_of_rule():
    for table in (SUBJECTS, VALUES, JUDGES, FOUND, FIXTURES):
        assert set(table) == set(RuleKind)
    assert set(OWN) == set(OwnCheck)


def test_margins_are_judged_when_a_rule_about_them_is_known():
    rules = lone(kind=RuleKind.MIN_MARGIN, value=0.05)
    for case in cases(rules.rules[0]):
        assert verdict(examine(case.data), rules, 0) is case.expected, case.told


def test_the_frame_must_be_white_even_where_the_product_comes_near_to_it():
    number = next(n for n, rule in enumerate(RULES["amazon"].rules) if rule.kind is RuleKind.BACKGROUND)
    facts = examine(file_of(canvas(320, 240)))
    almost = facts.model_copy(update={"frame_white": 0.9999, "background_white": 1.0})
    assert verdict(facts, RULES["amazon"], number) is Passing.PASS
    assert verdict(almost, RULES["amazon"], number) is Passing.FAIL


def test_a_rule_that_is_not_in_force_yet_is_a_recommendation_until_that_day():
    rules = lone(kind=RuleKind.MIN_SIDE, value=500, applies_from=date(2027, 1, 31))
    facts = examine(file_of(canvas(300, 300)))
    before, after = (assess(facts, rules, date(2027, 1, day)) for day in (30, 31))
    assert (before.findings[0].level, before.accepted) == (Level.RECOMMENDED, True)
    assert (after.findings[0].level, after.accepted) == (Level.REQUIRED, False)


def test_every_finding_carries_its_rules_source_date_and_confidence():
    facts = examine(file_of(canvas(320, 240)))
    for rules in RULES.values():
        for rule, finding in zip(rules.rules, assess(facts, rules, TODAY).findings, strict=False):
            told = (finding.source, finding.seen, finding.dated, finding.confidence, finding.wanted)
            assert told == (rule.source, rule.seen, rule.dated, rule.confidence, rule.value)


def test_what_differs_from_an_even_background_is_the_product():
    facts = examine(file_of(canvas(400, 300, (200, 60))))
    assert (facts.fill, facts.margins) == (0.5, (100, 120, 100, 120))
    assert (facts.frame_white, facts.background_white) == (1, 1)


def test_on_an_uneven_background_only_its_matte_tells_where_the_product_is():
    busy = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    assert examine(file_of(busy)).fill is None
    matte = np.zeros((300, 400), np.uint8)
    matte[100:220, 50:350] = 255
    facts = examine(file_of(busy), Composition(raster(busy), raster(matte), 1))
    assert facts.margins == (50, 100, 50, 80)


def test_a_shadow_is_no_product_but_part_of_the_background():
    picture = canvas(400, 300, (200, 100))
    picture[205:215, 120:280] = 180
    matte = np.where(picture.max(axis=2) == 40, 255, 0).astype(np.uint8)
    facts = examine(file_of(picture), Composition(raster(picture), raster(matte), 1))
    assert facts.margins == (100, 100, 100, 100)
    assert facts.background_white < 1


def test_what_jpeg_spreads_around_the_product_is_not_held_against_the_background():
    picture = canvas(400, 300, (201, 103))
    for sampling in (0, 2):
        facts = examine(file_of(picture, "JPEG", quality=80, subsampling=sampling))
        assert facts.background_white == 1, sampling


@pytest.mark.parametrize("quality", [30, 49, 50, 65, 85, 95, 100])
def test_the_quality_of_a_jpeg_is_read_from_its_tables(quality: int):
    assert examine(file_of(canvas(64, 64), "JPEG", quality=quality)).jpeg_quality == quality


def test_metadata_of_camera_place_and_programs_are_found():
    exif = Image.Exif()
    exif[0x010F] = "camera"
    exif.get_ifd(0x8825)[1] = "N"
    data = file_of(canvas(64, 64), "JPEG", exif=exif, comment=b"made by hand", xmp=b"<x:xmpmeta/>")
    assert examine(data).leftovers == ("gps", "exif", "xmp", "comment")
    assert not examine(file_of(canvas(64, 64), "JPEG")).leftovers


def test_our_own_checks_find_enlarged_products_leftovers_and_missing_profiles():
    matte = raster(np.zeros((64, 64), np.uint8))
    data = file_of(canvas(64, 64), "JPEG", comment=b"x")
    found = assess(examine(data, Composition(raster(canvas(64, 64)), matte, 1.01)), RULES["custom"], TODAY)
    assert [one.verdict for one in found.findings[-3:]] == [Passing.FAIL] * 3
    assert found.accepted  # no marketplace asks for them


def test_nearly_all_is_never_told_as_all():
    assert percent(0.99999) == 99.99
    assert percent(1) == 100
    assert percent(0.85) == 85
