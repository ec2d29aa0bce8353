"""The routes: models, one model, one run, health."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Query
from fastapi.responses import JSONResponse

from api.batches import batches_router
from api.exports import exports_router
from api.owner import owner_router
from api.problems import ProblemRoute, Reader, problems, refused
from api.starting import RUN_ID, RunId, starting_router
from domain import ModelInfo, RunReport
from service import VERSION, Batches, Service

MODEL_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

Filter = Annotated[str | None, Query(max_length=40)]


def build_rest(service: Service, admin_token: str = "", batches: Batches | None = None) -> FastAPI:
    """What is for the owner alone is there only with an `admin_token`.

    A FastAPI of its own: its routes and its OpenAPI document (`/openapi.json`) know nothing of the page."""
    rest = FastAPI(
        title="Cutout Router",
        version=VERSION,
        summary="Which models cut products out of photos, and what became of a run.",
        docs_url=None,
        redoc_url=None,
    )
    rest.include_router(_router(service))
    rest.include_router(exports_router(service))
    rest.include_router(starting_router(service))
    if batches:
        rest.include_router(batches_router(batches))
    if admin_token:
        rest.include_router(owner_router(service, admin_token))
    return rest


def _router(service: Service) -> APIRouter:
    router = APIRouter(route_class=ProblemRoute)

    @router.get("/models", responses=problems(422), summary="The models, highest priority first")
    def list_models(tag: Filter = None, marketplace: Filter = None, active: bool = True) -> list[ModelInfo]:
        """Filter by tag and by marketplace; `active=false` gives the models that are switched off."""
        return list(service.models(tag, marketplace, active))

    @router.get("/models/{model_id}", response_model=ModelInfo, responses=problems(404, 422), summary="One model")
    def get_model(model_id: Annotated[str, Path(max_length=200)], language: Reader) -> Any:
        model = service.model(model_id) if MODEL_ID.fullmatch(model_id) else None
        return model or refused(HTTPStatus.NOT_FOUND, "rest.no_model", language)

    @router.get("/runs/{run_id}", response_model=RunReport, responses=problems(404, 422), summary="One run")
    async def get_run(run_id: RunId, language: Reader) -> Any:
        """The same report that the run gave when it ended; its pictures are not here."""
        report = await service.run_report(run_id, language) if RUN_ID.fullmatch(run_id) else None
        return report or refused(HTTPStatus.NOT_FOUND, "rest.no_run", language)

    @router.get("/health", summary="Database, providers, versions")
    def health() -> JSONResponse:
        told = service.health()
        ok = told["status"] == "ok"
        return JSONResponse(told, HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)

    return router
