"""The border: every foreign error becomes a leaf of the project's tree here, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

import httpx
from pydantic import SecretStr
from pydantic.v1 import ValidationError
from replicate.exceptions import ModelError, ReplicateError, ReplicateException

from errors import (
    ConnectionLost,
    ContentRefused,
    Forbidden,
    InvalidInput,
    ModelGone,
    OutOfCredit,
    PredictionFailed,
    ProviderError,
    ServerFault,
    Throttled,
    TimedOut,
    Unauthenticated,
)

MAX_DETAIL = 200
BY_STATUS: Mapping[int, type[ProviderError]] = {
    401: Unauthenticated,
    402: OutOfCredit,
    403: Forbidden,
    404: ModelGone,
    408: ServerFault,
    410: ModelGone,
}
REFUSAL = re.compile(r"nsfw|flagged as sensitive|\(E005\)", re.IGNORECASE)
SECRET = re.compile(r"\br8_\w+|\bBearer\s+\S+|data:[\w/+.-]*;base64,\S*", re.IGNORECASE)
FOREIGN = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    ReplicateException,
    ValueError,
    RecursionError,
    TimeoutError,
)
"""Bytes that are no text, that are no JSON, or whose shape or numbers are wrong are a `ValueError`; JSON that is nested
too deep is a `RecursionError`."""


@contextmanager
def provider_errors(token: SecretStr) -> Iterator[None]:
    """Turn what httpx, replicate and JSON raise into `ProviderError`; the token never stands in a detail.

    The cause is cut off on purpose: its text may hold the token or a whole body.
    """
    try:
        yield
    except FOREIGN as error:
        raise translated(error, token) from None


def translated(error: BaseException, token: SecretStr) -> ProviderError:
    """The leaf for a foreign error."""
    match error:
        case httpx.HTTPStatusError():
            return _http_fault(error.response, token)
        case ReplicateError():
            return fault_of(error.status or 500, redacted(f"{error.title}: {error.detail}", token))
        case ModelError():
            return failed("failed", redacted(str(error), token))
        case ValidationError():
            return _unreadable(error, token)
        case TimeoutError():
            return TimedOut("no answer in time")
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.UnsupportedProtocol():
            return ConnectionLost(f"not reached: {type(error).__name__}", reached=False)
        case httpx.TransportError():
            return ConnectionLost(f"connection cut: {type(error).__name__}")
        case _:
            return ServerFault(f"unreadable answer: {type(error).__name__}")


def redacted(text: object, token: SecretStr) -> str:
    """One printable line of at most 200 characters without secrets."""
    secret = token.get_secret_value()
    told = str(text).replace(secret, "[...]") if secret else str(text)
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in told[:5000]).split())
    line = SECRET.sub("[...]", line)
    return line if len(line) <= MAX_DETAIL else line[: MAX_DETAIL - 1] + "…"


def failed(status: str, detail: str) -> ProviderError:
    """The leaf for a prediction that ended without success; `detail` is already redacted."""
    if REFUSAL.search(detail):
        return ContentRefused(detail, status=status)
    return PredictionFailed(f"{status}: {detail}" if detail else status, status=status)


def fault_of(status: int, detail: str, retry_after: float | None = None) -> ProviderError:
    """The leaf for an HTTP status; `detail` is already redacted."""
    text = f"HTTP {status}: {detail}"
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return Throttled(text, retry_after)
    if status in BY_STATUS:
        return BY_STATUS[status](text, status=status)
    if not httpx.codes.is_client_error(status):
        return ServerFault(text, status=status)
    if "invalid version" in detail.lower():
        return ModelGone(text, status=status)
    return ContentRefused(text) if REFUSAL.search(detail) else InvalidInput(text, status=status)


def retry_after_of(response: httpx.Response, problem: Mapping[str, object]) -> float | None:
    """Seconds to wait, from the header (a number, or a date beside the answer's own date) or the problem's body."""
    for value in (response.headers.get("Retry-After"), problem.get("retry_after")):
        seconds = _seconds(str(value or ""), response.headers.get("Date", ""))
        if seconds is not None:
            return seconds
    return None


def _seconds(value: str, date: str) -> float | None:
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value.strip()):
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _http_fault(response: httpx.Response, token: SecretStr) -> ProviderError:
    problem = _problem(response)
    said = problem.get("detail") or problem.get("title") or response.headers.get("Content-Type") or "no body"
    return fault_of(response.status_code, redacted(said, token), retry_after_of(response, problem))


def _problem(response: httpx.Response) -> Mapping[str, object]:
    """The body as problem+json, or nothing when it is anything else."""
    try:
        problem = response.json()
    except (ValueError, RecursionError, httpx.StreamError):
        return {}
    return problem if isinstance(problem, dict) else {}


def _unreadable(error: ValidationError, token: SecretStr) -> ProviderError:
    """The package knows no `aborted` and no future status; its complaint names the word."""
    for fault in error.errors():
        if fault["loc"] == ("status",) and "given" in fault.get("ctx", {}):
            return failed(redacted(fault["ctx"]["given"], token), "")
    fields = ", ".join(str(fault["loc"][0]) for fault in error.errors())
    return ServerFault(redacted(f"unreadable answer: {fields}", token))
