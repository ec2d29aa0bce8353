"""The table of providers is complete, and what it builds is what the protocol says."""

from __future__ import annotations

from domain import ProviderKind
from providers import PROVIDERS, build_providers
from tests.providers.conftest import EMBEDDED_MODEL, Bench, PillowCodec


def test_every_kind_has_a_provider() -> None:
    assert set(PROVIDERS) == set(ProviderKind)


def test_every_provider_can_be_built_and_asked(bench: Bench) -> None:
    providers = build_providers(bench.config, PillowCodec(), {})
    ready = {kind: provider.ready(EMBEDDED_MODEL).reason for kind, provider in providers.items()}
    assert ready == {
        ProviderKind.FLUX_KONTEXT: None,
        ProviderKind.BIREFNET: None,
        ProviderKind.EMBEDDED: "no_engine",
        ProviderKind.BIREFNET_LITE: "no_weights",
    }
