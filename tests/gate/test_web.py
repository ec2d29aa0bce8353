"""Addresses that a visitor names: what is fetched, and what is not even asked."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import InvalidPhoto, PhotoFault
from gate import Reach, fetch, from_data_uri
from gate.room import Room
from gate.web import is_public, resolve
from tests.fakes.behaviours import Answer, Drop, Reply, Silence
from tests.fakes.trap import Trap


@pytest.fixture
def trap() -> Iterator[Trap]:
    with Trap() as trap:
        yield trap


async def here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def near(trap: Trap, **changed: object) -> Reach:
    """A reach for which this machine is the open internet, under whatever name it is asked."""
    return replace(Reach(ports=frozenset({trap.port}), resolve=here, allows=lambda _: True, seconds=5), **changed)


def got(address: str, reach: Reach) -> bytes:
    return asyncio.run(fetch(address, reach))


def fault(address: str, reach: Reach = Reach()) -> PhotoFault:  # noqa: B008
    with pytest.raises(InvalidPhoto) as caught:
        got(address, reach)
    return PhotoFault(caught.value.code)


def test_a_public_photo_is_fetched_under_its_own_name_and_without_anything_of_ours(trap: Trap):
    trap.answers["/mug.jpg"] = Reply(200, b"a photo")
    assert got(f"http://shop.example:{trap.port}/mug.jpg", near(trap)) == b"a photo"
    (request,) = trap.came
    assert request.headers["host"] == f"shop.example:{trap.port}"
    assert set(request.headers) == {"host", "accept", "accept-encoding"}


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.9.9",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:0:0:0:0:80ff:fffe",
        "fec0::1",
        "::127.0.0.1",
        "::1.1.1.1",
        "::ffff:0:7f00:1",
        "::ffff:0:101:101",
        "64:ff9b:1::a00:1",
        "100::1",
        "100:0:0:1::1",
        "5f00::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:101:101::1",
        "3fff::1",
        "4000::1",
        "192.0.0.9",
        "192.0.2.1",
        "192.88.99.1",
        "192.31.196.1",
        "192.52.193.1",
        "192.175.48.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "240.0.0.1",
        "::ffff:192.88.99.1",
    ],
)
def test_an_address_inside_is_never_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_an_address_of_the_open_internet_is_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://2130706433/x",
        "http://0x7f000001/x",
        "http://127.1/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://user:word@1.1.1.1/x",
        "http://1.1.1.1:22/x",
        "http://1.1.1.1:8080/x",
        "ftp://1.1.1.1/x",
        "file:///etc/passwd",
        "gopher://1.1.1.1/",
        "http:///x",
        "http://" + "a" * 3000 + ".example/x",
    ],
)
def test_addresses_of_this_machine_and_odd_ones_are_refused_unasked(address: str):
    assert fault(address) is PhotoFault.ADDRESS_REFUSED


def test_a_name_with_one_private_address_among_public_ones_is_refused(trap: Trap):
    async def both(_host: str, _port: int) -> list[str]:
        return ["1.1.1.1", "127.0.0.1"]

    assert fault(f"http://two.example:{trap.port}/", near(trap, resolve=both, allows=is_public)) is (
        PhotoFault.ADDRESS_REFUSED
    )
    assert trap.came == []


def test_a_redirect_into_the_private_net_is_not_followed(trap: Trap):
    asked: list[str] = []

    def outside_only(address: str) -> bool:
        asked.append(address)
        return len(asked) == 1

    trap.answers["/go"] = Reply(302, headers={"Location": f"http://127.0.0.1:{trap.port}/secret"})
    trap.answers["/secret"] = Reply(200, b"secret")
    assert fault(f"http://shop.example:{trap.port}/go", near(trap, allows=outside_only)) is PhotoFault.ADDRESS_REFUSED
    assert [request.path for request in trap.came] == ["/go"]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://x.example/", "http://a:b@x.example/", "//["])
def test_a_redirect_to_anything_but_a_web_address_is_not_followed(trap: Trap, target: str):
    trap.answers["/go"] = Reply(302, headers={"Location": target})
    assert fault(f"http://shop.example:{trap.port}/go", near(trap)) in {
        PhotoFault.ADDRESS_REFUSED,
        PhotoFault.ADDRESS_FAILED,
    }
    assert len(trap.came) == 1


def test_few_redirects_are_followed_and_a_circle_is_left(trap: Trap):
    trap.answers["/a"] = Reply(302, headers={"Location": "/b"})
    trap.answers["/b"] = Reply(200, b"a photo")
    assert got(f"http://shop.example:{trap.port}/a", near(trap)) == b"a photo"
    trap.answers["/b"] = Reply(302, headers={"Location": "/a"})
    trap.came.clear()
    assert fault(f"http://shop.example:{trap.port}/a", near(trap)) is PhotoFault.ADDRESS_FAILED
    assert len(trap.came) == 4


def test_a_file_that_is_too_large_is_left_half_way(trap: Trap):
    trap.answers["/big"] = Reply(200, bytes(3000))
    with pytest.raises(InvalidPhoto) as caught:
        got(f"http://shop.example:{trap.port}/big", near(trap, max_bytes=1000))
    assert caught.value.code is PhotoFault.TOO_MANY_BYTES


@pytest.mark.parametrize("answer", [Drop(), Reply(404), Reply(500), Reply(206, b"half"), Reply(200, b"x", claims=9)])
def test_what_does_not_come_is_a_sentence(trap: Trap, answer: Answer):
    trap.answers["/x"] = answer
    assert fault(f"http://shop.example:{trap.port}/x", near(trap)) is PhotoFault.ADDRESS_FAILED


def test_a_server_that_never_answers_is_left_at_the_deadline(trap: Trap):
    trap.answers["/x"] = Silence()
    assert fault(f"http://shop.example:{trap.port}/x", near(trap, seconds=0.05)) is PhotoFault.ADDRESS_FAILED


def test_names_are_looked_up_while_every_thread_of_the_loop_is_busy():
    """And so the other way round: slow names keep no thread from the gate and the database."""
    go_on = threading.Event()

    async def look_up() -> list[str]:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        busy = loop.run_in_executor(None, go_on.wait)
        try:
            async with asyncio.timeout(5):
                return await resolve("127.0.0.1", 80)
        finally:
            go_on.set()
            await busy

    assert asyncio.run(look_up()) == ["127.0.0.1"]


async def came_to(address: str, reach: Reach, visitor: str) -> PhotoFault:
    with pytest.raises(InvalidPhoto) as caught:
        await fetch(address, reach, visitor)
    return PhotoFault(caught.value.code)


def test_whose_look_ups_hang_gets_no_more_of_them_and_others_do_until_there_is_no_room():
    async def outcomes() -> list[PhotoFault]:
        answered = asyncio.Event()

        async def never(_host: str, _port: int) -> list[str]:
            await answered.wait()
            return []

        slow = Reach(seconds=0.01, resolve=never, room=Room(at_once=3, each=2))
        told = [await came_to("http://slow.example/", slow, visitor) for visitor in ("a", "a", "a", "b", "c")]
        answered.set()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
        at_last = replace(slow, seconds=5)
        return [
            *told,
            await came_to("http://slow.example/", at_last, "a"),
            await came_to("http://x.example/", at_last, "c"),
        ]

    failed, busy, refused = PhotoFault.ADDRESS_FAILED, PhotoFault.BUSY, PhotoFault.ADDRESS_REFUSED
    assert asyncio.run(outcomes()) == [failed, failed, busy, failed, busy, refused, refused]


def test_a_data_uri_gives_its_bytes():
    assert from_data_uri("data:image/png;base64," + base64.b64encode(b"a photo").decode()) == b"a photo"


@pytest.mark.parametrize(
    "uri", ["data:,plain", "data:image/png,raw", "data:image/png;base64", "text", "", "data:;base64"]
)
def test_other_data_uris_are_no_picture(uri: str):
    with pytest.raises(InvalidPhoto) as caught:
        from_data_uri(uri)
    assert caught.value.code is PhotoFault.NOT_A_PICTURE


def test_a_data_uri_is_weighed_before_it_is_unpacked():
    with pytest.raises(InvalidPhoto) as caught:
        from_data_uri("data:image/png;base64," + "!" * 4000, max_bytes=1000)
    assert caught.value.code is PhotoFault.TOO_MANY_BYTES


@given(st.text())
def test_no_text_is_a_data_uri_that_breaks(text: str):
    with pytest.raises(InvalidPhoto):
        from_data_uri("data:image/png;base64,~" + text)
