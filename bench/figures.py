"""Figures of several rounds: medians, and ratios within a round, because noise hits a whole round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from rich.table import Table


def rounded(value: float, digits: int = 3) -> float:
    """With so many significant digits."""
    return float(f"{value:.{digits}g}")


def middle(values: Iterable[float]) -> float:
    """The median of the rounds, rounded."""
    return rounded(median(values))


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median of the rounds' own ratios."""
    return middle(a / b for a, b in zip(over, under, strict=True))


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> Table:
    """A table for people: the first column names, the others hold figures."""
    made = Table(title=title, caption=caption or None, title_justify="left", caption_justify="left")
    for place, name in enumerate(head):
        made.add_column(name, justify="left" if place == 0 else "right")
    for row in rows:
        made.add_row(*(_shown(cell) for cell in row))
    return made


def _shown(cell: object) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:g}"
    return str(cell)
