"""Which class speaks which protocol, written out."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import httpx

from domain import ProviderKind
from errors import SettingError
from providers.base import PictureCodec, Provider
from providers.birefnet import BirefnetProvider
from providers.birefnet_lite import BirefnetLiteProvider, LiteConfig
from providers.budget import RetryBudget
from providers.flux_kontext import FluxKontextProvider
from providers.local import Engine, LocalProvider
from providers.replicate_base import ReplicateProvider
from providers.replicate_config import ReplicateConfig
from providers.timing import Timing


def tls_context() -> ssl.SSLContext:
    """Which certificates are trusted; `SSL_CERT_FILE` and `SSL_CERT_DIR` take the place of the usual ones.

    Raises:
        SettingError: the file cannot be read.
    """
    try:
        return _trusting(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    except OSError as error:
        raise SettingError("SSL_CERT_FILE names no file of certificates", name="SSL_CERT_FILE") from error


@cache
def _trusting(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """One for all that trust the same: it takes 40 ms, and httpx reads both names by itself."""
    return httpx.create_ssl_context()


@dataclass(frozen=True, slots=True)
class Parts:
    """What providers are built from; one retry budget for all."""

    config: ReplicateConfig
    codec: PictureCodec
    engines: Mapping[ProviderKind, Engine] = field(default_factory=dict)
    timing: Timing = field(default_factory=Timing)
    lite: LiteConfig = field(default_factory=LiteConfig)
    tls: ssl.SSLContext = field(default_factory=tls_context)
    budget: RetryBudget = field(default_factory=RetryBudget)


Builder = Callable[[Parts], Provider]


def hosted(provider: type[ReplicateProvider]) -> Builder:
    return lambda parts: provider(parts.config, parts.codec, parts.tls, parts.timing, parts.budget)


def local(kind: ProviderKind, missing: str) -> Builder:
    """`missing` is the reason for not being ready that is told when there is no engine for `kind`."""
    return lambda parts: LocalProvider(parts.engines.get(kind), missing)


PROVIDERS: Mapping[ProviderKind, Builder] = {
    ProviderKind.FLUX_KONTEXT: hosted(FluxKontextProvider),
    ProviderKind.BIREFNET: hosted(BirefnetProvider),
    ProviderKind.EMBEDDED: local(ProviderKind.EMBEDDED, "no_engine"),
    ProviderKind.BIREFNET_LITE: lambda parts: BirefnetLiteProvider(parts.lite, parts.timing),
}


def build_providers(
    config: ReplicateConfig,
    codec: PictureCodec,
    engines: Mapping[ProviderKind, Engine],
    timing: Timing = Timing(),  # noqa: B008  # frozen
    lite: LiteConfig = LiteConfig(),  # noqa: B008  # frozen
) -> Mapping[ProviderKind, Provider]:
    """One provider for each kind; an engine or weights that are not given leave their models not ready."""
    parts = Parts(config, codec, engines, timing, lite)
    return {kind: build(parts) for kind, build in PROVIDERS.items()}
