"""The error tree; each leaf says what to do next.

CutoutRouterError
├── StartError                       stop the start and say why
│   ├── SettingError                 a wrong environment variable, by name
│   ├── SeedError                    a wrong entry in data/seed.json: file, entry, field
│   ├── MarketplacesError            a wrong entry in data/marketplaces.json: file, entry, field
│   └── DatabaseError                the database cannot be opened, migrated, read or written; later, nothing is bought
├── InvalidPhoto                     tell the person: no model could help
├── TouchUpError                     tell the person: the cutout that is shown stays
│   ├── FilesGone                    the run's files were deleted, or it has none
│   ├── NothingLeft                  everything was erased
│   └── NothingToDo                  nothing was painted or changed
├── ExportError                      tell the person: no file was made
│   ├── NothingToShow                there is no product in the cutout
│   ├── BackgroundMissing            a picture was to be the background, and none came
│   ├── WrongOptions                 a size, share or colour that cannot be
│   └── TooHeavy                     no quality and no size brings the file under the marketplace's limit
├── RunError                         tell the person: this run is not started, or not by us
│   ├── Stopping                     the program is being stopped: no new runs
│   ├── Busy                         as many runs as fit are under way, and as many wait as may
│   ├── NoRoom                       the disk takes no more pictures: nothing is bought that could not be kept
│   ├── KeyReused                    the visitor's idempotency key belongs to another photo or other wishes
│   └── LeaseLost                    another process finishes the run: not a word more is written about it
├── BatchError                       tell the person: the batch stays as it is
│   ├── NoSuchBatch                  its link is wrong, or it was deleted
│   ├── TooManyBatches               one visitor has as many as may be open
│   ├── NothingToRun                 no photo of it can be run, or none failed
│   ├── OverBudget                   the budget does not hold its worst case
│   ├── NoSuchMarketplace            files were wished for a marketplace that nobody knows
│   └── PhotoGone                    a photo that waited was deleted
└── ProviderError                    one attempt ended
    ├── AccountError                 rest the provider: its other models would fail as well
    │   ├── Unauthenticated          401
    │   ├── Forbidden                403
    │   └── OutOfCredit              402
    ├── RefusedRequest               next model: asking again would change nothing
    │   ├── InvalidInput             400, 409, 422
    │   ├── ModelGone                404, 410
    │   └── ContentRefused           flagged as not safe for work
    ├── TransientError               try again once where nothing can have been bought, else next model
    │   ├── Throttled                429, nothing was created
    │   ├── ServerFault              5xx
    │   └── ConnectionLost           refused, dropped, or cut short
    ├── Unsure                       next model: nobody can tell whether it was bought, its price stays set aside
    ├── NoTurn                       next model: as many calls as are allowed are under way, nothing was sent
    ├── TimedOut                     next model: the deadline passed, the prediction was cancelled
    ├── PredictionFailed             next model: failed, canceled or aborted at the provider, or cannot be followed
    ├── BadOutput                    next model: what came back is no picture
    ├── EngineFault                  next model: a local engine broke
    └── WeightsFault                 rest the model: its weights cannot be fetched or are not the right ones
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from domain import Fact
from domain.faults import PhotoFault as PhotoFault
from domain.faults import Trouble as Trouble


class Consequence(StrEnum):
    """What the runner does after an error."""

    TRY_AGAIN = "try_again"
    NEXT_MODEL = "next_model"
    REST_PROVIDER = "rest_provider"
    TELL_PERSON = "tell_person"
    STOP_START = "stop_start"


class CutoutRouterError(Exception):
    """The root: `code` selects the sentence in `wording`, `facts` fill it."""

    code: str = "error"
    consequence: Consequence = Consequence.TELL_PERSON

    def __init__(self, detail: str = "", **facts: Fact) -> None:
        super().__init__(detail or self.code)
        self.facts: Mapping[str, Fact] = facts


class StartError(CutoutRouterError):
    consequence = Consequence.STOP_START


class SettingError(StartError):
    code = "setting"


class SeedError(StartError):
    code = "seed"


class MarketplacesError(StartError):
    code = "marketplaces"


class DatabaseError(StartError):
    """`trouble` is None when the database is well and only a statement was not."""

    code = "database"

    def __init__(self, detail: str = "", trouble: Trouble | None = None, **facts: Fact) -> None:
        super().__init__(detail, trouble=trouble, **facts)
        self.trouble = trouble


class InvalidPhoto(CutoutRouterError):
    def __init__(self, fault: PhotoFault, detail: str = "", **facts: Fact) -> None:
        super().__init__(detail or fault, **facts)
        self.code = fault


class TouchUpError(CutoutRouterError):
    code = "touch_up"


class FilesGone(TouchUpError):
    code = "touch_up_gone"


class NothingLeft(TouchUpError):
    code = "touch_up_empty"


class NothingToDo(TouchUpError):
    code = "touch_up_nothing"


class ExportError(CutoutRouterError):
    code = "export"


class NothingToShow(ExportError):
    code = "export_empty"


class BackgroundMissing(ExportError):
    code = "export_background"


class WrongOptions(ExportError):
    code = "export_options"


class TooHeavy(ExportError):
    code = "export_too_heavy"


class RunError(CutoutRouterError):
    code = "run_error"


class Stopping(RunError):
    code = "stopping"


class Busy(RunError):
    code = "busy"


class NoRoom(RunError):
    code = "no_room"


class KeyReused(RunError):
    code = "key_reused"


class LeaseLost(RunError):
    code = "lease_lost"


class BatchError(CutoutRouterError):
    code = "batch"


class NoSuchBatch(BatchError):
    code = "batch_unknown"


class TooManyBatches(BatchError):
    """`limit` is among the facts."""

    code = "batch_too_many"


class NothingToRun(BatchError):
    code = "batch_empty"


class OverBudget(BatchError):
    """`worst_usd` and `left_usd` are among the facts."""

    code = "batch_over_budget"


class NoSuchMarketplace(BatchError):
    """`marketplace` and `known` are among the facts."""

    code = "unknown_marketplace"


class PhotoGone(BatchError):
    code = "batch_photo_gone"


class ProviderError(CutoutRouterError):
    code = "provider_error"
    consequence = Consequence.NEXT_MODEL


class AccountError(ProviderError):
    consequence = Consequence.REST_PROVIDER


class Unauthenticated(AccountError):
    code = "unauthenticated"


class Forbidden(AccountError):
    code = "forbidden"


class OutOfCredit(AccountError):
    code = "out_of_credit"


class RefusedRequest(ProviderError):
    code = "refused_request"


class InvalidInput(RefusedRequest):
    code = "invalid_input"


class ModelGone(RefusedRequest):
    code = "model_gone"


class ContentRefused(RefusedRequest):
    code = "content_refused"


class TransientError(ProviderError):
    consequence = Consequence.TRY_AGAIN


class Throttled(TransientError):
    """`retry_after` in seconds as the provider asked, None when it did not say."""

    code = "throttled"

    def __init__(self, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.retry_after = retry_after


class ServerFault(TransientError):
    code = "server_fault"


class ConnectionLost(TransientError):
    code = "connection_lost"


class Unsure(ProviderError):
    """`cause` among the facts is the code of what made the answer unclear."""

    code = "unsure"


class NoTurn(ProviderError):
    code = "no_turn"


class TimedOut(ProviderError):
    code = "timed_out"


class PredictionFailed(ProviderError):
    code = "prediction_failed"


class BadOutput(ProviderError):
    code = "bad_output"


class EngineFault(ProviderError):
    code = "engine_fault"


class WeightsFault(ProviderError):
    code = "weights_fault"
