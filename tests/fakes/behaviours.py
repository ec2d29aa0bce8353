"""What the fake Replicate does with one prediction: answers in place of the usual ones, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.wire import problem

Inputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP answer. `claims` is the length in its header when it is to be a lie."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    claims: int | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection ends without an answer."""


@dataclass(frozen=True, slots=True)
class Silence:
    """The connection stays open without an answer until the server is closed."""


Answer = Reply | Drop | Silence


class FromInputs:
    """Stands for an output: the picture that the model would make of what was uploaded."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One prediction, step by step.

    `creation` answers the POST in place of 201; with `made`, a prediction exists all the same.
    `polls` and `deliveries` answer the first polls and downloads. Between them the prediction is `starting` for
    `boot` polls and `processing` for `work` polls, then it has `status`, `error` and `output`: bytes or `FromInputs`
    become a file with an address, anything else is sent as it is.
    """

    creation: Answer | None = None
    made: bool = False
    polls: tuple[Answer, ...] = ()
    boot: int = 0
    work: int = 1
    status: str = "succeeded"
    error: Any = None
    output: Any = field(default_factory=FromInputs)
    media_type: str = "image/png"
    deliveries: tuple[Answer, ...] = ()
    on_creation: Callable[[], object] | None = None


def succeed(picture: bytes | None = None, **steps: Any) -> Behaviour:
    """Ends well, with `picture` or with one made from the inputs."""
    return Behaviour(output=FromInputs() if picture is None else picture, **steps)


def output(value: Any, **steps: Any) -> Behaviour:
    """Ends well, with whatever is given as its output."""
    return Behaviour(output=value, **steps)


def fail(error: Any = "CUDA out of memory", status: str = "failed") -> Behaviour:
    """Ends as `failed`, `canceled`, `aborted`, or as no status that anybody knows."""
    return Behaviour(status=status, error=error, output=None)


def nsfw() -> Behaviour:
    """Refused for its content."""
    return fail("All generated images contained NSFW content. Try running it again with a different prompt.")


def throttle(retry_after: float | None = None) -> Behaviour:
    """Turned away at creation; `retry_after` in seconds stands in the header and the body."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Behaviour(creation=problem_reply(429, "Request was throttled.", headers, retry_after=retry_after))


def http(status: int, detail: str = "the fake was told to", title: str = "Told to") -> Behaviour:
    """Turned away at creation with any status."""
    return Behaviour(creation=problem_reply(status, detail, title=title))


def drop_on_create(made: bool = False, **steps: Any) -> Behaviour:
    """The POST is cut; with `made`, the prediction exists and runs."""
    return Behaviour(creation=Drop(), made=made, **steps)


def drop_on_poll(times: int = 1, **steps: Any) -> Behaviour:
    return Behaviour(polls=(Drop(),) * times, **steps)


def hang() -> Behaviour:
    """The POST is never answered."""
    return Behaviour(creation=Silence())


def forever(status: str = "processing") -> Behaviour:
    """Never ends by itself; only a cancel stops it."""
    return Behaviour(boot=10**9 if status == "starting" else 0, work=10**9)


def slow_boot(polls: int = 3, **steps: Any) -> Behaviour:
    return Behaviour(boot=polls, **steps)


def problem_reply(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Reply:
    """An error in Replicate's form."""
    return Reply(
        status, problem(status, detail, **more), {"Content-Type": "application/problem+json", **(headers or {})}
    )
