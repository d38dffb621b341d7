"""Pages of a set that lose no row, weigh no more than asked, and shrink when the 1C server runs out of memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import msgspec

from ztoe_hub.errors import OperatorNeeded

from .faults import BOM, ServerOutOfMemory
from .odata import ODataClient
from .windows import Window

SMALLEST_PAGE = 2  # a page begins with the last row of the one before
NARROW_AT = 50  # rows a page: where a window can be halved, smaller pages are not tried
FIRST_PAGE = 100  # rows may be heavy: the first page finds out
GROWTH = 8

KeyOf = Callable[[msgspec.Raw], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetQuery:
    """What to read of a set. `order` must tell any two rows apart; Ref_Key comes last, as 1C sorts it by presentation."""

    set: str
    select: Sequence[str]
    order: Sequence[str]
    key_of: KeyOf
    filter: str | None = None

    def within(self, window: Window, date_field: str | None) -> SetQuery:
        """The same for the rows whose date lies in the window."""
        return replace(self, filter=_both(self.filter, window.condition(date_field) if date_field else None))


def _both(one: str | None, other: str | None) -> str | None:
    return f"({one}) and ({other})" if one and other else one or other


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it came, its key (None when it has none that can be read) and where it stood."""

    key: str | None
    content: msgspec.Raw
    page: str
    index: int

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.page}, row {self.index}"

    @property
    def identity(self) -> str:
        """What tells it from other rows."""
        return self.key or bytes(self.content).decode("utf-8", "replace")


@dataclass(slots=True)
class Completeness:
    """Filled while a set is read; `proven` may be asked when the read has ended."""

    proven: bool = True


@dataclass(slots=True)
class _Delivered:
    """What has been given out of this window and of the one before; memory does not grow with the whole set."""

    before: set[str] = field(default_factory=set)
    now: set[str] = field(default_factory=set)

    def next_window(self) -> None:
        self.before, self.now = self.now, set()

    def missed(self, rows: Sequence[RawRow]) -> list[RawRow]:
        """Those of the rows that have not been given out; from now on they have."""
        found = [row for row in rows if row.identity not in self.now and row.identity not in self.before]
        self.now.update(row.identity for row in found)
        return found


@dataclass(slots=True)
class _Walk:
    """One way through a set, and what was seen on it."""

    rows: int = 0  # how far it has come
    seen: set[str] = field(default_factory=set)
    last: str | None = None
    disturbed: bool = False  # rows moved while we were reading
    ended: bool = False

    def take(self, rows: Sequence[RawRow]) -> list[RawRow]:
        """The rows of the next page that this walk has not seen; it begins with the last row of the page before."""
        overlap = 0 if self.last is None else 1
        repeated = bool(overlap and rows and rows[0].identity == self.last)
        self.disturbed |= bool(overlap) and not repeated
        fresh: list[RawRow] = []
        for row in rows[1:] if repeated else rows:
            if row.identity in self.seen:
                self.disturbed = True
                continue
            self.seen.add(row.identity)
            fresh.append(row)
        self.rows += len(rows) - overlap
        self.last = rows[-1].identity if rows else None
        # Nothing beyond the overlap is the end; a page of known rows without it means that $skip is ignored.
        self.ended = len(rows) <= overlap or not (fresh or repeated)
        return fresh


class Pager:
    """Reads sets of one base page by page. `most_rows` and `most_bytes` are what a page may hold."""

    def __init__(self, client: ODataClient, *, most_rows: int, most_bytes: int) -> None:
        self._client = client
        self._most_rows = most_rows
        self._most_bytes = most_bytes
        self._size = min(most_rows, FIRST_PAGE)
        self._bearable = most_rows  # what the server has not run out of memory with
        self._floor = SMALLEST_PAGE

    def windows(
        self, query: SetQuery, windows: Sequence[Window], date_field: str | None, completeness: Completeness
    ) -> Iterator[list[RawRow]]:
        """Every row of these windows once. One that is too much for the server is read in halves."""
        delivered = _Delivered()
        waiting = list(reversed(windows))
        while waiting:
            window = waiting.pop()
            halves = window.halves() if date_field else None
            self._floor = SMALLEST_PAGE if halves is None else NARROW_AT
            self._bearable = self._most_rows
            try:
                yield from self.pages(query.within(window, date_field), completeness, delivered)
                delivered.next_window()
            except ServerOutOfMemory:
                if halves is None:
                    raise
                waiting.extend(reversed(halves))

    def pages(
        self, query: SetQuery, completeness: Completeness, delivered: _Delivered | None = None
    ) -> Iterator[list[RawRow]]:
        """Every row of the set once, page by page; rows that are in `delivered` are left out, the rest are added.

        1C pages by `$skip`, so a row that is added or removed meanwhile shifts the rest. Each page therefore
        begins with the last row of the one before; when that is another one, or the number of rows differs from
        `/$count`, the set is walked once more for what was missed. `completeness` says whether that sufficed.
        """
        delivered = _Delivered() if delivered is None else delivered
        proven = False
        for _ in range(2):
            walk = _Walk()
            for rows in self._walk(query, walk):
                missed = delivered.missed(rows)
                if missed:
                    yield missed
            total = self._count(query)
            proven = not walk.disturbed and total in (None, walk.rows)
            if proven:
                break
        completeness.proven &= proven

    def _walk(self, query: SetQuery, walk: _Walk) -> Iterator[list[RawRow]]:
        number = 0
        while not walk.ended:
            try:
                page = self._page(query, skip=max(walk.rows - 1, 0), number=number)
            except ServerOutOfMemory:
                if self._size <= self._floor:
                    raise
                self._size = self._bearable = max(self._size // 2, self._floor)
                continue
            yield walk.take(page)
            number += 1

    def _page(self, query: SetQuery, *, skip: int, number: int) -> list[RawRow]:
        options = {
            "$select": ",".join(query.select),
            "$orderby": ",".join(query.order),
            "$top": str(self._size),
            "$skip": str(skip),
        }
        if query.filter:
            options["$filter"] = query.filter
        values, size = self._client.sized_values(quote(query.set), options, asked=query.set)
        self._learn(len(values), size)
        page = f"{query.set}, page {number}"
        return [RawRow(query.key_of(value), value, page, index) for index, value in enumerate(values)]

    def _learn(self, rows: int, size: int) -> None:
        """The next page holds as many rows as fit, and no more than eight times as many as this one."""
        if rows:
            fitting = self._most_bytes * rows // max(size, 1)
            self._size = max(SMALLEST_PAGE, min(fitting, self._bearable, self._size * GROWTH))

    def _count(self, query: SetQuery) -> int | None:
        """How many rows the set has now, or None where `/$count` is not served (it is not on every base)."""
        options = {"$filter": query.filter} if query.filter else {}
        try:
            answer = self._client.request(
                "GET", f"{quote(query.set)}/$count", options, asked=f"{query.set}/$count"
            )
        except OperatorNeeded:
            return None
        digits = answer.content.removeprefix(BOM).strip()
        return int(digits) if digits.isdigit() else None
