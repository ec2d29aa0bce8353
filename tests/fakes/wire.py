"""The shapes of Replicate's wire format: predictions, files, pages, problems."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

STAMP = "2026-01-02T03:04:05.000Z"
FINAL = frozenset({"succeeded", "failed", "canceled", "aborted"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in; `json` is its body when that is a JSON object, else empty."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> dict[str, Any]:
        is_json = self.headers.get("content-type", "").startswith("application/json")
        shape: dict[str, Any] = json.loads(self.body) if is_json and self.body else {}
        return shape

    @property
    def inputs(self) -> dict[str, Any]:
        inputs: dict[str, Any] = self.json.get("input", {})
        return inputs


@dataclass(slots=True)
class Job:
    """One prediction as the fake keeps it."""

    id: str
    model: str
    version: str
    inputs: dict[str, Any]
    cancel_after: str | None
    behaviour: Any
    polls: int = 0
    downloads: int = 0
    cancelled: bool = False
    aborted: bool = False
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat().replace("+00:00", "Z"))
    file: bytes | None = None
    data_removed: bool = False

    @property
    def status(self) -> str:
        if self.cancelled:
            return "aborted" if self.aborted else "canceled"
        if self.polls < self.behaviour.boot:
            return "starting"
        if self.polls < self.behaviour.boot + self.behaviour.work:
            return "processing"
        return str(self.behaviour.status)


def prediction(job: Job, base: str, output: Any) -> dict[str, Any]:
    """A prediction as the API shows it."""
    ended = job.status in FINAL
    return {
        "id": job.id,
        "model": job.model,
        "version": job.version,
        "input": {} if job.data_removed else job.inputs,
        "output": None if job.data_removed else output,
        "logs": "",
        "error": job.behaviour.error if ended and not job.cancelled else None,
        "status": job.status,
        "data_removed": job.data_removed,
        "created_at": job.created_at,
        "started_at": None if job.status == "starting" else STAMP,
        "completed_at": STAMP if ended else None,
        "deadline": None,
        "metrics": {"predict_time": 1.5, "total_time": 2.0} if ended else {},
        "urls": {
            "get": f"{base}/v1/predictions/{job.id}",
            "cancel": f"{base}/v1/predictions/{job.id}/cancel",
            "stream": f"{base}/stream/{job.id}",
            "web": f"{base}/p/{job.id}",
        },
    }


def page(results: list[dict[str, Any]], next_url: str | None) -> dict[str, Any]:
    return {"previous": None, "next": next_url, "results": results}


def stored_file(file_id: str, name: str, media_type: str, size: int, base: str) -> dict[str, Any]:
    """An upload as the API shows it."""
    return {
        "id": file_id,
        "name": name,
        "content_type": media_type,
        "size": size,
        "etag": file_id,
        "checksums": {},
        "metadata": {},
        "created_at": STAMP,
        "expires_at": STAMP,
        "urls": {"get": f"{base}/v1/files/{file_id}"},
    }


def problem(status: int, detail: str, title: str = "", **more: Any) -> bytes:
    told = {key: value for key, value in more.items() if value is not None}
    return json.dumps({"title": title or f"Error {status}", "detail": detail, "status": status, **told}).encode()


def multipart_file(request: Request) -> tuple[str, str, bytes]:
    """Name, media type and bytes of the part called `content`."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    for part in BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts():
        if part.get_param("name", header="content-disposition") == "content":
            data = part.get_payload(decode=True)
            return part.get_filename("file"), part.get_content_type(), data if isinstance(data, bytes) else b""
    raise ValueError("no part called content")


MODEL_PATH = re.compile(r"/v1/models/([^/]+/[^/]+)/predictions")
