"""REST: parse, ask the service, answer with its values."""

from api.routes import build_rest

__all__ = ["build_rest"]
