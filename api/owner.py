"""What only the owner sees, by `ADMIN_TOKEN`; none of it stands in the OpenAPI document."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header

from api.problems import ProblemRoute, Reader, problem
from domain import SpendReport
from service import Service
from wording import say

CHALLENGE = {"WWW-Authenticate": "Bearer"}


def owner_router(service: Service, admin_token: str) -> APIRouter:
    router = APIRouter(route_class=ProblemRoute, include_in_schema=False)

    @router.get("/spend", response_model=SpendReport)
    def spend(language: Reader, authorization: Annotated[str, Header()] = "") -> Any:
        """Paid, reserved and unsure US dollars of today and this month, by model, beside the caps."""
        if not _is_owner(authorization, admin_token):
            return problem(HTTPStatus.UNAUTHORIZED, say("rest.owner", {}, language), CHALLENGE)
        return service.spend()

    return router


def _is_owner(authorization: str, admin_token: str) -> bool:
    """Takes as long for a wrong token as for the right one; headers come as Latin-1, whatever their bytes mean."""
    scheme, _, given = authorization.partition(" ")
    same = secrets.compare_digest(given.strip().encode("latin-1"), admin_token.encode())
    return same and scheme.lower() == "bearer"
