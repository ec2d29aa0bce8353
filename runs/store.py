"""The finished files of runs: written aside, then moved into place, so that a file is whole or not there.

A touch-up answers as soon as its previews are there: its lossless files are written afterwards, and whoever asks for
them waits.
"""

from __future__ import annotations

import errno
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import BoundedSemaphore, Lock

from domain import Cutout, FileFormat, Photo, Raster
from errors import FilesGone, NoRoom
from imaging import decode_picture, easel, encode_png, encode_preview, matte_of
from runs.events import ExportFiles, RunFiles
from runs.workbench import Workbench

STEPS_KEPT = 10
EXPORTS = "exports"
EXPORTS_KEPT = 30
SUFFIXES = {FileFormat.JPEG: "jpg", FileFormat.PNG: "png", FileFormat.WEBP: "webp"}
_MOST_UNWRITTEN = 3
_MOST_DELETED = 4096
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_RUN_ID = re.compile(r"[0-9a-f]{32}")


class FileStore:
    """One folder a run under `root`; the names inside are fixed. Step 0 is the model's own cutout, or the draft."""

    def __init__(self, root: Path, bench: Workbench | None = None) -> None:
        self.root = root
        self._bench = bench or Workbench()
        self._numbering = Lock()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="touch-up")
        self._room = BoundedSemaphore(_MOST_UNWRITTEN)
        self._unwritten: dict[tuple[str, int], Future[None]] = {}
        self._deleted: dict[str, None] = {}

    def keep_photo(self, run_id: str, photo: Photo) -> None:
        """The upright photo, lossless and without metadata: what a touch-up takes colours from. And its preview."""
        with _there():
            folder = self._made(run_id)
            _write(folder / "before.webp", encode_preview(photo.pixels))
            _write(folder / "photo.png", encode_png(photo.pixels))

    def save(self, run_id: str, cutout: Cutout, *, draft: bool = False) -> RunFiles:
        """Write the exports and the preview of one cutout, beside the photo that was kept."""
        prefix = "draft-" if draft else ""
        with _there(), ThreadPoolExecutor(2) as both:
            folder = self._made(run_id)
            picture, preview = both.submit(encode_png, cutout.pixels), both.submit(encode_preview, cutout.pixels)
            return RunFiles(
                before=folder / "before.webp",
                matte=_write(folder / f"{prefix}matte.png", encode_png(matte_of(cutout))),
                after=_write(folder / f"{prefix}after.webp", preview.result()),
                cutout=_write(folder / f"{prefix}cutout.png", picture.result()),
            )

    def photo(self, run_id: str) -> Photo:
        """Raises `FilesGone` as soon as the file is deleted, whatever is still in memory."""
        path = self._folder(run_id) / "photo.png"
        with _there():
            path.stat()
            return Photo(self._bench.get(run_id, "photo", lambda: _read(path)), "")

    def unfinished(self, run_id: str, step: int) -> Raster:
        """The matte of a step as the strokes left it; the finish of the step is not in it."""
        name = f"unfinished-{step}.png"

        def read() -> Raster:
            files = self.files(run_id, step)
            return _read(files.matte.with_name(name) if step else files.matte)

        with _there():
            return self._bench.get(run_id, name, read)

    def cutout(self, run_id: str, step: int) -> Cutout:
        with _there():
            read = self._bench.get(run_id, f"cutout-{step}", lambda: _read(self.files(run_id, step).cutout))
        return Cutout(read)

    def files(self, run_id: str, step: int) -> RunFiles:
        """The files of a step that was saved; waits while they are written. Raises `FilesGone`."""
        writing = self._unwritten.get((run_id, step))
        if writing:
            with _there():
                writing.result()
        files = self.names(run_id, step)
        if not files.cutout.exists():
            raise FilesGone(f"no step {step} in {run_id}")
        return files

    def names(self, run_id: str, step: int) -> RunFiles:
        """Where the files of a step are, or will be."""
        folder = self._folder(run_id)
        own = "" if (folder / "cutout.png").exists() else "draft-"
        before, suffix = ("", f"-{step}") if step else (own, "")
        return RunFiles(
            before=folder / "before.webp",
            after=folder / f"{before}after{suffix}.webp",
            cutout=folder / f"{before}cutout{suffix}.png",
            matte=folder / f"{before}matte{suffix}.png",
        )

    def save_step(self, run_id: str, photo: Photo, cutout: Cutout, unfinished: Raster) -> int:
        """The next step's number; its previews are written, and its other files soon. Old steps go."""
        folder = self._folder(run_id)
        with _there(), ThreadPoolExecutor(1) as beside:
            step = self._next_step(folder)
            preview = beside.submit(encode_preview, cutout.pixels)
            _write(folder / f"easel-{step}.webp", easel(photo, matte_of(cutout)))
            _write(folder / f"after-{step}.webp", preview.result())
        self._bench.put(run_id, f"unfinished-{step}.png", unfinished)
        self._bench.put(run_id, f"cutout-{step}", cutout.pixels)
        self._write_soon(run_id, step, cutout, unfinished)
        return step

    def _next_step(self, folder: Path) -> int:
        with self._numbering:
            step = max((_number(path) for path in folder.glob("after-*.webp")), default=0) + 1
            (folder / f"after-{step}.webp").touch()
        return step

    def _write_soon(self, run_id: str, step: int, cutout: Cutout, unfinished: Raster) -> None:
        """Waits when much is unwritten already, so that memory stays bounded. What failed is told to who asks."""
        self._room.acquire()
        writing = self._writer.submit(self._write_step, run_id, step, cutout, unfinished)
        self._unwritten[run_id, step] = writing

        def written(done: Future[None]) -> None:
            self._room.release()
            if not done.exception():
                self._unwritten.pop((run_id, step), None)

        writing.add_done_callback(written)

    def _write_step(self, run_id: str, step: int, cutout: Cutout, unfinished: Raster) -> None:
        """The cutout last of all."""
        folder, matte = self._folder(run_id), matte_of(cutout)
        packed = encode_png(matte)
        _write(folder / f"unfinished-{step}.png", packed if matte == unfinished else encode_png(unfinished))
        _write(folder / f"matte-{step}.png", packed)
        _write(folder / f"cutout-{step}.png", encode_png(cutout.pixels))
        for old in folder.glob(f"*-{step - STEPS_KEPT}.*"):
            old.unlink(missing_ok=True)

    def easel(self, run_id: str, step: int) -> bytes:
        """What a person paints on: made when it is first asked for."""
        path = self._folder(run_id) / f"easel-{step}.webp"
        with _there():
            if not path.exists():
                _write(path, easel(self.photo(run_id), _read(self.files(run_id, step).matte)))
            return path.read_bytes()

    def save_export(self, run_id: str, name: str, kind: FileFormat, data: bytes, preview: bytes) -> ExportFiles:
        """Into a folder of its own, numbered within the run, so that the file's name is the seller's. Old ones go."""
        with _there():
            folder = _next(self._folder(run_id))
            made = ExportFiles(int(folder.name), _write(folder / f"{name}.{SUFFIXES[kind]}", data), preview)
        shutil.rmtree(folder.with_name(f"{made.number - EXPORTS_KEPT}"), ignore_errors=True)
        return made

    def export_file(self, run_id: str, number: int) -> Path:
        """The finished file of an export; raises `FilesGone`."""
        folder = self._folder(run_id) / EXPORTS / f"{number}"
        found = [path for suffix in SUFFIXES.values() for path in folder.glob(f"*-*.{suffix}")]
        if not found:
            raise FilesGone(f"no export {number} in {run_id}")
        return found[0]

    def purge(self, older_than_s: float) -> int:
        """Delete the files of runs that ended longer ago than that; answers with how many."""
        limit = time.time() - older_than_s
        old = [folder for folder in self.root.glob("*") if folder.is_dir() and folder.stat().st_mtime < limit]
        for folder in old:
            self._bench.forget(folder.name)
            shutil.rmtree(folder, ignore_errors=True)
        return len(old)

    def put_aside(self, run_id: str) -> None:
        """Nobody is about to paint on this run: its decoded pictures need not stay in memory."""
        self._bench.forget(run_id)

    def all_files(self, run_id: str) -> tuple[Path, ...]:
        """Every file of a run, whatever it is."""
        return tuple(path for path in self._folder(run_id).rglob("*") if path.is_file())

    def has_twin(self, file: Path) -> bool:
        """Whether another run has the same file, as when two people try the same example: told by name and size."""
        size, (run_id, *inside) = file.stat().st_size, file.relative_to(self.root).parts
        alike = self.root.glob("/".join(("*", *("*" if part.isdigit() else part for part in inside))))
        mine = self.root / run_id
        return any(other.stat().st_size == size for other in alike if not other.is_relative_to(mine))

    def delete(self, run_id: str) -> None:
        """What a run that is still at work would write afterwards is refused."""
        self._deleted[run_id] = None
        if len(self._deleted) > _MOST_DELETED:
            self._deleted.pop(next(iter(self._deleted)))
        self._bench.forget(run_id)
        shutil.rmtree(self._folder(run_id), ignore_errors=True)

    def _made(self, run_id: str) -> Path:
        if run_id in self._deleted:
            raise FilesGone("the run was deleted while it was at work")
        folder = self.root / run_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _folder(self, run_id: str) -> Path:
        """Ids are ours; one that is not of our making leads nowhere."""
        if not _RUN_ID.fullmatch(run_id):
            raise FilesGone("no run has such an id")
        return self.root / run_id


def _next(run: Path) -> Path:
    """A new folder: making one is the only step that two exports at once cannot both win."""
    exports = run / EXPORTS
    exports.mkdir(exist_ok=True)
    number = max((int(path.name) for path in exports.iterdir()), default=0)
    while True:
        number += 1
        with suppress(FileExistsError):
            (exports / f"{number}").mkdir()
            return exports / f"{number}"


@contextmanager
def _there() -> Iterator[None]:
    """A file that is missing was deleted with its run; a disk that takes no more says so."""
    try:
        yield
    except FileNotFoundError as error:
        raise FilesGone(str(error)) from error
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise NoRoom(str(error)) from error
        raise


def _read(path: Path) -> Raster:
    return decode_picture(path.read_bytes())


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def _write(path: Path, data: bytes) -> Path:
    part = path.with_suffix(path.suffix + ".part")
    part.write_bytes(data)
    return part.replace(path)
