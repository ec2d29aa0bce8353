"""Errors as problem+json (RFC 9457), in the language of who asks."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from domain import Fact, Language
from errors import CutoutRouterError
from service import visitor_of
from wording import language_in, say

PROBLEM = "application/problem+json"
PICTURE = {"type": "string", "format": "binary"}  # how OpenAPI says that a body is a file
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

MOST_BODY_BYTES = 65_536
NAMED: Mapping[str, str] = {}
COLOURS = frozenset({"colour", "second"})
KINDS = {  # of pydantic's errors, https://docs.pydantic.dev/latest/errors/validation_errors/
    "missing": "missing",
    "extra_forbidden": "unknown",
    "json_invalid": "json",
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "object"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "bool"),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), "whole"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "number"),
    **dict.fromkeys(("string_type", "string_unicode"), "text"),
    **dict.fromkeys(("enum", "literal_error"), "one_of"),
    "greater_than_equal": "least",
    "less_than_equal": "most",
    "string_too_long": "long",
    "too_long": "many",
    "string_pattern_mismatch": "name",
    "value_error": "sides",
}


class Problem(BaseModel):
    """What went wrong with one request."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


def problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body = Problem(title=status.phrase, status=status, detail=detail)
    return JSONResponse(body.model_dump(), status_code=status, media_type=PROBLEM, headers=headers)


async def language_of(request: Request) -> Language:
    return language_in(request.headers.get("accept-language"))


Reader = Annotated[Language, Depends(language_of)]


def refused(status: HTTPStatus, code: str, language: Language, **facts: Fact) -> JSONResponse:
    return problem(status, say(code, facts, language))


def wrong(error: Mapping[str, Any], language: Language, names: Mapping[str, str] = NAMED) -> JSONResponse:
    """Of a parameter or a field, by its name: what would be right. Its value is not repeated.

    `names` are those that callers know our fields by, where they are others.
    """
    kind, facts = KINDS.get(error["type"], "default"), _known(error.get("ctx", {}))
    field = next((part for part in reversed(error["loc"]) if isinstance(part, str)), "body")[:80]
    if kind == "name" and field in COLOURS:
        kind = "colour"
    return refused(HTTPStatus.UNPROCESSABLE_ENTITY, f"wrong.{kind}", language, **facts, field=names.get(field, field))


def _known(context: Mapping[str, Any]) -> dict[str, Fact]:
    """What pydantic knows of the rule; lists of words without its English "or"."""
    told: dict[str, Fact] = {name: value for name, value in context.items() if isinstance(value, str | int | float)}
    if "expected" in told:
        told["expected"] = str(told["expected"]).replace(" or ", ", ").replace("'", "")
    return told


def objection(request: Request, language: Language, most_bytes: int) -> JSONResponse | None:
    """What is wrong before the body is read; a page of another site may not start anything in a visitor's browser."""
    origin, length = request.headers.get("origin"), request.headers.get("content-length", "")
    if origin and origin.partition("://")[2] != request.headers.get("host"):
        return refused(HTTPStatus.FORBIDDEN, "rest.foreign", language)
    if not (length.isascii() and length.isdigit()):
        return refused(HTTPStatus.LENGTH_REQUIRED, "rest.length", language)
    if int(length) > most_bytes:
        return refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "outside.too_large", language, limit_mb=most_bytes / 1e6)
    return None


def sorry(
    error: CutoutRouterError, statuses: Mapping[type[CutoutRouterError], HTTPStatus], language: Language
) -> JSONResponse:
    """The error's own sentence, under the status of the nearest of its kinds; one without a status is raised."""
    status = next((statuses[kind] for kind in type(error).__mro__ if kind in statuses), None)
    if status is None:
        raise error
    return refused(status, f"error.{error.code}", language, **error.facts)


def visitor(request: Request) -> str:
    return visitor_of(request.client.host if request.client else "")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document, where `model` would promise application/json."""
    told = {PROBLEM: {"schema": Problem.model_json_schema()}}
    return {status: {"description": HTTPStatus(status).phrase, "content": told} for status in statuses}


class ProblemRoute(APIRoute):
    """A route whose invalid parameters are answered by a problem that names the parameter, not its value."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except RequestValidationError as error:
                return wrong(error.errors()[0], await language_of(request))

        return answer


class SmallBodyRoute(ProblemRoute):
    """A body that is too large is given up while it comes in; one that cannot be read is a problem like any other."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(Request(request.scope, _bounded(request.receive)))
            except HTTPException as error:
                large = error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                code, limit = "outside.too_large" if large else "wrong.json", round(MOST_BODY_BYTES / 1e6, 3)
                return refused(HTTPStatus(error.status_code), code, await language_of(request), limit_mb=limit)

        return answer


def _bounded(receive: Receive) -> Receive:
    left = MOST_BODY_BYTES

    async def read() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return read
