"""Pictures in a process of their own: what it may not do, and that it always answers."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain import Raster
from errors import InvalidPhoto, PhotoFault
from gate import Gate
from gate.child import Child, Died
from gate.limits import Limits
from imaging import decode, decode_picture
from tests.photos import cutout_rgba, jpeg, png, product_matte, product_photo
from tests.strange_files import many_scans

MUG = product_photo(96, 64)


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    gate = Gate(1)
    yield gate
    gate.close()


def fault(gate: Gate, data: bytes) -> PhotoFault:
    with pytest.raises(InvalidPhoto) as caught:
        gate.photo(data)
    return PhotoFault(caught.value.code)


@pytest.mark.parametrize("data", [jpeg(MUG), png(MUG), png(cutout_rgba(MUG, product_matte(96, 64)))])
def test_a_photo_comes_out_as_it_would_in_this_process(gate: Gate, data: bytes):
    assert gate.photo(data) == decode(data)


def test_a_matte_stays_grey(gate: Gate):
    assert gate.picture(png(product_matte(64, 48))) == decode_picture(png(product_matte(64, 48)))


def test_a_fault_comes_with_its_figures(gate: Gate):
    with pytest.raises(InvalidPhoto) as caught:
        gate.photo(png(product_photo(8, 8)))
    assert (caught.value.code, caught.value.facts) == (
        PhotoFault.TOO_SMALL,
        {"width": 8, "height": 8, "limit": 16},
    )


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child(Limits())
    child.ask("photo", png(MUG))
    yield child
    child.close()


def test_the_worker_has_none_of_our_environment(child: Child):
    environment = Path(f"/proc/{child.pid}/environ").read_bytes()
    names = {entry.partition(b"=")[0] for entry in environment.split(b"\0") if entry}
    assert names == {b"LANG", b"OPENBLAS_NUM_THREADS", b"OMP_NUM_THREADS"}


def test_the_worker_is_held_by_the_kernel(child: Child):
    lines = Path(f"/proc/{child.pid}/limits").read_text().splitlines()
    limits = {line[:26].strip(): line[26:].split()[:2] for line in lines[1:]}
    assert limits["Max address space"] == [str(2 << 30)] * 2
    assert limits["Max file size"] == ["0", "0"]
    assert limits["Max core file size"] == ["0", "0"]
    assert float(limits["Max cpu time"][0]) < 10


def test_the_worker_has_no_file_open_but_the_pipes(child: Child):
    opened = {str(path.readlink()) for path in Path(f"/proc/{child.pid}/fd").iterdir()}
    assert {path.partition(":")[0] for path in opened} <= {"pipe", "/dev/null"}


def test_a_picture_that_takes_too_long_is_refused_and_the_next_one_goes_on():
    gate = Gate(1, Limits(cpu_s=0, seconds=60))
    assert fault(gate, many_scans()) is PhotoFault.TOO_HARD
    assert gate.photo(png(MUG)).pixels == MUG
    gate.close()


def test_the_deadline_kills_a_worker_that_only_waits():
    child = Child(Limits(seconds=0.05))
    child._await_ready()
    os.kill(child.pid, signal.SIGSTOP)  # it uses no processor time at all
    with pytest.raises(Died) as death:
        child.ask("photo", png(MUG))
    assert death.value.overtaxed
    assert not child.alive
    child.close()


def test_memory_that_a_picture_would_need_is_refused():
    gate = Gate(1, Limits(memory_bytes=560 << 20))
    huge = png(Raster(7000, 7000, "RGB", bytes(7000 * 7000 * 3)), compress_level=1)
    assert fault(gate, huge) in {PhotoFault.TOO_HARD, PhotoFault.DAMAGED}
    assert gate.photo(png(MUG)).pixels == MUG
    gate.close()


def test_a_worker_that_crashes_takes_only_its_picture_along(gate: Gate):
    """One that dies before it was asked is replaced without a word, so that the crash may have to be tried again."""
    assert PhotoFault.DAMAGED in (crashed_meanwhile(gate) for _ in range(20))
    assert gate.photo(png(MUG)).pixels == MUG


def crashed_meanwhile(gate: Gate) -> str | None:
    """What becomes of a picture whose worker crashes; None when it was another's in time."""
    gate.photo(png(MUG))
    worker = gate._places.get()
    os.kill(worker.pid, signal.SIGSTOP)
    gate._places.put(worker)
    with ThreadPoolExecutor(1) as other:
        doomed = other.submit(gate.photo, png(MUG))
        while gate._places.qsize():
            os.sched_yield()
        os.kill(worker.pid, signal.SIGSEGV)
        os.kill(worker.pid, signal.SIGCONT)
        error = doomed.exception()
    return error.code if isinstance(error, InvalidPhoto) else None


def test_a_worn_worker_makes_room_for_a_fresh_one():
    child = Child(Limits(jobs=1))
    child.ask("photo", png(MUG))
    assert child.worn
    child.close()


def test_when_every_worker_is_busy_the_next_is_told_so_and_not_kept_waiting_for_ever():
    gate = Gate(1, wait_s=0)
    gate._places.get()
    assert fault(gate, png(MUG)) is PhotoFault.BUSY
    gate._places.put(None)


def test_many_threads_share_few_workers():
    gate, answers = Gate(2), []
    pictures = [png(product_photo(32, 32, seed=seed)) for seed in range(6)]
    threads = [threading.Thread(target=lambda data=data: answers.append((data, gate.photo(data)))) for data in pictures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert all(photo == decode(data) for data, photo in answers)
    assert gate._places.qsize() == 2
    gate.close()


def test_a_worker_does_not_outlive_its_owner():
    child = Child(Limits())
    child._await_ready()
    child._process.stdin.close()
    assert child._process.wait(30) == 0
    child._process.stdout.close()
