"""Which models exist: tables, cached queries and seed loading."""

from registry.models import ModelRegistry
from registry.seed import apply_seed, load_seed

__all__ = ["ModelRegistry", "apply_seed", "load_seed"]
