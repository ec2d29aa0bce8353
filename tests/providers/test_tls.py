"""A server of one's own over https, behind a certificate authority of one's own."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from errors import ConnectionLost, SettingError
from tests.fakes.replicate_server import ReplicateServer
from tests.providers.conftest import BIREFNET_MODEL, Bench


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Bench]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with ReplicateServer(tls=tls) as server:
        yield Bench(server)


def test_a_private_authority_is_trusted_through_ssl_cert_file(
    secure: Bench, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert secure.server.url.startswith("https://")
    assert secure.run(BIREFNET_MODEL).pixels.size == (64, 48)


def test_an_unknown_authority_is_not_trusted(secure: Bench) -> None:
    with pytest.raises(ConnectionLost) as caught:
        secure.run(BIREFNET_MODEL)
    assert caught.value.facts["unsure"] is False
    assert secure.server.requests == []


def test_a_file_of_certificates_that_is_not_there_stops_the_start(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    with pytest.raises(SettingError, match="SSL_CERT_FILE"):
        bench.provider(BIREFNET_MODEL)
