"""The fake itself, where no test of the providers looks: lists, files, scripts."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import replicate

from tests.fakes.behaviours import fail
from tests.fakes.pictures import kontext_size
from tests.fakes.replicate_server import BIREFNET, V1, V2, ReplicateServer
from tests.providers.conftest import BIREFNET_MODEL, V1_MODEL, V2_MODEL, Bench


@pytest.fixture
def client(server: ReplicateServer) -> Iterator[replicate.Client]:
    client = replicate.Client(api_token=server.token, base_url=server.url)
    yield client
    client._client.close()


def test_predictions_are_listed_page_by_page_newest_first(bench: Bench, client: replicate.Client) -> None:
    bench.server.page_size = 2
    for _ in range(5):
        bench.run(BIREFNET_MODEL)
    first = client.predictions.list()
    second = client.predictions.list(first.next)
    assert [job.id for job in first] + [job.id for job in second] == ["job0005", "job0004", "job0003", "job0002"]
    assert client.predictions.list(second.next).next is None


def test_an_upload_can_be_fetched_again(client: replicate.Client, server: ReplicateServer) -> None:
    stored = client.files.create(io.BytesIO(b"hello"), filename="a.txt")
    fetched = client._client.get(stored.urls["get"])
    assert (fetched.content, fetched.headers["content-type"]) == (b"hello", "text/plain")


def test_the_package_runs_a_model_of_the_fake(client: replicate.Client, server: ReplicateServer) -> None:
    server.always(BIREFNET, fail("CUDA out of memory"))
    made = client.predictions.create(version=BIREFNET_MODEL.endpoint.partition(":")[2], input={"image": "data:,"})
    made.reload()
    assert (made.status, made.error) == ("failed", "CUDA out of memory")


def test_a_script_is_used_up_in_order_and_for_its_target_only(bench: Bench) -> None:
    bench.server.script(V2, fail("first"))
    with pytest.raises(Exception, match="first"):
        bench.run(V2_MODEL)
    bench.server.script(V1, fail("other"))
    bench.run(V2_MODEL)
    with pytest.raises(Exception, match="other"):
        bench.run(V1_MODEL)


@pytest.mark.parametrize(
    ("size", "expected"), [((800, 600), (1184, 880)), ((900, 1600), (752, 1392)), ((5, 5), (1024, 1024))]
)
def test_kontext_answers_in_one_of_its_own_sizes(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert kontext_size(size) == expected
