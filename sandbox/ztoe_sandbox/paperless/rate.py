"""The limit of requests a second, and the block that follows when it is passed."""

import threading
import time

BLOCK_S = 1.0  # the service's users report "an arbitrary time"


class RateLimit:
    """A token bucket of `rate` tokens, refilled at `rate` a second; 0 admits everything."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._tokens = rate
        self._refilled = time.monotonic()
        self._blocked_until = 0.0
        self._lock = threading.Lock()

    def admit(self) -> bool:
        """True for a request within the limit; the first one beyond it blocks all for a second."""
        if not self._rate:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._blocked_until:
                return False
            self._tokens = min(self._rate, self._tokens + (now - self._refilled) * self._rate)
            self._refilled = now
            if self._tokens < 1:
                self._blocked_until = now + BLOCK_S
                return False
            self._tokens -= 1
            return True
