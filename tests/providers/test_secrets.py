"""The token goes to Replicate's API and nowhere else: not to other hosts, not into texts."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from errors import ProviderError, SettingError
from providers import ReplicateConfig
from providers.download import allowed
from providers.replicate_errors import redacted
from tests.fakes.behaviours import Behaviour, Reply, fail, http, output
from tests.fakes.replicate_server import BIREFNET
from tests.providers.conftest import BIREFNET_MODEL, Bench

TOKEN = "not-like-a-replicate-token"
TOKENS = st.from_regex(r"[A-Za-z0-9_]{8,40}", fullmatch=True)


def test_no_authorization_comes_to_the_delivery_host(bench: Bench) -> None:
    bench.run(BIREFNET_MODEL)
    (delivery,) = bench.server.requests_to("GET", "/delivery/")
    assert "authorization" not in delivery.headers
    assert "r8_fake" not in str(delivery)
    assert delivery.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "behaviour",
    [
        http(422, f"the token {TOKEN} is odd"),
        http(500, f"Authorization: Bearer {TOKEN}"),
        http(500, title=TOKEN, detail=""),
        Behaviour(creation=Reply(500, headers={"Content-Type": f"text/{TOKEN}"})),
        fail(f"cannot fetch with {TOKEN}"),
        fail(None, status=TOKEN),
        output(f"https://{TOKEN}.example/x.png"),
    ],
    ids=range(7),
)
def test_a_server_that_echoes_the_token_does_not_get_it_into_an_error(bench: Bench, behaviour: Behaviour) -> None:
    bench.server.token = TOKEN
    bench.server.script(BIREFNET, behaviour)
    with pytest.raises(ProviderError) as caught:
        bench.run(BIREFNET_MODEL)
    error = caught.value
    shown = "".join(traceback.format_exception(error))
    assert TOKEN not in f"{error} {error!r} {error.facts} {shown}"


def test_the_token_is_in_no_repr(bench: Bench) -> None:
    bench.server.token = TOKEN
    assert TOKEN not in f"{bench.config!r} {bench.config} {bench.provider(BIREFNET_MODEL)!r}"


@pytest.mark.parametrize("written", [f"{TOKEN}\n", f"  {TOKEN}\r\n"])
def test_space_around_the_token_is_dropped(bench: Bench, written: str) -> None:
    bench.server.token = TOKEN
    config = ReplicateConfig(SecretStr(written), bench.server.url + "/v1/")
    assert bench.run(BIREFNET_MODEL, config=config).pixels.size == (64, 48)


@pytest.mark.parametrize("written", ["r8_\nabc", "r8_ключ", "r8_\x00"])
def test_a_token_that_no_header_can_carry_stops_the_start_without_being_shown(written: str) -> None:
    with pytest.raises(SettingError) as caught:
        ReplicateConfig(SecretStr(written))
    assert "REPLICATE_API_TOKEN" in str(caught.value)
    assert written not in repr(caught.value)


@pytest.mark.parametrize("token", ["", "  \n"])
def test_without_a_token_hosted_models_are_not_ready(bench: Bench, token: str) -> None:
    config = ReplicateConfig(SecretStr(token))
    ready = bench.provider(BIREFNET_MODEL, config).ready(BIREFNET_MODEL)
    assert (ready.ready, ready.reason) == (False, "no_token")


def test_with_a_token_hosted_models_are_ready(bench: Bench) -> None:
    assert bench.provider(BIREFNET_MODEL).ready(BIREFNET_MODEL).ready


@pytest.mark.parametrize("address", ["https://replicate.delivery/x.png", "https://pbxt.replicate.delivery/a/b.png"])
def test_pictures_may_come_from_replicates_delivery_hosts(address: str) -> None:
    assert str(allowed(address, ReplicateConfig())) == address


def test_a_detail_is_one_short_printable_line() -> None:
    detail = redacted("bad\x1b[31m \n\tthing\u202e " + "x" * 10_000, SecretStr(""))
    assert detail.startswith("bad [31m thing x")
    assert detail.isprintable()
    assert len(detail) == 200


@given(before=st.text(max_size=300), after=st.text(max_size=300), token=TOKENS)
def test_whatever_stands_around_the_token_it_is_cut_out(before: str, after: str, token: str) -> None:
    detail = redacted(before + token + after, SecretStr(token))
    assert token not in detail
    assert detail.isprintable()
    assert len(detail) <= 200


@pytest.mark.parametrize("padding", [150, 190, 4990])
def test_not_even_the_beginning_of_the_token_is_left_where_a_text_is_cut_off(padding: int) -> None:
    assert TOKEN[:4] not in redacted("x" * padding + TOKEN, SecretStr(TOKEN))
    assert TOKEN[:4] not in redacted(" " * padding + TOKEN, SecretStr(TOKEN))


@pytest.mark.parametrize("secret", ["r8_abcdef0123", "Bearer abc.def", "data:image/png;base64,AAAA"])
def test_what_looks_like_a_secret_or_a_picture_is_cut_out_of_a_detail(secret: str) -> None:
    assert redacted(f"before {secret} after", SecretStr("")) == "before [...] after"
