"""One file being read for one stream: what every format needs to know, and what is found on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from pathlib import Path

from ztoe_hub.values import Page, Record, Rejected, Stream

from .converters import Cell
from .encodings import Encoding
from .mapping import Mode, StreamMapping
from .opened import Caps
from .plan import Plan

PAGE_ROWS = 1000
KNOWN_MONTHS = 10_000


@dataclass(slots=True, kw_only=True)
class Reading:
    """A file and how to read it. `whole` turns False when a piece of it is missing; `earliest` is its first month."""

    path: Path
    stream: Stream
    entry: StreamMapping
    caps: Caps
    encoding: Encoding | None = None  # what the settings say of this file
    whole: bool = True
    earliest: date | None = None
    _cells: set[Cell] = field(default_factory=set, repr=False)
    _keys: set[str] = field(default_factory=set, repr=False)

    @property
    def name(self) -> str:
        """How reports call the file."""
        return self.path.name

    def wants(self, plan: Plan, cells: Sequence[Cell]) -> bool:
        """Whether this row belongs to the stream, and is no allowed repeat of an earlier one."""
        if not plan.passes(cells):
            return False
        if self.entry.repeats == "skip":
            key = plan.key(cells)
            if key is not None:
                if key in self._keys:
                    return False
                self._keys.add(key)
        if self.entry.mode is Mode.MONTHS:
            self._see(plan, plan.period_cell(cells))
        return True

    def _see(self, plan: Plan, cell: Cell) -> None:
        """Months repeat from row to row: each distinct cell is read once."""
        if cell in self._cells:
            return
        if len(self._cells) < KNOWN_MONTHS:
            self._cells.add(cell)
        month = plan.month_of(cell)
        if month is not None and (self.earliest is None or month < self.earliest):
            self.earliest = month


@dataclass(slots=True)
class Batch:
    """Records and rejected rows of a page in the making."""

    records: list[Record] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def take(self, found: Record | Rejected) -> None:
        """Put it where it belongs."""
        if isinstance(found, Rejected):
            self.rejected.append(found)
        else:
            self.records.append(found)

    def __len__(self) -> int:
        return len(self.records) + len(self.rejected)

    def page(self) -> Page:
        """What has been taken."""
        return Page(records=self.records, rejected=self.rejected)


def eager_pages(
    reading: Reading, plan: Plan, rows: Iterable[tuple[str, Sequence[Cell] | Rejected]]
) -> Iterator[Page]:
    """Pages of decoded records from rows with their places."""
    batch = Batch()
    for place, cells in rows:
        if isinstance(cells, Rejected):
            batch.take(cells)
        elif reading.wants(plan, cells):
            batch.take(plan.decode(cells, place))
        if len(batch) >= PAGE_ROWS:
            yield batch.page()
            batch = Batch()
    if len(batch):
        yield batch.page()


class Printer:
    """Fingerprints of raw rows, salted with how they would be decoded."""

    def __init__(self, plan: Plan, encoding: str) -> None:
        self._begun = blake2b(encoding.encode(), digest_size=8, salt=plan.salt)

    def __call__(self, raw: bytes) -> int:
        print_ = self._begun.copy()
        print_.update(raw)
        return int.from_bytes(print_.digest(), "big", signed=True)
