"""A clock that stands still until it is told otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class FrozenClock:
    """Call it for the time (aware UTC). It moves by `advance` alone; several threads may read it.

    `at_next_look` is called once, when somebody asks for the time next: what happens meanwhile, in a test of
    two things at once.
    """

    def __init__(self, now: datetime = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)) -> None:
        self.at_next_look: Callable[[], object] | None = None
        self._now = now
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        meanwhile, self.at_next_look = self.at_next_look, None
        if meanwhile is not None:
            meanwhile()
        with self._lock:
            return self._now

    def advance(self, **amount: float) -> datetime:
        """Let so much time pass, in the words of timedelta: `advance(minutes=15)`. Returns the new time."""
        with self._lock:
            self._now += timedelta(**amount)
            return self._now
