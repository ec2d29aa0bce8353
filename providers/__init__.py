"""How models are called: the protocol, the hosted and local providers, and the table of them all."""

from providers.base import Listener, PictureCodec, Progress, Provider, Stage
from providers.birefnet_lite import LiteConfig
from providers.fetching import Fetcher
from providers.local import Engine, LocalProvider
from providers.replicate_config import ReplicateConfig
from providers.table import PROVIDERS, Parts, build_providers
from providers.timing import Timing
from providers.weights import BIREFNET_LITE, Pin, Weights, pinned, recorded

__all__ = [
    "BIREFNET_LITE",
    "PROVIDERS",
    "Engine",
    "Fetcher",
    "Listener",
    "LiteConfig",
    "LocalProvider",
    "Parts",
    "PictureCodec",
    "Pin",
    "Progress",
    "Provider",
    "ReplicateConfig",
    "Stage",
    "Timing",
    "Weights",
    "build_providers",
    "pinned",
    "recorded",
]
