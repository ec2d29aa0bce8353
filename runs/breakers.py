"""Circuit breakers in the database, one a model and one a provider, shared by all processes.

Calls of healthy models cost one read; only what changes a breaker is written, alone and in one short transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from database import Database
from domain import ModelInfo, ProviderName, Rest
from errors import DatabaseError, ProviderError
from policy.ailments import MODEL_RULE, PROVIDER_RULE, UNTOLD, Ailment, ailment_of
from policy.breaker import Breaker, Call, Pass, Rule, Sign, admit, heard, rest, resting_until, settle
from runs.journal import Now
from runs.survivable import survivable
from runs.tables import BreakerRow

UNKNOWN = -1  # a generation that no breaker has
LOCK = 0x627265616B
ACCOUNT = ("unauthenticated", "forbidden", "out_of_credit")


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave for one call: a pass of the model's breaker and one of its provider's."""

    model_key: str
    provider_key: str
    model: Pass
    provider: Pass
    local: bool = False

    @property
    def trial(self) -> bool:
        return self.model.trial or self.provider.trial


class Breakers:
    """`now` gives moments with a time zone."""

    def __init__(
        self, database: Database, now: Now, model_rule: Rule = MODEL_RULE, provider_rule: Rule = PROVIDER_RULE
    ) -> None:
        self._database = database
        self._now = now
        self._model_rule = model_rule
        self._provider_rule = provider_rule

    def resting(self, models: Sequence[ModelInfo]) -> dict[str, Rest]:
        """The models that nobody gets through to now: open, or half-open while another's trial runs."""
        with self._database.read() as session:
            known = _load(session)
        now = self._now()
        return {model.id: told for model in models if (told := _rest_of(model, known, now))}

    def admit(self, model: ModelInfo, lease_s: float) -> Leave | None:
        """Leave for one call, or None while the model or its provider rests.

        Whoever gets the trial of a half-open breaker has it for `lease_s` seconds, or until `settle`. Breakers that
        cannot be read hold nobody back: what keeps paid work from going on is the journal.
        """
        keys = (_model_key(model), _provider_key(model.provider))
        try:
            leave = self._admit(keys, timedelta(seconds=lease_s))
        except DatabaseError:
            return Leave(*keys, Pass(UNKNOWN), Pass(UNKNOWN))
        return replace(leave, local=model.is_local) if leave else None

    def _admit(self, keys: tuple[str, str], lease: timedelta) -> Leave | None:
        with self._database.read() as session:
            known = _load(session, keys)
        if all(_of(known, key).until is None for key in keys):
            model, provider = (Pass(_of(known, key).generation) for key in keys)
            return Leave(*keys, model, provider)
        return self._admit_alone(keys, lease)

    @survivable
    def settle(self, leave: Leave, error: ProviderError | None, seconds: float = 0.0) -> None:
        """What became of the call; `error` is None when the model answered, whatever the gate thought of it."""
        code = error.code if error else None
        self._settle(leave, ailment_of(error, local=leave.local), code, seconds)

    @survivable
    def give_back(self, leave: Leave) -> None:
        """The call was never made, or was stopped: it says nothing."""
        self._settle(leave, UNTOLD, None, 0.0)

    @survivable
    def forgive_account(self) -> None:
        """At a start: the owner may have set a new token or paid, so the next call finds out."""
        with self._database.write() as session:
            for row in session.scalars(select(BreakerRow).where(BreakerRow.reason.in_(ACCOUNT))):
                _write(session, row.key, Breaker(generation=row.generation + 1))

    def _admit_alone(self, keys: tuple[str, str], lease: timedelta) -> Leave | None:
        with self._database.alone(LOCK) as session:
            known, now = _load(session, keys), self._now()
            (model, model_pass), (provider, provider_pass) = (admit(_of(known, key), now, lease) for key in keys)
            if model_pass is None or provider_pass is None:
                return None
            for key, after in zip(keys, (model, provider), strict=True):
                _write_changed(session, key, _of(known, key), after)
            return Leave(*keys, model_pass, provider_pass)

    def _settle(self, leave: Leave, ailment: Ailment, code: str | None, seconds: float) -> None:
        if not leave.trial and self._changes_nothing(leave, ailment, seconds):
            return
        with self._database.alone(LOCK) as session:
            known, now = _load(session, (leave.model_key, leave.provider_key)), self._now()
            before = _of(known, leave.model_key)
            sign = heard(ailment.model, seconds, self._model_rule)
            after = _settled(before, leave.model, sign, ailment.model_rest, now, self._model_rule, code)
            _write_changed(session, leave.model_key, before, after)
            before = _of(known, leave.provider_key)
            after = _settled(
                before, leave.provider, ailment.provider, ailment.provider_rest, now, self._provider_rule, code
            )
            _write_changed(session, leave.provider_key, before, after)

    def _changes_nothing(self, leave: Leave, ailment: Ailment, seconds: float) -> bool:
        """Good news where nothing bad was counted is not worth a write."""
        if ailment.model_rest or ailment.provider_rest:
            return False
        signs = (heard(ailment.model, seconds, self._model_rule), ailment.provider)
        if Sign.BAD in signs:
            return False
        with self._database.read() as session:
            known = _load(session, (leave.model_key, leave.provider_key))
        return not any(breaker.calls for breaker in known.values())


def _model_key(model: ModelInfo) -> str:
    return f"model:{model.id}"


def _provider_key(provider: ProviderName) -> str:
    return f"provider:{provider}"


def _of(known: Mapping[str, Breaker], key: str) -> Breaker:
    return known.get(key, Breaker())


def _rest_of(model: ModelInfo, known: Mapping[str, Breaker], now: datetime) -> Rest | None:
    """The longer of the model's rest and its provider's."""
    both = (_of(known, _model_key(model)), _of(known, _provider_key(model.provider)))
    rests = [(until, breaker.failures) for breaker in both if (until := resting_until(breaker, now))]
    if not rests:
        return None
    until, failures = max(rests)
    return Rest(until=until, failures=max(failures, 1))


def _settled(
    before: Breaker, given: Pass, sign: Sign, asked: timedelta | None, now: datetime, rule: Rule, code: str | None
) -> Breaker:
    if asked is not None:
        return rest(before, given, now + asked, code)
    return settle(before, given, sign, now, rule, code)


def _load(session: Session, keys: Sequence[str] | None = None) -> dict[str, Breaker]:
    rows = select(BreakerRow) if keys is None else select(BreakerRow).where(BreakerRow.key.in_(keys))
    return {row.key: _breaker(row) for row in session.scalars(rows)}


def _breaker(row: BreakerRow) -> Breaker:
    kept: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(Breaker)}
    calls = tuple(Call(datetime.fromisoformat(at), good) for at, good in row.calls)
    return Breaker(**{**kept, "calls": calls})


def _write_changed(session: Session, key: str, before: Breaker, after: Breaker) -> None:
    if after != before:
        _write(session, key, after)


def _write(session: Session, key: str, breaker: Breaker) -> None:
    row = session.get(BreakerRow, key) or BreakerRow(key=key)
    for field in fields(Breaker):
        setattr(row, field.name, getattr(breaker, field.name))
    row.calls = [[call.at.isoformat(), call.good] for call in breaker.calls]
    session.add(row)
