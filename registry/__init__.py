"""Which models exist: tables, cached queries and seed loading. And what the marketplaces ask, from its own file."""

from registry.marketplaces import load_marketplaces
from registry.models import ModelRegistry
from registry.seed import apply_seed, load_seed

__all__ = ["ModelRegistry", "apply_seed", "load_marketplaces", "load_seed"]
