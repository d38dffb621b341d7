"""Who competes in the import benchmark. Nothing of them is imported here: each runs in a process of its own.

A contender gets the same pages, decoded by the same decoder, and fills the same table by the same key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .import_data import DataSet
from .processes import resident_mb

PHASES = ("first", "unchanged", "changed_1pct")


@dataclass(slots=True)
class Stopwatch:
    """Adds up wall and CPU time of the parts that count. `base_mb` is the memory before the first of them."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    base_mb: float | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """A part that counts."""
        if self.base_mb is None:
            self.base_mb = resident_mb()
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall_s += time.perf_counter() - wall
            self.cpu_s += time.process_time() - cpu


Fill = Callable[[str, DataSet, str, Stopwatch], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to fill the table: the module `bench.fill_NAME` has `fill(url, data, phase, watch)`."""

    phases: tuple[str, ...] = PHASES
    databases: tuple[str, ...] = ("sqlite", "postgresql")
    needs: tuple[str, ...] = ()  # modules that must be importable
    merges: bool = False  # a peer whose re-run updates rows by key
    own_table: bool = False  # it insists on a table of its own making
    most_rows: dict[str, int] = field(default_factory=dict)  # by database


OURS, LIMIT = "ours", "limit"
CONTENDERS: dict[str, Contender] = {
    OURS: Contender(),
    "ours_records": Contender(),
    LIMIT: Contender(phases=("first",)),
    "django": Contender(needs=("django",), merges=True),
    "sqlite_utils": Contender(needs=("sqlite_utils",), merges=True, databases=("sqlite",)),
    "pandas": Contender(needs=("pandas",), phases=("first",)),
    # its merge into SQLite is quadratic: minutes at 20,000 rows
    "dlt": Contender(needs=("dlt",), merges=True, own_table=True, most_rows={"sqlite": 10_000}),
}
