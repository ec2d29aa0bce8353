"""Replicate's API through its own package, with that package's traps closed.

The package's transport tries a GET ten times on 429, 503 and 504 and sleeps as long as `Retry-After` says; so errors
leave the transport under it as exceptions, before it can count them. It gives most calls no timeout; so each call here
has one. It knows no `Cancel-After`; so a hook adds the header.
"""

from __future__ import annotations

import asyncio
import io
import math
import re
import ssl
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx
import replicate
from replicate.prediction import Prediction

from domain import Fact
from errors import ConnectionLost, InvalidInput, PredictionFailed, ProviderError, ServerFault, TimedOut
from providers.budget import RetryBudget
from providers.replicate_config import ReplicateConfig
from providers.replicate_errors import provider_errors
from providers.timing import Deadline

CREATE_S = 30.0
UPLOAD_S = 60.0
POLL_S = 10.0
LAST_LOOK_S = 1.0
CANCEL_S = 3.0
MIN_CANCEL_AFTER_S = 5
ENDPOINT = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(:\w+)?", re.ASCII)


class PlainTransport(httpx.AsyncBaseTransport):
    """One request, one answer: a JSON object, or else an `httpx` exception.

    An unsuccessful status is an `httpx.HTTPStatusError`, body and headers at hand. Anything that is no JSON object is
    an `httpx.DecodingError`; the package would raise `AttributeError` or `TypeError` over it.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=tls)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        response.request = request
        data = await response.aread()
        response.raise_for_status()
        if not data.lstrip().startswith(b"{"):
            raise httpx.DecodingError("no JSON object", request=request)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(frozen=True, slots=True)
class ReplicateApi:
    """The calls of the API that a run needs; each raises only `ProviderError`."""

    client: replicate.Client
    config: ReplicateConfig
    deadline: Deadline
    budget: RetryBudget

    async def upload(self, picture: bytes, name: str, media_type: str) -> str:
        """Store a picture for 24 hours; its address is for this account only."""
        file = io.BytesIO(picture)
        file.name = name
        stored = await self._call(self.client.files.async_create(file, content_type=media_type), UPLOAD_S)
        if "get" not in stored.urls:
            raise ServerFault("unreadable answer: urls")
        return str(stored.urls["get"])

    async def create(self, endpoint: str, payload: Mapping[str, Fact]) -> Prediction:
        """Buy a prediction: by version for `owner/name:version`, by name for `owner/name` (official models).

        Errors after which nobody knows whether one was created have the fact `unsure`.
        """
        if self.deadline.passed:
            raise TimedOut("deadline passed before anything was bought")
        if not ENDPOINT.fullmatch(endpoint):
            raise InvalidInput("the registry's endpoint is neither owner/name nor owner/name:version")
        model, _, version = endpoint.partition(":")
        if version:
            call = self.client.predictions.async_create(version=version, input=dict(payload))
        else:
            call = self.client.models.predictions.async_create(model=model, input=dict(payload))
        try:
            return await self._call(call, CREATE_S)
        except (ServerFault, ConnectionLost, TimedOut) as error:
            error.facts = {**error.facts, "unsure": error.facts.get("reached", True)}
            raise
        except PredictionFailed as error:  # it was made, in a status that the package does not know
            error.facts = {**error.facts, "unsure": error.facts.get("status") != "aborted"}
            raise

    async def get(self, prediction_id: str) -> Prediction:
        return await self._call(self.client.predictions.async_get(prediction_id), POLL_S)

    async def page(self, address: str | None = None) -> Mapping[str, Any]:
        """A page of the account's predictions, the newest first; may take a second after the deadline.

        As JSON: the package cannot read a page on which one prediction was aborted.
        """
        path = address or "/v1/predictions"
        if not path.startswith(("/v1/predictions", f"{self.config.base_url}/v1/predictions")):
            raise ServerFault("unreadable answer: next")
        with provider_errors(self.config.token):
            async with asyncio.timeout(max(LAST_LOOK_S, min(POLL_S, self.deadline.left))):
                page = (await self.client._async_request("GET", path)).json()
        if not _is_page(page):
            raise ServerFault("unreadable answer: results")
        return cast(Mapping[str, Any], page)

    async def cancel(self, prediction_id: str) -> str | None:
        """Stop paying for a prediction; the status that it has then. What goes wrong is left to `Cancel-After`."""
        return await self._status(self.client.predictions.async_cancel(prediction_id))

    async def status(self, prediction_id: str) -> str | None:
        """In a few seconds, and after the deadline too; None when nobody says."""
        return await self._status(self.client.predictions.async_get(prediction_id))

    async def _status(self, call: Coroutine[Any, Any, Prediction]) -> str | None:
        """None when nobody says. The package cannot read `aborted`, but its complaint names the word."""
        try:
            with provider_errors(self.config.token):
                async with asyncio.timeout(CANCEL_S):
                    return str((await call).status)
        except PredictionFailed as error:
            return str(error.facts["status"])
        except ProviderError:
            return None

    async def _call(self, call: Coroutine[Any, Any, Any], seconds: float) -> Any:
        with provider_errors(self.config.token):
            async with asyncio.timeout(min(seconds, self.deadline.left)):
                return await call


@asynccontextmanager
async def replicate_api(
    config: ReplicateConfig, tls: ssl.SSLContext, deadline: Deadline, budget: RetryBudget
) -> AsyncIterator[ReplicateApi]:
    """A client for one run and one event loop, closed at its end; with a shared TLS context it costs less than 1 ms."""
    transport = PlainTransport(tls)
    client = replicate.Client(
        api_token=config.token.get_secret_value(),
        base_url=config.base_url,
        timeout=httpx.Timeout(UPLOAD_S, connect=5.0),
        transport=transport,
        event_hooks={"request": [_cancel_after(deadline)]},
    )
    try:
        yield ReplicateApi(client, config, deadline, budget)
    finally:
        await transport.aclose()


def _is_page(page: object) -> bool:
    """Enough of one to look for a purchase in it."""
    if not isinstance(page, dict) or not isinstance(page.get("next") or "", str):
        return False
    results = page.get("results")
    return isinstance(results, list) and all(
        isinstance(one, dict) and isinstance(one.get("id"), str) and isinstance(one.get("input") or {}, dict)
        for one in results
    )


def _cancel_after(deadline: Deadline) -> Any:
    async def stamp(request: httpx.Request) -> None:
        if request.method == "POST" and request.url.path.endswith("/predictions"):
            request.headers["Cancel-After"] = f"{max(MIN_CANCEL_AFTER_S, math.ceil(deadline.left))}s"

    return stamp
