"""Pieces of time by which documents are read: `$skip` deep into a large set is slow, and can be too much for 1C."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Window:
    """From the beginning of `first` to before the beginning of `end`; None is open."""

    first: date | None = None
    end: date | None = None

    def condition(self, field: str) -> str | None:
        """The filter that says so."""
        parts = []
        if self.first is not None:
            parts.append(f"{field} ge datetime'{self.first.isoformat()}T00:00:00'")
        if self.end is not None:
            parts.append(f"{field} lt datetime'{self.end.isoformat()}T00:00:00'")
        return " and ".join(parts) or None

    def halves(self) -> Sequence[Window] | None:
        """The two halves, or None for what cannot be halved: a day, or an open end."""
        if self.first is None or self.end is None or (self.end - self.first).days < 2:
            return None
        middle = self.first + (self.end - self.first) // 2
        return [Window(self.first, middle), Window(middle, self.end)]


def windows_between(first: date, last: date, days: int) -> list[Window]:
    """All of time: before `first`, from there to after `last` in pieces of so many days, and the rest."""
    edges = [first]
    while edges[-1] <= last:
        edges.append(edges[-1] + timedelta(days=days))
    inner = [Window(start, end) for start, end in pairwise(edges)]
    return [Window(None, first), *inner, Window(edges[-1], None)]


def windows_since(first: date, last: date, days: int) -> list[Window]:
    """The same without what was before `first`."""
    return windows_between(first, last, days)[1:]
