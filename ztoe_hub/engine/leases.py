"""Keeps the leases of running work alive, so that long work stays with the process that does it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from ztoe_hub import outbox
from ztoe_hub.outbox import WorkItem
from ztoe_hub.storage.database import Database

log = logging.getLogger(__name__)


class LeaseKeeper:
    """Extends what is held three times a lease, by a thread that lives only while something is held."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], lease: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease
        self._held: dict[str, WorkItem] = {}  # by token: a lapsed row may be held twice
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def holding(self, item: WorkItem) -> Iterator[None]:
        """Keep this item's lease alive for the length of the block."""
        with self._changed:
            self._held[item.lease_token] = item
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                del self._held[item.lease_token]

    def _keep(self) -> None:
        while True:
            with self._changed:
                self._changed.wait(self._lease.total_seconds() / 3)
                held = list(self._held.values())
                if not held:
                    self._thread = None
                    return
            try:
                outbox.extend_leases(self._database, held, until=self._clock() + self._lease)
            except SQLAlchemyError:
                log.exception("leases could not be extended")
