"""Batches by REST: photos in, an estimate out; started, looked at, stopped, tried again, fetched as one ZIP."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path as File
from typing import Annotated, Any, BinaryIO, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from api.problems import PICTURE, ProblemRoute, Reader, language_of, objection, problems, refused, sorry, visitor, wrong
from batches import Handed
from domain import BATCH_BACKGROUNDS, MOST_PHOTOS, BatchOptions, BatchReport, Language, SelectionRequest
from errors import (
    BatchError,
    CutoutRouterError,
    DatabaseError,
    FilesGone,
    NoSuchBatch,
    NoSuchMarketplace,
    Stopping,
    TooManyBatches,
)
from service import Batches

MOST_BODY = 1_050_000_000  # bytes: 500 photos of 2 MB and the form around them
MOST_FIELDS = 24
WISHES = ("model_id", "marketplace", "goal", "complexity", "local_only", "commercial_only")
LOOKS = ("shadow", "enlarge", "placement", "fill", "file_format")
BACKGROUND: Mapping[str, str] = {"background": "kind", "colour": "colour", "second_colour": "second"}
BACKGROUND_FIELDS = ("kind", "export")  # where a background that cannot be is found
SAID = (*WISHES, *LOOKS, *BACKGROUND, "marketplaces", "start")
STATUSES: Mapping[type[CutoutRouterError], HTTPStatus] = {
    NoSuchBatch: HTTPStatus.NOT_FOUND,
    FilesGone: HTTPStatus.NOT_FOUND,
    TooManyBatches: HTTPStatus.TOO_MANY_REQUESTS,
    BatchError: HTTPStatus.CONFLICT,
    NoSuchMarketplace: HTTPStatus.UNPROCESSABLE_ENTITY,
    DatabaseError: HTTPStatus.SERVICE_UNAVAILABLE,
    Stopping: HTTPStatus.SERVICE_UNAVAILABLE,
}
BatchId = Annotated[str, Path(max_length=200)]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
Spoken = Annotated[Language | None, Query(alias="language", description="Instead of the header Accept-Language.")]


ASKED: dict[str, Any] = {  # the body is read by hand, so the document is written by hand
    "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in SAID],
    "requestBody": {
        "required": True,
        "content": {
            "application/zip": {"schema": PICTURE},
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"photos": {"type": "array", "items": PICTURE}}}
            },
        },
    },
}
ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The ZIP.", "content": {"application/zip": {"schema": PICTURE}}}
}
THUMBNAIL: dict[int | str, dict[str, Any]] = {
    200: {"description": "The WebP.", "content": {"image/webp": {"schema": PICTURE}}}
}


def batches_router(batches: Batches) -> APIRouter:
    router = APIRouter(route_class=ProblemRoute, prefix="/batches")
    _taking(router, batches)
    _looking(router, batches)
    _fetching(router, batches)
    return router


def _taking(router: APIRouter, batches: Batches) -> None:
    @router.post(
        "",
        status_code=HTTPStatus.CREATED,
        response_model=BatchReport,
        responses=problems(400, 403, 404, 409, 411, 413, 422, 429, 503),
        openapi_extra=ASKED,
        summary="Hand in many photos",
    )
    async def take_batch(request: Request) -> Response:
        """Photos and ZIPs as `photos` of a multipart form, or one ZIP as the body; at most 500 photos.

        As fields or query parameters: wishes as for a run, `marketplaces` (names with commas), and how their files
        look: `background` (`white`, `colour` or `gradient`), `colour`, `second_colour`, `placement`, `fill`,
        `file_format`, `shadow` and `enlarge`.
        Nothing is bought before `POST /batches/{batch_id}/start`. With `start=true` it begins at once; it is not kept
        when the budget does not hold it, and over when there is no photo.
        """
        language = await language_of(request)
        if refusal := objection(request, language, MOST_BODY):
            return refusal
        try:
            async with _handed_in(request) as (files, said):
                take = batches.take_and_start if said.get("start") == "true" else batches.take
                batch_id = await take(files, _options(said), visitor(request))
            report = await batches.report(batch_id, language)
        except ValidationError as error:
            return _unusable(error, language)
        except HTTPException as error:
            return _unreadable(error, language)
        except CutoutRouterError as error:
            return _sorry(error, language)
        address = {"Location": f"/batches/{batch_id}"}
        return JSONResponse(report.model_dump(mode="json"), HTTPStatus.CREATED, headers=address)

    @router.post(
        "/{batch_id}/{action}",
        response_model=BatchReport,
        responses=problems(404, 409, 422, 503),
        summary="Start a batch, stop it, or try its failed photos again",
    )
    async def act(batch_id: BatchId, action: Literal["start", "stop", "retry"], language: Reader) -> Any:
        """To start what was started, or to stop what is over, changes nothing."""
        doing = {"start": batches.start, "stop": batches.stop, "retry": batches.again}[action]
        return await _answered(_then(doing(batch_id), batches, batch_id, language), language)


def _looking(router: APIRouter, batches: Batches) -> None:
    @router.get(
        "/{batch_id}", response_model=BatchReport, responses=problems(404, 422, 503), summary="A batch right now"
    )
    async def get_batch(batch_id: BatchId, reader: Reader, language: Spoken = None) -> Any:
        return await _answered(batches.report(batch_id, language or reader), language or reader)

    @router.delete(
        "/{batch_id}", status_code=HTTPStatus.NO_CONTENT, responses=problems(404, 422, 503), summary="Delete a batch"
    )
    async def delete_batch(batch_id: BatchId, language: Reader) -> Response:
        """It is stopped; its photos and everything made of them are deleted."""
        try:
            await batches.delete(batch_id)
        except CutoutRouterError as error:
            return _sorry(error, language)
        return Response(status_code=HTTPStatus.NO_CONTENT)


def _fetching(router: APIRouter, batches: Batches) -> None:
    @router.get(
        "/{batch_id}/archive",
        response_class=StreamingResponse,
        responses=ARCHIVE | problems(404, 422, 503),
        summary="Everything as a ZIP",
    )
    async def get_archive(batch_id: BatchId, reader: Reader, language: Spoken = None) -> Any:
        """Cutouts, files for marketplaces, report.csv and report.json. It is made while it is sent."""
        try:
            parts = await batches.archive(batch_id, language or reader)
        except CutoutRouterError as error:
            return _sorry(error, language or reader)
        named = {"Content-Disposition": f'attachment; filename="cutouts-{batch_id[:8]}.zip"'}
        return StreamingResponse(parts, media_type="application/zip", headers={**named, "Cache-Control": "no-store"})

    @router.get(
        "/{batch_id}/photos/{number}/thumbnail",
        response_class=FileResponse,
        responses=THUMBNAIL | problems(404, 422, 503),
        summary="A small picture of a finished photo",
    )
    async def get_thumbnail(batch_id: BatchId, number: Number, language: Reader) -> Any:
        try:
            path = await batches.thumbnail(batch_id, number)
        except CutoutRouterError as error:
            return _sorry(error, language)
        return FileResponse(path, media_type="image/webp", headers={"Cache-Control": "private, max-age=3600"})


async def _then(doing: Awaitable[None], batches: Batches, batch_id: str, language: Language) -> BatchReport:
    await doing
    return await batches.report(batch_id, language)


async def _answered(report: Awaitable[BatchReport], language: Language) -> Any:
    try:
        return await report
    except CutoutRouterError as error:
        return _sorry(error, language)


@asynccontextmanager
async def _handed_in(request: Request) -> AsyncIterator[tuple[list[Handed], Mapping[str, str]]]:
    """The files on disk, for as long as they are looked at, and what was said beside them."""
    with tempfile.TemporaryDirectory() as folder:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            path = File(folder) / "body"
            with path.open("wb") as body:
                async for part in request.stream():
                    await run_in_threadpool(body.write, part)
            yield [Handed("photos.zip", path)], dict(request.query_params)
            return
        async with request.form(max_files=MOST_PHOTOS, max_fields=MOST_FIELDS) as form:
            fields = {key: value for key, value in form.items() if isinstance(value, str)}
            yield await run_in_threadpool(_kept, form, File(folder)), {**request.query_params, **fields}


def _kept(form: FormData, folder: File) -> list[Handed]:
    photos = [one for one in form.getlist("photos") if isinstance(one, UploadFile)]
    return [Handed(one.filename or "", _copied(one.file, folder / f"{n}")) for n, one in enumerate(photos)]


def _copied(source: BinaryIO, path: File) -> File:
    with path.open("wb") as copy:
        shutil.copyfileobj(source, copy)
    return path


def _options(said: Mapping[str, str]) -> BatchOptions:
    names = [name.strip() for name in said.get("marketplaces", "").split(",")]
    return BatchOptions.model_validate(
        {
            "request": SelectionRequest.model_validate(_asked(said, {wish: wish for wish in WISHES})),
            "marketplaces": tuple(dict.fromkeys(name for name in names if name)),
            "export": _asked(said, {look: look for look in LOOKS}) | {"background": _asked(said, BACKGROUND)},
        }
    )


def _asked(said: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, Any]:
    """What was said, under the names of our own fields."""
    return {field: said[name] for name, field in fields.items() if said.get(name)}


def _unreadable(error: HTTPException, language: Language) -> JSONResponse:
    """Starlette counts the parts of a form while it reads them, and says no more than a sentence of its own."""
    if error.detail.startswith("Too many files"):
        return refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "rest.too_many_files", language, limit=MOST_PHOTOS)
    return refused(HTTPStatus.BAD_REQUEST, "rest.form", language)


def _unusable(error: ValidationError, language: Language) -> JSONResponse:
    """Fields by the names that they have here; only a batch knows which backgrounds it takes."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["loc"][-1] in BACKGROUND_FIELDS:
        expected = ", ".join(BATCH_BACKGROUNDS)
        return refused(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong.one_of", language, field="background", expected=expected)
    return wrong(first, language, {ours: name for name, ours in BACKGROUND.items()})


def _sorry(error: CutoutRouterError, language: Language) -> JSONResponse:
    return sorry(error, STATUSES, language)
