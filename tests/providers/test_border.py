"""No foreign error passes the border: each one that the libraries can raise is translated."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from pydantic.v1 import BaseModel, ValidationError
from replicate import exceptions
from replicate.prediction import Prediction

from errors import ConnectionLost, PredictionFailed, ProviderError, ServerFault, TimedOut
from providers.replicate_errors import provider_errors

REQUEST = httpx.Request("GET", "https://api.replicate.com/v1/predictions/x")
FAILED = Prediction(id="x", model="a/b", version="v", status="failed", error="broke", input={}, output=None)
NOT_RAISED_HERE = {"CookieConflict"}  # the API client keeps no cookies


class Shape(BaseModel):
    id: str


def invalid() -> ValidationError:
    try:
        Shape()  # type: ignore[call-arg]
    except ValidationError as error:
        return error
    raise AssertionError


def made(kind: type[Exception]) -> Exception:
    """An error with whatever its constructor wants."""
    given: dict[str, Any] = {
        "message": "boom",
        "request": REQUEST,
        "response": httpx.Response(500, request=REQUEST),
        "prediction": FAILED,
    }
    wanted = inspect.signature(kind.__init__).parameters
    return kind(**{name: value for name, value in given.items() if name in wanted})


def foreign() -> Iterator[Exception]:
    for module in (httpx, exceptions):
        for name, kind in sorted(vars(module).items()):
            if isinstance(kind, type) and issubclass(kind, Exception) and name not in NOT_RAISED_HERE:
                yield made(kind)
    yield from (json.JSONDecodeError("boom", "x", 0), TimeoutError(), invalid())


@pytest.mark.parametrize("error", list(foreign()), ids=lambda error: type(error).__name__)
def test_every_foreign_error_becomes_a_leaf(error: Exception) -> None:
    with pytest.raises(ProviderError) as caught, provider_errors(SecretStr("")):
        raise error
    assert not type(caught.value).__subclasses__()


@pytest.mark.parametrize(
    ("error", "leaf"),
    [
        (httpx.ReadTimeout("x"), ConnectionLost),
        (httpx.ConnectError("x"), ConnectionLost),
        (httpx.DecodingError("x"), ServerFault),
        (TimeoutError(), TimedOut),
        (exceptions.ModelError(FAILED), PredictionFailed),
        (exceptions.ReplicateError(status=503), ServerFault),
    ],
)
def test_a_foreign_error_becomes_the_right_leaf(error: Exception, leaf: type[ProviderError]) -> None:
    with pytest.raises(leaf), provider_errors(SecretStr("")):
        raise error


def test_a_bug_is_no_providers_fault() -> None:
    with pytest.raises(KeyError), provider_errors(SecretStr("")):
        raise KeyError("a bug")
