"""Who goes first among the models that nobody objects to."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from domain import Goal, ModelInfo, SelectionRequest

Key = tuple[float | str, ...]
COMPLEX_ABOVE = 0.7
SIMPLE_BELOW = 0.3


class Order(StrEnum):
    """The rule that ranks, as the explanation names it."""

    FAST = "fast"
    QUALITY = "quality"
    COMPLEX = "complex"
    SIMPLE = "simple"
    PRIORITY = "priority"


def order_of(request: SelectionRequest) -> Order:
    if request.goal is Goal.FAST:
        return Order.FAST
    if request.goal is Goal.QUALITY:
        return Order.QUALITY
    if request.complexity is not None and request.complexity > COMPLEX_ABOVE:
        return Order.COMPLEX
    if request.complexity is not None and request.complexity < SIMPLE_BELOW:
        return Order.SIMPLE
    return Order.PRIORITY


def rank_key(order: Order, model: ModelInfo) -> Key:
    """Smaller goes first; priority and then the id break ties."""
    return (*_KEYS[order](model), -model.priority, model.id)


def _lacks(model: ModelInfo, tag: str) -> bool:
    return tag not in model.tags


def _fast(model: ModelInfo) -> Key:
    return (model.spec.num_inference_steps or 0, model.typical_seconds)


def _quality(model: ModelInfo) -> Key:
    return (_lacks(model, "enhanced"), _lacks(model, "high-quality"), -(model.spec.num_inference_steps or 0))


_KEYS: dict[Order, Callable[[ModelInfo], Key]] = {
    Order.FAST: _fast,
    Order.QUALITY: _quality,
    Order.COMPLEX: lambda model: (_lacks(model, "enhanced"),),
    Order.SIMPLE: lambda model: (_lacks(model, "light"),),
    Order.PRIORITY: lambda _model: (),
}
