"""run_work: takes one row, calls its handler, records the outcome. Every engine runs work through it."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ztoe_hub import outbox
from ztoe_hub.errors import (
    HubError,
    ItemRejected,
    OperatorNeeded,
    OutcomeUnknown,
    TransientError,
    UnexpectedAnswer,
    UserError,
)
from ztoe_hub.outbox import Again, WorkItem
from ztoe_hub.request_ids import request_id
from ztoe_hub.storage.database import Database

from .leases import LeaseKeeper

log = logging.getLogger(__name__)

FIRST_RETRY_S, LONGEST_RETRY_S = 2.0, 3600.0
LONGEST_HINT_S = 86_400.0  # a provider that asks for more than a day is asked again after one
MOST_ATTEMPTS = 60  # about two days of hourly tries
MOST_SURPRISES = 8  # attempts at work that fails in a way nobody foresaw


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkKind:
    """How one kind of work is done.

    A recurring one is never parked: it comes back after `every`. One that only asks is asked again at the
    pace of `asks_again` when the provider answers outside its contract, so that a night of maintenance
    pages parks nothing; the reason stands in the row meanwhile.
    """

    handler: Callable[[WorkItem], Again | None]
    every: timedelta | None = None
    asks_again: timedelta | None = None


class WorkRunner:
    """Runs single rows, and keeps the lease of what is running alive."""

    def __init__(
        self,
        database: Database,
        kinds: Mapping[str, WorkKind],
        *,
        clock: Callable[[], datetime],
        lease: timedelta,
    ) -> None:
        self._database = database
        self._kinds = kinds
        self._clock = clock
        self._lease = lease
        self._leases = LeaseKeeper(database, clock=clock, lease=lease)

    def run_work(self, work_id: int) -> bool:
        """Run one row, if it can still be had. Returns whether it was run."""
        item = outbox.claim_work(self._database, work_id, now=self._clock(), lease=self._lease)
        if item is None:
            return False
        token = request_id.set(f"work-{item.id}-{item.attempts}")
        try:
            with self._leases.holding(item):
                self._run(item)
        finally:
            request_id.reset(token)
        return True

    def run_here(self, kind: str, subject: str, call: Callable[[WorkItem], Again | None]) -> bool:
        """Claim this row, whenever it is due, and do `call` in its place; False when somebody is at it.

        Errors are raised here, not recorded: somebody is watching. Afterwards the row is due as before.
        """
        first_due = self._clock() + (self._kinds[kind].every or timedelta(0))
        with self._database.write() as session:
            outbox.ensure_work(session, kind, subject, due_at=first_due)
        item = outbox.claim_now(self._database, kind, subject, now=self._clock(), lease=self._lease)
        if item is None:
            return False
        try:
            with self._leases.holding(item):
                call(item)
        finally:
            outbox.put_back_work(self._database, item)
        return True

    def _run(self, item: WorkItem) -> None:
        kind = self._kinds.get(item.kind)
        if kind is None:
            outbox.park_work(self._database, item, error=f"no handler for work of kind {item.kind}")
            return
        try:
            outcome = kind.handler(item)
        except Exception as error:  # noqa: BLE001  whatever it was, it is recorded in the row and in the log
            self._failed(item, kind, error)
            return
        now = self._clock()
        if outcome is None and kind.every is not None:
            outcome = Again(kind.every)
        if outcome is None:
            outbox.finish_work(self._database, item, now=now)
        else:
            outbox.postpone_work(self._database, item, until=now + outcome.after, error=None, attempts=0)

    def _failed(self, item: WorkItem, kind: WorkKind, error: Exception) -> None:
        facts = {"work": item.id, "kind": item.kind, "attempt": item.attempts, "error": type(error).__name__}
        foreseen = isinstance(error, HubError)
        log.log(
            logging.WARNING if foreseen else logging.ERROR, "work failed", extra=facts, exc_info=not foreseen
        )
        text = str(error) if foreseen else f"{type(error).__name__}: see the log of work {item.id}"
        wait = _wait_after(error, item.attempts)
        if wait is None and kind.every is not None:
            wait = max(kind.every, timedelta(minutes=1))
        if wait is None and isinstance(error, UnexpectedAnswer):
            wait = kind.asks_again
        if wait is None:
            outbox.park_work(self._database, item, error=text)
        else:
            outbox.postpone_work(
                self._database, item, until=self._clock() + wait, error=text, attempts=item.attempts
            )


def _wait_after(error: Exception, attempts: int) -> timedelta | None:
    """How long to wait before the next attempt, or None when a person has to look."""
    if isinstance(error, OperatorNeeded | ItemRejected | UserError):
        return None
    if attempts >= (MOST_ATTEMPTS if isinstance(error, TransientError | OutcomeUnknown) else MOST_SURPRISES):
        return None
    hint = min(LONGEST_HINT_S, getattr(error, "retry_after_s", None) or 0.0)
    backoff = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** (attempts - 1))
    jitter = 0.75 + random.random() / 2  # noqa: S311  spreads retries, guards nothing
    return timedelta(seconds=max(hint, backoff * jitter))
