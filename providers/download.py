"""Fetching a finished picture: without the token, from known hosts only, and never more than fits."""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass

import httpx

from providers.output import bad_output
from providers.replicate_config import ReplicateConfig
from providers.replicate_errors import provider_errors, redacted
from providers.timing import Deadline

DELIVERY = "replicate.delivery"
MAX_BYTES = 30_000_000
DOWNLOAD_S = 30.0


@dataclass(frozen=True, slots=True)
class Downloader:
    """One try at one address; raises `BadOutput`, `ServerFault`, `ConnectionLost`, `Throttled` or `TimedOut`."""

    config: ReplicateConfig
    tls: ssl.SSLContext
    max_bytes: int = MAX_BYTES

    async def fetch(self, address: str, deadline: Deadline) -> bytes:
        if address.startswith("data:"):
            return self._embedded(address)
        with provider_errors(self.config.token):
            url = allowed(address, self.config)
            async with asyncio.timeout(min(DOWNLOAD_S, deadline.left)), self._client() as client:
                return await self._read(client, url)

    def _client(self) -> httpx.AsyncClient:
        """A client without token and redirects; files come unpacked, so what is counted is what is kept."""
        transport = httpx.AsyncHTTPTransport(verify=self.tls)
        headers = {"Accept-Encoding": "identity"}
        return httpx.AsyncClient(transport=transport, headers=headers, timeout=DOWNLOAD_S)

    async def _read(self, client: httpx.AsyncClient, url: httpx.URL) -> bytes:
        async with client.stream("GET", url) as response:
            check_status(response)
            data = bytearray()
            async for chunk in response.aiter_raw():
                data += chunk
                self._check_size(len(data))
        return bytes(data)

    def _embedded(self, address: str) -> bytes:
        self._check_size(len(address) * 3 // 4)
        try:
            return base64.b64decode(address.partition(",")[2], validate=True)
        except ValueError:  # no base64, or not even ASCII
            raise bad_output("a broken data URI") from None

    def _check_size(self, size: int) -> None:
        if size > self.max_bytes:
            raise bad_output(f"larger than {self.max_bytes} bytes")


def allowed(address: str, config: ReplicateConfig) -> httpx.URL:
    """The address as a URL, when it lies on Replicate's delivery host or on the configured server.

    Raises:
        BadOutput: any other host, port, scheme, or an address with a login in it; nothing was requested.
    """
    try:
        url, base = httpx.URL(address), httpx.URL(config.base_url)
    except httpx.InvalidURL:
        raise bad_output("no valid address") from None
    delivery = url.host == DELIVERY or url.host.endswith("." + DELIVERY)
    on_delivery = delivery and url.scheme == "https" and url.port is None
    on_server = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
    if url.userinfo or not (on_delivery or on_server):
        raise bad_output(redacted(f"on a foreign host, {url.scheme}://{url.host}", config.token))
    return url


def check_status(response: httpx.Response) -> None:
    """Let 2xx pass, raise 429 and 5xx as httpx does, and anything else as `BadOutput`."""
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS or httpx.codes.is_server_error(status):
        response.raise_for_status()
    if response.is_redirect:
        raise bad_output("a redirect")
    if not response.is_success:
        raise bad_output(f"not there (HTTP {status})")
