"""How models are called: the protocol, the hosted and local providers, and the table of them all."""

from providers.base import NO_TRAIL, Come, Fate, Listener, PictureCodec, Progress, Provider, Stage, Trail
from providers.birefnet_lite import LiteConfig
from providers.fetching import Fetcher
from providers.local import Engine, LocalProvider
from providers.replicate_config import ReplicateConfig
from providers.table import PROVIDERS, Parts, build_providers
from providers.timing import Deadline, Timing
from providers.weights import BIREFNET_LITE, Pin, Weights, pinned, recorded

__all__ = [
    "BIREFNET_LITE",
    "NO_TRAIL",
    "PROVIDERS",
    "Come",
    "Deadline",
    "Engine",
    "Fate",
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
    "Trail",
    "Weights",
    "build_providers",
    "pinned",
    "recorded",
]
