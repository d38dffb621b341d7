"""A look at what an import would read: nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from ztoe_hub.values import Page, Record, Rejected, Stream

from .import_checks import check_of
from .import_rows import RowMaker, Unfit

MOST_PROBLEMS = 100


@dataclass(slots=True, kw_only=True)
class Preview:
    """The first rows of a stream as records, with counts and problems."""

    stream: Stream
    read: int = 0
    complete: bool = False
    rows: list[Record] = field(default_factory=list)
    rejected: int = 0
    warnings: int = 0
    problems: list[str] = field(default_factory=list)

    def take(self, page: Page, place: str, maker: RowMaker, most_rows: int) -> None:
        """Count a page, keep its first rows, note what is wrong with the others."""
        self.complete = page.complete
        for index, found in enumerate(_everything_in(page), 1):
            self.read += 1
            where = f"{place} row {index}"
            if isinstance(found, Rejected):
                self._reject(found)
                continue
            try:
                maker.row_of(found)
            except Unfit as unfit:
                self._reject(Rejected(place=where, key=found.key, field=unfit.field, reason=unfit.reason))
                continue
            check = check_of(found)
            finding = check(found) if check else None
            if finding is not None:
                self.warnings += 1
                self._note(f"warning: {where}: {finding[0]}: {finding[1]}")
            if len(self.rows) < most_rows:
                self.rows.append(found)

    def columns(self) -> list[tuple[str, str]]:
        """The fields of the first row with the types that were read."""
        if not self.rows:
            return []
        first = msgspec.structs.asdict(self.rows[0])
        return [(name, type(value).__name__) for name, value in first.items()]

    def _reject(self, rejected: Rejected) -> None:
        self.rejected += 1
        self._note(f"rejected: {rejected.place}: {rejected.field or '-'}: {rejected.reason}")

    def _note(self, problem: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)


def _everything_in(page: Page) -> Iterator[Record | Rejected]:
    yield from page.rejected
    yield from page.records
    if page.rows is not None:
        for index in range(len(page.rows.keys)):
            found = page.rows.decode(index)
            if found is not None:
                yield found
