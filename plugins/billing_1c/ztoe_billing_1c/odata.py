"""A thin client of 1C's standard OData interface: addresses, answers, and pages that lose no row.

Addresses are built by hand, because 1C takes no `+` for a space and no encoded `$`. Numbers are read from their
text into Decimal: the schema says Edm.Double, but what 1C writes is the exact amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote

import msgspec

from ztoe_hub.errors import OperatorNeeded, TransientError, UnexpectedAnswer
from ztoe_hub.outgoing import Answer, Outgoing

from .faults import BOM, ServerOutOfMemory, error_of, fault_of
from .normalise import guid

ROOT = "odata/standard.odata"
FORMAT = "application/json;odata=nometadata"
SMALLEST_PAGE = 50
# A raw control character in a text makes the whole page invalid JSON; a space is valid inside and outside of texts.
_TAME = bytes.maketrans(bytes(range(32)), b" " * 32)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What every row of a set has."""

    key: str


class _Envelope(msgspec.Struct):
    value: list[msgspec.Raw]


class _KeyOnly(msgspec.Struct):
    key: str = msgspec.field(name="Ref_Key")


class _Named(msgspec.Struct):
    name: str


_envelope = msgspec.json.Decoder(_Envelope)
_named = msgspec.json.Decoder(_Named)
_key_only = msgspec.json.Decoder(_KeyOnly)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetQuery:
    """What to read of a set. `order` must tell any two rows apart; Ref_Key comes last, as 1C sorts it by presentation."""

    set: str
    select: Sequence[str]
    order: Sequence[str]
    filter: str | None = None


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it came, its key (None when it has none that can be read) and where it stood."""

    key: str | None
    content: msgspec.Raw
    place: str

    @property
    def identity(self) -> str:
        """What tells it from other rows."""
        return self.key or bytes(self.content).decode("utf-8", "replace")


@dataclass(slots=True)
class Completeness:
    """Filled while a set is read; `proven` may be asked when the read has ended."""

    proven: bool = False


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


class ODataClient:
    """Reads one base. Thread-safe, keeps nothing between calls."""

    def __init__(self, http: Outgoing, base_url: str, login: tuple[str, str], page_size: int) -> None:
        self._http = http
        self._root = f"{base_url}/{ROOT}/"
        self._login = login  # httpx sends UTF-8, which is what 1C wants; logins are often Cyrillic
        self._page_size = page_size

    def get(self, path: str, options: Mapping[str, str], *, asked: str) -> Answer:
        """One GET below the root. `path` is percent-encoded by the caller; `asked` is for messages."""

        def judge(answer: Answer) -> None:
            body = answer.content.removeprefix(BOM).strip()
            if answer.status != 200 or body.startswith(b"<"):
                raise error_of(answer, asked)
            if body.startswith(b"{") and not body.endswith(b"}"):
                raise TransientError(f"{asked}: the answer broke off")

        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
        address = f"{self._root}{path}" + (f"?{query}" if query else "")
        return self._http.request("GET", address, judge=judge, auth=self._login)

    def values(self, path: str, options: Mapping[str, str], *, asked: str) -> list[msgspec.Raw]:
        """The objects of a collection answer, undecoded."""
        answer = self.get(path, {**options, "$format": FORMAT}, asked=asked)
        body = answer.content.removeprefix(BOM)
        try:
            return _envelope.decode(body).value
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        if fault_of(body) is not None:
            raise error_of(answer, asked)
        try:
            return _envelope.decode(body.translate(_TAME)).value
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if "truncated" in str(error):  # the one word by which msgspec tells it from other defects
                raise TransientError(f"{asked}: the answer broke off") from error
            raise UnexpectedAnswer(f"{asked}: no collection in the answer") from error

    def published(self) -> set[str]:
        """The names in the service document: what the composition of the interface holds."""
        found = self.values("", {}, asked="the service document")
        try:
            return {_named.decode(value).name for value in found}
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnexpectedAnswer("the service document is out of shape") from error

    def pages(self, query: SetQuery, completeness: Completeness) -> Iterator[list[RawRow]]:
        """Every row of the set once, page by page.

        1C pages by `$skip`, so a row that is added or removed meanwhile shifts the rest. Each page therefore
        begins with the last row of the one before; when that is another one, or the number of rows differs from
        `/$count`, the set is walked once more for what was missed. `completeness` says whether that sufficed.
        """
        delivered: set[str] = set()
        for _ in range(2):
            walk = _Walk()
            for rows in self._walk(query, walk):
                missed = [row for row in rows if row.identity not in delivered]
                delivered.update(row.identity for row in missed)
                if missed:
                    yield missed
            total = self._count(query)
            completeness.proven = not walk.disturbed and total in (None, walk.rows)
            if completeness.proven:
                return

    def _walk(self, query: SetQuery, walk: _Walk) -> Iterator[list[RawRow]]:
        size, number = self._page_size, 0
        while not walk.ended:
            try:
                page = self._page(query, skip=max(walk.rows - 1, 0), top=size, number=number)
            except ServerOutOfMemory:
                if size <= SMALLEST_PAGE:
                    raise
                size = max(size // 2, SMALLEST_PAGE)
                continue
            yield walk.take(page)
            number += 1

    def _page(self, query: SetQuery, *, skip: int, top: int, number: int) -> list[RawRow]:
        options = {
            "$select": ",".join(query.select),
            "$orderby": ",".join(query.order),
            "$top": str(top),
            "$skip": str(skip),
        }
        if query.filter:
            options["$filter"] = query.filter
        values = self.values(quote(query.set), options, asked=query.set)
        places = (f"{query.set}, page {number}, row {index}" for index in range(len(values)))
        return [RawRow(_key_of(value), value, place) for value, place in zip(values, places, strict=True)]

    def _count(self, query: SetQuery) -> int | None:
        """How many rows the set has now, or None where `/$count` is not served (it is not on every base)."""
        options = {"$filter": query.filter} if query.filter else {}
        try:
            answer = self.get(f"{quote(query.set)}/$count", options, asked=f"{query.set}/$count")
        except OperatorNeeded:
            return None
        digits = answer.content.removeprefix(BOM).strip()
        return int(digits) if digits.isdigit() else None


def _key_of(content: msgspec.Raw) -> str | None:
    try:
        return guid(_key_only.decode(content).key)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def literal_of(moment: date) -> str:
    """The beginning of a day in a filter or an argument."""
    return f"datetime'{moment.isoformat()}T00:00:00'"
