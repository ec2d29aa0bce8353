"""A Replicate of our own: a real HTTP server that speaks its wire format and does as it is told.

    with ReplicateServer() as server:
        server.script(V2, fail("CUDA out of memory"), succeed())   # the first creation fails, the second ends well
        server.always(BIREFNET, http(500))                         # whenever nothing is scripted
        config = ReplicateConfig(SecretStr(server.token), server.url)

It never sleeps. Without a script it answers from the uploaded picture. To try the application against it by hand:

    python -m tests.fakes.replicate_server --port 9999 --fail v2,v1
"""

from __future__ import annotations

import argparse
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import pictures
from tests.fakes.behaviours import Answer, Behaviour, FromInputs, Inputs, Reply, fail, problem_reply
from tests.fakes.http_server import Listening
from tests.fakes.models import BIREFNET_NAME, IMAGE_KEYS, KONTEXT, MODELS_BY_VERSION, UNKNOWN_VERSION, made, usual
from tests.fakes.wire import FINAL, MODEL_PATH, Job, Request, multipart_file, page, prediction, stored_file


@dataclass(frozen=True)
class Target:
    """Which creations a script is for: a model's name, and a test of its inputs."""

    model: str
    when: Callable[[Inputs], bool] = lambda _: True

    def fits(self, model: str, inputs: Inputs) -> bool:
        return model == self.model and self.when(inputs)


V2 = Target(KONTEXT, lambda inputs: inputs.get("num_inference_steps") == 50)
V1 = Target(KONTEXT, lambda inputs: inputs.get("num_inference_steps") == 30)
BIREFNET = Target(BIREFNET_NAME)
TARGETS = {"v2": V2, "v1": V1, "birefnet": BIREFNET}


@dataclass
class ReplicateServer:
    """`matte` is what the fake models cut with; `upload_answers` take the place of the usual answers to uploads."""

    token: str = "r8_fake"
    port: int = 0
    matte: pictures.Matte = pictures.matte_by_border
    page_size: int = 100
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    upload_answers: deque[Answer] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._files: dict[str, tuple[str, bytes]] = {}
        self._queues: list[tuple[Target, deque[Behaviour]]] = []
        self._defaults: list[tuple[Target, Behaviour]] = []
        self._lock = threading.RLock()

    def __enter__(self) -> ReplicateServer:
        self._listening = Listening(self.answer, self.port, self.tls)
        self.url = self._listening.url
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    # what a test says and asks

    def script(self, target: Target, *behaviours: Behaviour) -> None:
        """Queue behaviours for the next creations that fit; afterwards the usual one is back."""
        self._queues.append((target, deque(behaviours)))

    def always(self, target: Target, behaviour: Behaviour) -> None:
        """Change what a target does whenever nothing is queued for it."""
        self._defaults.insert(0, (target, behaviour))

    def forget(self) -> None:
        """As if it had just been started."""
        with self._lock:
            for memory in (self.requests, self.jobs, self.upload_answers, self._queues, self._defaults):
                memory.clear()
            self.matte = pictures.matte_by_border

    def requests_to(self, method: str, start: str) -> list[Request]:
        return [request for request in self.requests if request.method == method and request.path.startswith(start)]

    @property
    def creations(self) -> list[Request]:
        """Every POST that asked for a prediction, answered or not."""
        return [request for request in self.requests_to("POST", "/v1/") if request.path.endswith("/predictions")]

    # the wire

    def answer(self, request: Request) -> Answer:
        """What the HTTP server calls for every request, from any thread."""
        with self._lock:
            self.requests.append(request)
            if request.path.startswith("/delivery/"):
                return self._deliver(request)
            if request.headers.get("authorization") != f"Bearer {self.token}":
                return problem_reply(401, "You did not pass a valid authentication token", title="Unauthenticated")
            return self._api(request)

    def _api(self, request: Request) -> Answer:
        path = request.path.partition("?")[0]
        parts = path.removeprefix("/v1/").split("/")
        match request.method, parts:
            case "POST", ["predictions"] | ["models", _, _, "predictions"]:
                return self._create(request)
            case "GET", ["predictions"]:
                return self._list(request)
            case "GET", ["predictions", job_id]:
                return self._with_job(job_id, self._poll)
            case "POST", ["predictions", job_id, "cancel"]:
                return self._with_job(job_id, self._cancel)
            case "POST", ["files"]:
                return self._store(request)
            case "GET", ["files", file_id] if file_id in self._files:
                media_type, data = self._files[file_id]
                return Reply(200, data, {"Content-Type": media_type})
        return problem_reply(404, "The requested resource could not be found.")

    def arrive_at_last(self, creation: Request) -> Job:
        """Make the prediction of a POST now to which there was no answer."""
        with self._lock:
            return self._bought(creation, Behaviour())

    def _create(self, request: Request) -> Answer:
        behaviour = self._next(_asked_for(request)[0], request.inputs)
        if behaviour.on_creation:
            behaviour.on_creation()
        if behaviour.creation and not behaviour.made:
            return behaviour.creation
        job = self._bought(request, behaviour)
        return behaviour.creation or self._shown(job, 201)

    def _bought(self, request: Request, behaviour: Behaviour) -> Job:
        model, version = _asked_for(request)
        job_id = f"job{len(self.jobs) + 1:04d}"
        job = Job(job_id, model, version, request.inputs, request.headers.get("cancel-after"), behaviour)
        self.jobs.append(job)
        return job

    def _next(self, model: str, inputs: Inputs) -> Behaviour:
        for target, queue in self._queues:
            if queue and target.fits(model, inputs):
                return queue.popleft()
        told = (behaviour for target, behaviour in self._defaults if target.fits(model, inputs))
        return next(told, None) or usual(model, inputs)

    def _with_job(self, job_id: str, act: Callable[[Job], Answer]) -> Answer:
        job = next((job for job in self.jobs if job.id == job_id), None)
        return act(job) if job else problem_reply(404, "The requested resource could not be found.")

    def _poll(self, job: Job) -> Answer:
        job.polls += 1
        told = job.behaviour.polls
        return told[job.polls - 1] if job.polls <= len(told) else self._shown(job, 200)

    def _cancel(self, job: Job) -> Answer:
        if job.status not in FINAL:
            job.aborted, job.cancelled = job.status == "starting", True
        return self._shown(job, 200)

    def _list(self, request: Request) -> Answer:
        start = int(request.path.partition("cursor=")[2] or 0)
        end = start + self.page_size
        newest_first = self.jobs[::-1]
        following = f"{self.url}/v1/predictions?cursor={end}" if end < len(newest_first) else None
        shown = [prediction(job, self.url, self._output(job)) for job in newest_first[start:end]]
        return as_json(200, page(shown, following))

    def _store(self, request: Request) -> Answer:
        if self.upload_answers:
            return self.upload_answers.popleft()
        name, media_type, data = multipart_file(request)
        file_id = f"file{len(self._files) + 1:04d}"
        self._files[file_id] = (media_type, data)
        return as_json(201, stored_file(file_id, name, media_type, len(data), self.url))

    def _deliver(self, request: Request) -> Answer:
        job = next((job for job in self.jobs if job.id == request.path.split("/")[2]), None)
        if job is None or job.file is None:
            return Reply(404)
        job.downloads += 1
        told = job.behaviour.deliveries
        whole = Reply(200, job.file, {"Content-Type": job.behaviour.media_type})
        return told[job.downloads - 1] if job.downloads <= len(told) else whole

    # what the models make

    def _shown(self, job: Job, status: int) -> Reply:
        return as_json(status, prediction(job, self.url, self._output(job)))

    def _output(self, job: Job) -> Any:
        output = job.behaviour.output
        if job.status != "succeeded":
            return None
        if isinstance(output, FromInputs):
            job.file = job.file or self._made(job)
        elif isinstance(output, bytes):
            job.file = output
        else:
            return output
        return f"{self.url}/delivery/{job.id}/out.png"

    def _made(self, job: Job) -> bytes:
        return made(job.model, self._picture(job.inputs[IMAGE_KEYS[job.model]]), self.matte)

    def _picture(self, address: str) -> bytes:
        if address.startswith("data:"):
            return pictures.from_data_uri(address)
        return self._files[address.rpartition("/")[2]][1]


def _asked_for(request: Request) -> tuple[str, str]:
    """Model and version of a creation."""
    named, version = MODEL_PATH.fullmatch(request.path), str(request.json.get("version", "hidden"))
    return named[1] if named else MODELS_BY_VERSION.get(version, UNKNOWN_VERSION), version


def as_json(status: int, shape: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(shape).encode(), {"Content-Type": "application/json"})


def main() -> None:
    """Serve until Ctrl-C; the token is anything that `--token` says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=9999)
    parser.add_argument("--token", default="r8_fake")
    parser.add_argument("--fail", default="", help="models that always fail, of: " + ", ".join(TARGETS))
    options = parser.parse_args()
    failing = [name for name in options.fail.split(",") if name]
    if not set(failing) <= set(TARGETS):
        parser.error(f"--fail takes {', '.join(TARGETS)}")
    with ReplicateServer(token=options.token, port=options.port) as server:
        for name in failing:
            server.always(TARGETS[name], fail())
        print(f"REPLICATE_BASE_URL={server.url} REPLICATE_API_TOKEN={server.token}", flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
