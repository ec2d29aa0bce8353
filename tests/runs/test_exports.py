"""Files for marketplaces through the real service: files of the run, lines of its journal."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from app import Core
from domain import Background, BackgroundKind, EventKind, ExportFormat, ExportOptions, FileFormat, Language, Passing
from errors import BackgroundMissing, FilesGone, InvalidPhoto, NothingToShow, WrongOptions
from imaging import encode_png
from imaging.provenance import PARTLY_GENERATED
from runs import Exported, RunResult
from runs.store import EXPORTS_KEPT, SUFFIXES
from settings import Settings
from tests.cores import core_of
from tests.photos import jpeg, product_photo, raster
from tests.runs.running import run
from tests.runs.test_touchup import GREEN, WALL, mend

PICTURE = ExportOptions(background=Background(kind=BackgroundKind.PICTURE), width=200, height=200)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """For the tests that leave their run as it is."""
    core = core_of(Settings(data_dir=tmp_path_factory.mktemp("exports")))
    yield core
    core.database.close()


@pytest.fixture(scope="module")
def result(core: Core) -> RunResult:
    return run(core.service)


def export(core: Core, result: RunResult, step: int = 0, picture: bytes | None = None, **given: object) -> Exported:
    options = given.pop("options", None) or ExportOptions(**given)
    return asyncio.run(core.service.exports.make(result.run_id, step, options, picture))


def test_an_export_is_a_file_of_its_run_that_carries_the_marketplaces_name(core: Core, result: RunResult):
    made = export(core, result, marketplace="wildberries")
    assert made.files.file.is_relative_to(core.store.root / result.run_id)
    assert made.files.file.name == "wildberries-700x934.jpg"
    with Image.open(made.files.file) as picture:
        assert (picture.format, picture.size) == ("JPEG", (700, 934))
    with Image.open(io.BytesIO(made.files.preview)) as preview:
        assert max(preview.size) <= 720


def test_the_report_is_about_the_file_that_lies_on_the_disk(core: Core, result: RunResult):
    made = export(core, result, marketplace="amazon")
    facts = made.compliance.file
    assert facts.size_bytes == made.files.file.stat().st_size
    told = core.service.exports.report(made)
    assert (told.file, told.file_name, told.accepted) == (facts, made.files.file.name, made.compliance.accepted)
    assert told.passed + told.failed + told.unknown == len(told.checks)


def test_a_photo_that_is_too_small_is_told_and_may_be_enlarged(core: Core, result: RunResult):
    kept, enlarged = (export(core, result, marketplace="amazon", enlarge=allowed) for allowed in (False, True))
    verdicts = [{one.check: one.verdict for one in made.compliance.findings} for made in (kept, enlarged)]
    assert [one["min_fill"] for one in verdicts] == [Passing.FAIL, Passing.PASS]
    assert [one["not_enlarged"] for one in verdicts] == [Passing.PASS, Passing.FAIL]
    assert enlarged.compliance.accepted


def test_the_step_that_is_shown_is_what_is_exported(local_core: Core):
    result = run(local_core.service)
    plain = export(local_core, result, marketplace="ozon")
    mended = export(local_core, result, mend(local_core, result, 0, (WALL, GREEN)).step, marketplace="ozon")
    assert mended.step == 1
    assert mended.files.file.read_bytes() != plain.files.file.read_bytes()


def test_exports_are_numbered_and_only_the_last_ones_are_kept(local_core: Core):
    result = run(local_core.service)
    made = [export(local_core, result, width=100, height=100) for _ in range(EXPORTS_KEPT + 1)]
    assert [one.files.number for one in made] == list(range(1, EXPORTS_KEPT + 2))
    assert not made[0].files.file.exists()
    assert made[1].files.file.exists()


def test_a_file_is_found_again_by_its_number(local_core: Core):
    result = run(local_core.service)
    made = export(local_core, result, file_format=ExportFormat.PNG)
    assert asyncio.run(local_core.service.exports.file(result.run_id, 1)) == made.files.file
    for run_id, number in ((result.run_id, 2), ("0" * 32, 1), ("../../etc", 1)):
        with pytest.raises(FilesGone):
            asyncio.run(local_core.service.exports.file(run_id, number))


def test_exports_go_with_the_run(local_core: Core):
    made = export(local_core, run(local_core.service))
    local_core.store.purge(-1)
    assert not made.files.file.exists()


@pytest.mark.parametrize("run_id", ["", "../../etc", "0" * 32])
def test_a_run_that_does_not_exist_has_nothing_to_export(local_core: Core, run_id: str):
    with pytest.raises(FilesGone):
        asyncio.run(local_core.service.exports.make(run_id, 0, ExportOptions()))


def test_when_the_files_are_deleted_already_it_says_so(local_core: Core):
    result = run(local_core.service)
    shutil.rmtree(local_core.store.root / result.run_id)
    with pytest.raises(FilesGone):
        export(local_core, result)


def test_the_journal_tells_every_export(local_core: Core):
    result = run(local_core.service)
    made = export(local_core, result, marketplace="megamarket")
    told = [entry for entry in local_core.journal.entries(result.run_id) if entry.event is EventKind.EXPORT]
    assert [(entry.code, entry.facts["marketplace"], entry.facts["bytes"]) for entry in told] == [
        ("exported", "megamarket", made.compliance.file.size_bytes)
    ]
    assert told[0].sentence.startswith("MegaMarket: 500×500 JPEG, ")
    assert told[0].seconds >= 0


def test_the_sellers_picture_lies_behind_the_product(core: Core, result: RunResult):
    wall = np.full((64, 64, 3), (10, 20, 200), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(wall).save(buffer, "PNG")
    made = export(core, result, picture=buffer.getvalue(), options=PICTURE)
    with Image.open(made.files.file) as picture:
        assert np.abs(np.asarray(picture)[0, 0].astype(int) - (10, 20, 200)).max() <= 4


def test_a_picture_that_says_that_ai_made_it_gives_a_file_that_says_so_too(core: Core, result: RunResult):
    xmp = b'<x Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/>'
    honest = export(core, result, picture=jpeg(product_photo(64, 64), xmp=xmp), options=PICTURE)
    plain = export(core, result, picture=jpeg(product_photo(64, 64)), options=PICTURE)
    assert honest.compliance.file.digital_source == PARTLY_GENERATED
    assert honest.options.background.generated
    assert plain.compliance.file.digital_source is None


def test_place_and_camera_of_the_sellers_picture_do_not_come_along(core: Core, result: RunResult):
    exif = Image.Exif()
    exif[0x010F] = "camera"
    exif.get_ifd(0x8825)[1] = "N"
    made = export(core, result, picture=jpeg(product_photo(64, 64), exif=exif), options=PICTURE)
    assert made.compliance.file.leftovers == ()
    assert b"camera" not in made.files.file.read_bytes()


def test_a_background_that_is_missing_or_no_picture_is_refused_and_leaves_no_file(local_core: Core):
    result = run(local_core.service)
    with pytest.raises(BackgroundMissing):
        export(local_core, result, options=PICTURE)
    with pytest.raises(InvalidPhoto):
        export(local_core, result, picture=b"no picture", options=PICTURE)
    with pytest.raises(WrongOptions):
        export(local_core, result, marketplace="mars")
    assert not (local_core.store.root / result.run_id / "exports").exists()


def test_the_report_speaks_the_visitors_language(core: Core, result: RunResult):
    made = export(core, result, marketplace="yandex_market")
    for language, title, note in (
        (Language.EN, "Background", "an old page, partly outdated"),
        (Language.RU, "Фон", "старая страница, частично устарела"),
    ):
        told = core.service.exports.report(made, language)
        background = next(check for check in told.checks if check.check == "background")
        assert background.title == title
        assert background.note == note


def test_every_sentence_of_every_marketplaces_rules_and_findings_is_filled(core: Core, result: RunResult):
    for marketplace in core.service.exports.rules:
        made = export(core, result, marketplace=marketplace)
        for language in Language:
            rules = core.service.exports.rule_reports(marketplace, language)
            for check in (*core.service.exports.report(made, language).checks, *rules):
                said = f"{check.title} {check.wanted} {check.found or ''}"
                assert "?" not in said, said
                assert "no words yet" not in said, said
                assert "ещё нет слов" not in said, said


def test_what_can_be_written_has_a_suffix():
    assert set(SUFFIXES) == {FileFormat(one.value.upper()) for one in ExportFormat if one is not ExportFormat.AUTO}


def test_a_cutout_without_a_product_in_it_makes_no_file(local_core: Core):
    result = run(local_core.service)
    result.files.cutout.write_bytes(encode_png(raster(np.zeros((64, 64, 4), np.uint8))))
    with pytest.raises(NothingToShow):
        export(local_core, result)
