"""Files for marketplaces: one is made by a POST, which answers with its report, and fetched by a GET."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse, JSONResponse
from pydantic import Field

from api.problems import PICTURE, Reader, SmallBodyRoute, problems, refused, sorry
from domain import CheckReport, ExportOptions, ExportReport, Language
from errors import CutoutRouterError, FilesGone
from service import Service

STATUSES = {FilesGone: HTTPStatus.NOT_FOUND, CutoutRouterError: HTTPStatus.UNPROCESSABLE_ENTITY}
RunId = Annotated[str, Path(max_length=200)]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {kind: {"schema": PICTURE} for kind in ("image/jpeg", "image/png", "image/webp")},
    }
}


class ExportOrder(ExportOptions):
    """The options of an export. `step` counts touch-ups; 0 is the model's own cutout."""

    step: int = Field(default=0, ge=0, le=1_000_000)


def exports_router(service: Service) -> APIRouter:
    router = APIRouter(route_class=SmallBodyRoute)

    @router.get(
        "/marketplaces/{marketplace}",
        response_model=list[CheckReport],
        responses=problems(404, 422),
        summary="What a marketplace asks",
    )
    def get_rules(marketplace: Annotated[str, Path(max_length=200)], language: Reader) -> Any:
        """Every rule with its source, its date and how far it can be trusted; what is not known says so."""
        if marketplace not in service.exports.rules:
            return _no_marketplace(HTTPStatus.NOT_FOUND, service, language)
        return list(service.exports.rule_reports(marketplace, language))

    @router.post(
        "/runs/{run_id}/exports",
        status_code=HTTPStatus.CREATED,
        response_model=ExportReport,
        responses=problems(404, 413, 422),
        summary="A file for a marketplace, and its compliance report",
    )
    async def make_export(run_id: RunId, order: ExportOrder, language: Reader) -> Any:
        """The file is at `/runs/{run_id}/exports/{export}`. Only the client API takes a picture for the background."""
        if order.marketplace not in service.exports.rules:
            return _no_marketplace(HTTPStatus.UNPROCESSABLE_ENTITY, service, language)
        options = ExportOptions(**order.model_dump(exclude={"step"}))
        try:
            return service.exports.report(await service.exports.make(run_id, order.step, options), language)
        except CutoutRouterError as error:
            return _told(error, language)

    @router.get(
        "/runs/{run_id}/exports/{export}",
        response_class=FileResponse,
        responses=FILE | problems(404, 422),
        summary="The file of an export",
    )
    async def get_export(run_id: RunId, export: Number, language: Reader) -> Any:
        try:
            path = await service.exports.file(run_id, export)
        except FilesGone as gone:
            return _told(gone, language)
        return FileResponse(path, filename=path.name, headers={"x-content-type-options": "nosniff"})

    return router


def _no_marketplace(status: HTTPStatus, service: Service, language: Language) -> JSONResponse:
    return refused(status, "rest.no_marketplace", language, known=", ".join(service.exports.rules))


def _told(error: CutoutRouterError, language: Language) -> JSONResponse:
    return sorry(error, STATUSES, language)
