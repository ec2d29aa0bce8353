"""Runs carried to their end in one call."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from domain import SelectionRequest
from runs import RunEnded, RunEvent, RunResult
from service import Service
from tests.photos import jpeg, product_photo

AUTO = SelectionRequest()


def mug() -> bytes:
    """A JPEG of a mug on a plain wall."""
    return jpeg(product_photo(320, 240))


def events_of(service: Service, request: SelectionRequest = AUTO, upload: bytes | None = None) -> list[RunEvent]:
    async def collect() -> list[RunEvent]:
        async with aclosing(service.run(mug() if upload is None else upload, request)) as events:
            return [event async for event in events]

    return asyncio.run(collect())


def run(service: Service, request: SelectionRequest = AUTO, upload: bytes | None = None) -> RunResult:
    last = events_of(service, request, upload)[-1]
    assert isinstance(last, RunEnded)
    return last.result
