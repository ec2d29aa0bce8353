"""What a run leaves in memory: nothing. A photo of 12 MP is 36 MB, and full collections of garbage are rare."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from app import Core
from domain import Cutout, Photo
from tests.fakes.behaviours import Behaviour, fail, http, output
from tests.fakes.replicate_server import BIREFNET, V1, V2, ReplicateServer
from tests.runs.running import run


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def pictures() -> int:
    return sum(isinstance(one, Photo | Cutout) for one in gc.get_objects())


@pytest.mark.parametrize(
    "behaviours",
    [(), (fail(),), (http(500), fail()), (output(None), output("text"), fail())],
    ids=["the first choice", "a fallback", "two fallbacks", "a draft"],
)
def test_a_run_leaves_no_picture_behind_also_where_nobody_collects_garbage(
    hosted_core: Core, replicate: ReplicateServer, no_collector: None, behaviours: tuple[Behaviour, ...]
):
    for target, behaviour in zip((V2, V1, BIREFNET), behaviours, strict=False):
        replicate.always(target, behaviour)
    before = pictures()
    assert run(hosted_core.service).files
    assert pictures() == before
