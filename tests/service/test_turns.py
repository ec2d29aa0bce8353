"""Turns: few at once, by visitor, in a line that is bounded and tells its length."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Busy, Stopping
from service import Asker, Turns
from service.turns import Place, Room
from wording import say

ANNA, BORIS = Asker("203.0.113.1", "anna"), Asker("203.0.113.2", "boris")


def done(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


class Line:
    """Places taken one after another; `leave` ends a run, `at_work` says whose turn it is."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.places: list[tuple[str, Place, AsyncExitStack]] = []

    async def join(self, asker: Asker, name: str) -> Place:
        stack = AsyncExitStack()
        place = await stack.enter_async_context(self.turns.place(asker))
        self.places.append((name, place, stack))
        return place

    @property
    def at_work(self) -> list[str]:
        return [name for name, place, _ in self.places if place.ticket.turn.is_set()]

    async def leave(self, name: str) -> None:
        entry = next(entry for entry in self.places if entry[0] == name)
        self.places.remove(entry)
        await entry[2].aclose()


def test_whoever_comes_first_works_at_once_and_the_next_waits():
    async def work() -> None:
        line = Line(Turns(Room(at_once=1)))
        await line.join(ANNA, "a")
        waiting = await line.join(BORIS, "b")
        assert line.at_work == ["a"]
        await line.leave("a")
        assert line.at_work == ["b"]
        assert [ahead async for ahead in waiting.come(0)] == []

    done(work())


def test_when_the_line_closes_who_waits_hears_so_at_once_and_nobody_is_let_in():
    async def work() -> None:
        line = Line(Turns(Room(at_once=1)))
        await line.join(ANNA, "a")
        waiting = (await line.join(BORIS, "b")).come(3600)
        assert await anext(waiting) == 0
        line.turns.close()
        with pytest.raises(Stopping):
            await anext(waiting)
        await line.leave("b")
        with pytest.raises(Stopping):
            await line.join(BORIS, "c")
        await line.leave("a")
        assert (line.turns.waiting, line.turns.at_work) == (0, 0)

    done(work())


@pytest.mark.parametrize("other", [BORIS, Asker(ANNA.address, "another page")])
def test_who_comes_again_while_others_come_is_patient_and_who_is_alone_never_is(other: Asker):
    async def work() -> None:
        line = Line(Turns(Room(at_once=4, pause=0)))
        for name in ("a1", "a2"):
            assert not (await line.join(ANNA, name)).patient
            await line.leave(name)
        assert not (await line.join(other, "b1")).patient
        assert (await line.join(ANNA, "a3")).patient

    done(work())


def test_one_session_has_one_run_at_a_time_although_there_is_room():
    async def work() -> None:
        line = Line(Turns(Room(at_once=4)))
        for name in ("a1", "a2", "a3"):
            await line.join(ANNA, name)
        await line.join(BORIS, "b1")
        assert line.at_work == ["a1", "b1"]

    done(work())


def test_a_visitor_who_came_late_goes_before_the_many_photos_of_another():
    async def work() -> None:
        line = Line(Turns(Room(at_once=1, pause=0)))
        for number in range(9):
            await line.join(ANNA, f"a{number}")
        await line.join(BORIS, "b")
        await line.leave("a0")
        assert line.at_work == ["b"]
        await line.leave("b")
        assert line.at_work == ["a1"]

    done(work())


def test_many_sessions_of_one_address_are_one_visitor_to_the_others():
    async def work() -> None:
        line = Line(Turns(Room(at_once=1)))
        for number in range(9):
            await line.join(Asker(ANNA.address, f"page {number}"), f"a{number}")
        await line.join(BORIS, "b")
        await line.leave("a0")
        assert line.at_work == ["b"]

    done(work())


class Later:
    """A clock that only the test moves, and what is to be done later."""

    def __init__(self) -> None:
        self.now = 0.0
        self.jobs: list[tuple[float, Callable[[], None]]] = []

    def turns(self, room: Room) -> Turns:
        return Turns(room, lambda: self.now, lambda seconds, job: self.jobs.append((self.now + seconds, job)))

    def goes_to(self, now: float) -> None:
        self.now = now
        for _, job in [one for one in self.jobs if one[0] <= now]:
            job()


def test_whoever_sends_much_pauses_while_others_come_and_not_otherwise():
    async def work() -> None:
        time = Later()
        line = Line(time.turns(Room(pause=6, longest_pause_s=10)))
        for number in range(4):
            await line.join(ANNA, f"a{number}")
        time.goes_to(1)
        await line.leave("a0")
        assert line.at_work == ["a1"]
        await line.join(BORIS, "b")
        time.goes_to(2)
        await line.leave("a1")
        assert line.at_work == ["b"]
        time.goes_to(7.9)
        assert line.at_work == ["b"]
        time.goes_to(8.1)
        assert line.at_work == ["a2", "b"]
        time.goes_to(60)
        await line.leave("a2")
        assert line.at_work == ["a3", "b"]

    done(work())


def test_whoever_comes_during_their_pause_works_when_it_ends_although_nobody_else_moves():
    async def work() -> None:
        time = Later()
        line = Line(time.turns(Room(pause=6, longest_pause_s=10)))
        await line.join(BORIS, "b")
        await line.join(ANNA, "a0")
        time.goes_to(1)
        await line.leave("a0")
        await line.join(ANNA, "a1")
        assert line.at_work == ["b"]
        time.goes_to(7.1)
        assert line.at_work == ["b", "a1"]

    done(work())


def test_an_address_with_many_sessions_has_one_run_at_a_time_while_others_come():
    async def work() -> None:
        line = Line(Later().turns(Room(at_once=4)))
        await line.join(BORIS, "b")
        for number in range(3):
            await line.join(Asker(ANNA.address, f"page {number}"), f"a{number}")
        assert line.at_work == ["b", "a0"]

    done(work())


def test_alone_an_address_uses_all_the_room_there_is():
    async def work() -> None:
        line = Line(Later().turns(Room(at_once=2)))
        for number in range(3):
            await line.join(Asker(ANNA.address, f"page {number}"), f"a{number}")
        assert line.at_work == ["a0", "a1"]

    done(work())


def test_the_line_tells_how_many_are_ahead():
    async def work() -> None:
        line = Line(Turns(Room(at_once=1)))
        await line.join(ANNA, "a")
        await line.join(Asker("203.0.113.3"), "c")
        last = await line.join(BORIS, "b")
        telling = last.come(0)
        assert await anext(telling) == 1
        await line.leave("a")
        assert await anext(telling) == 0
        await line.leave("c")
        assert [ahead async for ahead in telling] == []

    done(work())


@pytest.mark.parametrize(
    ("room", "asker"),
    [
        (Room(at_once=1, waiting=2), BORIS),
        (Room(at_once=1, of_address=2), Asker(ANNA.address, "another page")),
        (Room(at_once=1, of_session=2), ANNA),
    ],
)
def test_a_full_line_says_so_at_once(room: Room, asker: Asker):
    async def work() -> None:
        line = Line(Turns(room))
        for name in ("a1", "a2", "a3"):
            await line.join(ANNA, name)
        with pytest.raises(Busy) as caught:
            await line.join(asker, "x")
        assert "(2 in line)" in say("error.busy", caught.value.facts)
        await line.leave("a1")
        await line.join(asker, "x")

    done(work())


def test_who_stands_far_back_hears_less_often_how_many_are_ahead():
    async def work() -> None:
        line = Line(Turns(Room(at_once=1)))
        places = [await line.join(Asker(f"203.0.113.{number}"), str(number)) for number in range(50)]
        heard = {1: 0, 49: 0}

        async def listen(number: int, words: int) -> None:
            async for _ in places[number].come(0.02):
                heard[number] += 1
                if heard[number] == words:
                    return

        near = asyncio.create_task(listen(1, 99))
        await listen(49, 4)
        near.cancel()
        assert heard[1] > heard[49]

    done(work())


def test_leaving_the_line_or_breaking_at_work_makes_room():
    async def work() -> None:
        turns = Turns(Room(at_once=1))
        line = Line(turns)
        with pytest.raises(RuntimeError):
            async with turns.place(ANNA):
                raise RuntimeError
        await line.join(ANNA, "a")
        await line.join(BORIS, "b")
        await line.leave("b")
        assert turns.waiting == 0
        await line.leave("a")
        await line.join(BORIS, "c")
        assert line.at_work == ["c"]

    done(work())


def test_a_thousand_arrivals_leave_nothing_behind():
    async def work() -> None:
        turns = Turns(Room(at_once=2))
        refused = 0

        async def come(number: int) -> None:
            nonlocal refused
            try:
                async with turns.place(Asker(f"203.0.113.{number % 250}", str(number))) as place:
                    async for _ in place.come(60):
                        pass
                    await asyncio.sleep(0)
            except Busy:
                refused += 1

        await asyncio.gather(*(come(number) for number in range(1000)))
        assert turns.waiting == 0
        assert turns._running.total() == 0
        assert 0 < refused <= 1000 - 66

    done(work())


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
def test_whoever_comes_and_goes_there_are_never_too_many_at_work_and_never_idle_hands(steps: list[tuple[int, bool]]):
    async def work() -> None:
        line = Line(Turns(Room(at_once=2, pause=0)))
        for number, (who, leaving) in enumerate(steps):
            if leaving and line.places:
                await line.leave(line.places[who % len(line.places)][0])
            else:
                await line.join(Asker(str(who), str(who)), str(number))
            askers = {place.ticket.asker for _, place, _ in line.places}
            assert len(line.at_work) == min(2, len(askers))

    done(work())
