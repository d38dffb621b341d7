"""Waits on conditions, with deadlines."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
DEADLINE_S = 40.0
LOOK_EVERY_S, ACT_EVERY_S = 0.03, 0.15


def wait_for(
    look: Callable[[], Found],
    what: str,
    *,
    within: float = DEADLINE_S,
    meanwhile: Callable[[], object] | None = None,
    report: Callable[[], str] = str,
) -> Found:
    """What `look` finds, as soon as it is something; `meanwhile` is called now and then.

    Raises AssertionError, with what `report` tells, when nothing is found in time.
    """
    until = time.monotonic() + within
    next_act = 0.0
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        if meanwhile is not None and time.monotonic() >= next_act:
            meanwhile()
            next_act = time.monotonic() + ACT_EVERY_S
        time.sleep(LOOK_EVERY_S)
    raise AssertionError(f"{what}: not within {within:g} s\n{report()}")
