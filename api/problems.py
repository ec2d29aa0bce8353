"""Errors as problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

PROBLEM = "application/problem+json"
PICTURE = {"type": "string", "format": "binary"}  # how OpenAPI says that a body is a file
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

MOST_BODY_BYTES = 65_536


class Problem(BaseModel):
    """What went wrong with one request."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


def problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body = Problem(title=status.phrase, status=status, detail=detail)
    return JSONResponse(body.model_dump(), status_code=status, media_type=PROBLEM, headers=headers)


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
                first = error.errors()[0]
                return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{first['loc'][-1]}: {first['msg']}")

        return answer


class SmallBodyRoute(ProblemRoute):
    """A body that is too large is given up while it comes in; one that cannot be read is a problem like any other."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(Request(request.scope, _bounded(request.receive)))
            except HTTPException as error:
                return problem(HTTPStatus(error.status_code), str(error.detail))

        return answer


def _bounded(receive: Receive) -> Receive:
    left = MOST_BODY_BYTES

    async def read() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large.")
        return message

    return read
