"""Why a request goes no further."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from domain import Fact


class Refused(Exception):
    """`code` is the sentence, `facts` fill it; with `seconds` among them it says when to come back."""

    def __init__(self, status: HTTPStatus, code: str, facts: Mapping[str, Fact] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.facts = status, code, dict(facts or {})


def too_large(most: int) -> Refused:
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "outside.too_large", {"limit_mb": most / 1_000_000})


def too_much(seconds: int) -> Refused:
    facts = {"seconds": seconds, "minutes": -(-seconds // 60)}
    return Refused(HTTPStatus.TOO_MANY_REQUESTS, "outside.too_much", facts)


def stalled() -> Refused:
    return Refused(HTTPStatus.REQUEST_TIMEOUT, "outside.stalled")
