"""Starting a run by REST: the photo and the wishes in, a run id out; the same idempotency key is the same run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api.problems import PICTURE, ProblemRoute, Reader, language_of, objection, problems, refused, sorry, visitor, wrong
from domain import Language, RunStatus, SelectionRequest
from errors import Busy, CutoutRouterError, DatabaseError, InvalidPhoto, KeyReused, NoRoom, RunError, Stopping
from runs import MAX_KEY
from service import Service

MAX_BODY = 21_000_000  # bytes: the photo's own limit of 20 MB, and the form around it
AGAIN_AFTER_S = "30"
WISHES = ("model_id", "marketplace", "goal", "complexity", "local_only", "commercial_only")
STATUSES: Mapping[type[CutoutRouterError], HTTPStatus] = {
    InvalidPhoto: HTTPStatus.UNPROCESSABLE_ENTITY,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    Stopping: HTTPStatus.SERVICE_UNAVAILABLE,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    NoRoom: HTTPStatus.INSUFFICIENT_STORAGE,
    DatabaseError: HTTPStatus.SERVICE_UNAVAILABLE,
    RunError: HTTPStatus.CONFLICT,
}
RUN_ID = re.compile(r"[0-9a-f]{32}")
RunId = Annotated[str, Path(max_length=200)]
ASKED: dict[str, Any] = {  # the body is read by hand, so the document is written by hand
    "parameters": [
        *({"name": name, "in": "query", "schema": {"type": "string"}} for name in WISHES),
        {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": MAX_KEY}},
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": PICTURE},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photo"],
                    "properties": {"photo": PICTURE, **{name: {"type": "string"} for name in WISHES}},
                }
            },
        },
    },
}
CUTOUT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The PNG.", "content": {"image/png": {"schema": PICTURE}}}
}


class Started(BaseModel):
    """A run that has begun, now or earlier under the same key, and how it stands."""

    run_id: str
    status: RunStatus


def starting_router(service: Service) -> APIRouter:
    router = APIRouter(route_class=ProblemRoute)

    @router.post(
        "/runs",
        status_code=202,
        response_model=Started,
        responses=problems(400, 403, 411, 413, 422, 503),
        openapi_extra=ASKED,
        summary="Start a run",
    )
    async def start_run(request: Request) -> Response:
        """The photo as the body, or as `photo` of a multipart form; wishes as query parameters or fields of the form.

        `Idempotency-Key`: for a day, the same key from the same address with the same photo and wishes answers with the
        same run; with another photo or other wishes it is an error.
        """
        language = await language_of(request)
        if refusal := objection(request, language, MAX_BODY) or _wrong_key(request, language):
            return refusal
        try:
            photo, wishes = await _parts(request)
            asked = SelectionRequest.model_validate({key: wishes[key] for key in WISHES if wishes.get(key)})
        except ValidationError as error:
            return wrong(error.errors(include_url=False, include_input=False)[0], language)
        except HTTPException:
            return refused(HTTPStatus.BAD_REQUEST, "rest.form", language)
        return await _started(service, request, photo, asked)

    @router.get(
        "/runs/{run_id}/cutout",
        response_class=FileResponse,
        responses=CUTOUT | problems(404, 422),
        summary="The cutout of a run",
    )
    async def get_cutout(run_id: RunId, language: Reader) -> Response:
        """A transparent PNG at the photo's size, as long as the files are kept."""
        result = await service.result(run_id) if RUN_ID.fullmatch(run_id) else None
        if result is None or result.files is None:
            return refused(HTTPStatus.NOT_FOUND, "rest.no_cutout", language)
        return FileResponse(result.files.cutout, media_type="image/png")

    @router.delete(
        "/runs/{run_id}", status_code=204, responses=problems(404, 422), summary="Delete the pictures of a run"
    )
    async def delete_run(run_id: RunId, language: Reader) -> Response:
        """Of a run that no session owns: started here, by a tool of MCP, or by a call that names no session.

        What a page or client started is deleted there, by its own session.
        """
        if not (RUN_ID.fullmatch(run_id) and await service.privacy.delete_run(run_id)):
            return refused(HTTPStatus.NOT_FOUND, "rest.not_deleted", language)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


def _wrong_key(request: Request, language: Language) -> Response | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        return refused(HTTPStatus.BAD_REQUEST, "rest.key", language, limit=MAX_KEY)
    return None


async def _parts(request: Request) -> tuple[bytes, Mapping[str, object]]:
    """The photo, and whatever was said beside it."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body(), dict(request.query_params)
    async with request.form(max_files=1, max_fields=len(WISHES) + 2) as form:
        photo = form.get("photo")
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        return (await photo.read() if isinstance(photo, UploadFile) else b""), {**request.query_params, **fields}


async def _started(service: Service, request: Request, photo: bytes, asked: SelectionRequest) -> Response:
    try:
        run_id = await service.start(photo, asked, visitor(request), request.headers.get("idempotency-key"))
    except CutoutRouterError as error:
        answer = sorry(error, STATUSES, await language_of(request))
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            answer.headers["Retry-After"] = AGAIN_AFTER_S
        return answer
    started = Started(run_id=run_id, status=await _status(service, run_id))
    return JSONResponse(started.model_dump(), HTTPStatus.ACCEPTED, headers={"Location": f"/runs/{run_id}"})


async def _status(service: Service, run_id: str) -> RunStatus:
    """A run that could not be written down has begun all the same."""
    try:
        result = await service.result(run_id)
    except DatabaseError:
        return RunStatus.RUNNING
    return result.status if result else RunStatus.RUNNING
