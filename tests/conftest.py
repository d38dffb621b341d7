"""Fixtures of all tests of the core: a clock that stands still, and a hub in the middle of its day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ztoe_hub.testing.clocks import FrozenClock
from ztoe_hub.testing.situations import Situation


@pytest.fixture
def clock() -> FrozenClock:
    """The second of November 2026, ten o'clock in Kyiv, until a test lets time pass."""
    return FrozenClock()


@pytest.fixture
def situation(tmp_path: Path) -> Iterator[Situation]:
    """A hub with fakes, imported records and a consumer who can log in."""
    opened = Situation(tmp_path)
    yield opened
    opened.close()
