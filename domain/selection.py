"""The policy's words: what is asked, what is known, and the verdict on every candidate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.base import Fact, ModelId, Slug, Statement, Value
from domain.money import Cap


class Goal(StrEnum):
    BALANCED = "balanced"
    FAST = "fast"
    QUALITY = "quality"


class Marketplace(StrEnum):
    """The marketplaces that a person can name, the most asked for first."""

    YANDEX_MARKET = "yandex_market"
    OZON = "ozon"
    WILDBERRIES = "wildberries"
    AMAZON = "amazon"
    MEGAMARKET = "megamarket"
    GOOGLE_MERCHANT = "google_merchant"
    EBAY = "ebay"
    ETSY = "etsy"
    WALMART = "walmart"
    SHOPIFY = "shopify"


class LocalEngine(StrEnum):
    """When local engines take part in auto mode although a hosted model is ready."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class SelectionRequest(Value):
    """What a person asks for; `model_id=None` leaves the choice to the policy."""

    model_id: ModelId | None = None
    marketplace: Slug | None = None
    goal: Goal = Goal.BALANCED
    complexity: float | None = Field(default=None, ge=0, le=1)
    local_only: bool = False
    commercial_only: bool = False


class Readiness(Value):
    """Whether a model can be called at all; `reason` is a code such as `no_token`.

    `fetches` says that a local model would first have to fetch something from another machine.
    """

    ready: bool
    reason: str | None = None
    fetches: bool = False


class Rest(Value):
    """A model that failed too often is left alone until `until`."""

    until: datetime
    failures: int = Field(ge=1)

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What the sentences are filled with."""
        told: dict[str, Fact] = {"until": f"{self.until:%H:%M} UTC", "failures": self.failures}
        return {**told, "reason": "once"} if self.failures == 1 else told


class PhotoFacts(Value):
    """Of a photo, its size in pixels."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)

    @property
    def megapixels(self) -> float:
        return self.width * self.height / 1e6

    @property
    def aspect(self) -> float:
        """The long side over the short one."""
        return max(self.width, self.height) / min(self.width, self.height)


class Experiment(Value):
    """Swaps the first two models for visitors whose bucket lies under the share; both in [0, 1]."""

    name: str
    share: float = Field(ge=0, le=1)
    bucket: float = Field(ge=0, le=1)


class PolicyFacts(Value):
    """Everything the policy may know; a model without a readiness entry is not ready.

    `budget_left` is in US dollars, by cap, for those that are set; `trouble` is why nothing can be written down.
    """

    readiness: Mapping[str, Readiness] = Field(default_factory=dict)
    resting: Mapping[str, Rest] = Field(default_factory=dict)
    budget_left: Mapping[Cap, float] = Field(default_factory=dict)
    trouble: str | None = None
    photo: PhotoFacts | None = None
    local_engine: LocalEngine = LocalEngine.AUTO
    experiment: Experiment | None = None


class ObjectionCode(StrEnum):
    """Why a model is passed over, in the order in which the policy looks."""

    INACTIVE = "inactive"
    NOT_READY = "not_ready"
    RESTING = "resting"
    NOT_COMMERCIAL = "not_commercial"
    NOT_LOCAL = "not_local"
    NO_BOOKS = "no_books"
    OVER_BUDGET = "over_budget"
    OUTSIDE_LIMITS = "outside_limits"
    MARKETPLACE_NOT_LISTED = "marketplace_not_listed"
    HELD_IN_RESERVE = "held_in_reserve"
    RANKED_ABOVE_CHOICE = "ranked_above_choice"
    ALREADY_TRIED = "already_tried"


class Objection(Value):
    code: ObjectionCode
    facts: Mapping[str, Fact] = Field(default_factory=dict)


class VerdictKind(StrEnum):
    CHOSEN = "chosen"
    IN_RESERVE = "in_reserve"
    PASSED_OVER = "passed_over"


class Verdict(Value):
    """The policy's word on one candidate: a rank (0 is the chosen one), or an objection."""

    model_id: ModelId
    kind: VerdictKind
    rank: int | None = None
    objection: Objection | None = None


class Reason(StrEnum):
    USER_CHOICE = "user_choice"
    AUTO_POLICY = "auto_policy"
    EXPERIMENT = "experiment"
    FALLBACK_ERROR = "fallback_error"
    FALLBACK_QUALITY = "fallback_quality"
    FALLBACK_UNAVAILABLE = "fallback_unavailable"
    NONE = "none"


class SelectionResult(Value):
    """The policy's whole answer; with its request and facts it can be replayed."""

    request: SelectionRequest
    model_id: ModelId | None
    reason: Reason
    explanation: tuple[Statement, ...]
    fallback_chain: tuple[ModelId, ...]
    candidates: tuple[Verdict, ...]
    policy_version: str

    @property
    def plan(self) -> tuple[ModelId, ...]:
        return (self.model_id, *self.fallback_chain) if self.model_id else ()
