"""How models are called: the protocol, the hosted and local providers, and the table of them all."""

from providers.base import Listener, PictureCodec, Progress, Provider, Stage
from providers.local import Engine, LocalProvider
from providers.replicate_config import ReplicateConfig
from providers.table import PROVIDERS, Parts, build_providers
from providers.timing import Timing

__all__ = [
    "PROVIDERS",
    "Engine",
    "Listener",
    "LocalProvider",
    "Parts",
    "PictureCodec",
    "Progress",
    "Provider",
    "ReplicateConfig",
    "Stage",
    "Timing",
    "build_providers",
]
