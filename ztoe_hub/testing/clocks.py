"""A clock that stands still until it is told otherwise."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class FrozenClock:
    """Call it for the time (aware UTC). It moves by `advance` alone; several threads may read it."""

    def __init__(self, now: datetime = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)) -> None:
        self._now = now
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, **amount: float) -> datetime:
        """Let so much time pass, in the words of timedelta: `advance(minutes=15)`. Returns the new time."""
        with self._lock:
            self._now += timedelta(**amount)
            return self._now
