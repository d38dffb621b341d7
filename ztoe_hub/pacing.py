"""How often and how many at once: the limits that stand between the hub and one instance of a provider."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .errors import TransientError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one instance: a plugin's defaults, changed by the `http` table of the instance's settings."""

    rate_per_s: float | None = None
    concurrency: int = 8
    timeout_s: float = 30.0  # connecting, and between two pieces of an answer
    deadline_s: float = 120.0  # a whole exchange
    max_bytes: int = 32 * 1024 * 1024
    attempts: int = 3
    ca_bundle: Path | None = None
    proxy: str | None = None

    def changed(self, changes: Mapping[str, Any]) -> Limits:
        """These limits with some of them replaced."""
        return replace(self, **changes)


class TokenBucket:
    """At most `rate_per_s` calls a second, a fifth of a second's worth of them at once. Waits in `acquire`.

    Providers count in their own windows: a burst of a whole second's worth would let twice the rate into one.
    """

    def __init__(
        self,
        rate_per_s: float,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate_per_s
        self._burst = max(1.0, rate_per_s / 5)
        self._tokens = self._burst
        self._sleep = sleep
        self._now = now
        self._filled_at = now()
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """Take one token; a token that is not there yet is booked and waited for."""
        with self._lock:
            now = self._now()
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now
            self._tokens -= 1
            wait_s = -self._tokens / self._rate if self._tokens < 0 else 0.0
        if wait_s > 0:
            self._sleep(wait_s)


class CircuitBreaker:
    """Stops calling a dead provider: open after `threshold` failures in a row, one trial every `pause_s`."""

    def __init__(
        self,
        instance: str,
        *,
        threshold: int = 5,
        pause_s: float = 30.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._instance = instance
        self._threshold = threshold
        self._pause_s = pause_s
        self._now = now
        self._failures = 0
        self._retry_at = 0.0
        self._lock = threading.Lock()

    def before_call(self) -> None:
        """Raise TransientError while the circuit is open; let one call through when the pause is over."""
        with self._lock:
            if self._failures < self._threshold:
                return
            now = self._now()
            if now < self._retry_at:
                raise TransientError(
                    f"{self._instance} does not answer; the next trial comes by itself",
                    retry_after_s=self._retry_at - now,
                )
            self._retry_at = now + self._pause_s

    def succeeded(self) -> None:
        """A call got an answer."""
        with self._lock:
            if self._failures >= self._threshold:
                log.warning("circuit closed", extra={"instance": self._instance})
            self._failures = 0

    def failed(self) -> None:
        """A call got none. The moment of opening is logged once."""
        with self._lock:
            self._failures += 1
            if self._failures == self._threshold:
                self._retry_at = self._now() + self._pause_s
                log.error("circuit opened", extra={"instance": self._instance})
