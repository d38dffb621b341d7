"""Each set of the base as a stream of the hub's records; rows that cannot be one are reported, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, TypeVar

import msgspec

from ztoe_hub.values import Page, Record, Rejected, Stream

from . import records
from .names import Names, SetNames
from .normalise import BadValue
from .odata import Completeness, ODataClient, RawRow, SetQuery, literal_of
from .rows import AccountRow, ConsumerRow, DistrictRow, InvoiceRow, MeteringPointRow, SetRow, theirs, under

AnyRow = TypeVar("AnyRow", bound=SetRow)


@dataclass(frozen=True, slots=True)
class SetStream(Generic[AnyRow]):
    """How a set is read: what to ask for, how to decode a row, and the record that it makes (None: skipped)."""

    query: SetQuery
    decoder: msgspec.json.Decoder[AnyRow]
    record_of: Callable[[AnyRow, Names], Record | None]
    names: Names
    covers_from: date | None = None

    def read(self, client: ODataClient) -> Iterator[Page]:
        """All records. A rejected row without a key leaves the read incomplete: nobody knows which one it is."""
        completeness = Completeness()
        nameless = False
        for rows in client.pages(self.query, completeness):
            page = self._page(rows)
            nameless = nameless or any(row.key is None for row in page.rejected)
            if page.records or page.rejected:
                yield page
        complete = completeness.proven and not nameless
        yield Page(records=(), complete=complete, covers_from=self.covers_from)

    def _page(self, rows: Sequence[RawRow]) -> Page:
        found: list[Record] = []
        rejected: list[Rejected] = []
        for row in rows:
            try:
                record = self._record(row)
            except BadValue as error:
                rejected.append(
                    Rejected(place=row.place, key=row.key, field=error.field, reason=error.reason)
                )
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                rejected.append(Rejected(place=row.place, key=row.key, field=None, reason=shape_of(error)))
            else:
                if record is not None:
                    found.append(record)
        return Page(records=found, rejected=rejected)

    def _record(self, raw: RawRow) -> Record | None:
        row = self.decoder.decode(raw.content)
        return None if row.deleted or row.folder else self.record_of(row, self.names)


def shape_of(error: Exception) -> str:
    """What is wrong with a row's shape; msgspec says where and what it expected, and repeats no value."""
    return "is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def set_stream(stream: Stream, names: Names, since: date) -> SetStream[Any]:
    """The reader of a stream that comes from a set; `since` is the first settlement month of invoices."""
    match stream:
        case Stream.DISTRICTS:
            return _stream(DistrictRow, names.districts, ["code"], records.district, names)
        case Stream.CONSUMERS:
            return _stream(ConsumerRow, names.consumers, ["code"], records.consumer, names)
        case Stream.ACCOUNTS:
            # Numbers repeat from district to district, and 1C orders references by presentation, which is the number.
            order = ["number", "consumer_code"]
            return _stream(AccountRow, names.accounts, order, records.account, names)
        case Stream.METERING_POINTS:
            return _stream(MeteringPointRow, names.metering_points, ["code"], records.metering_point, names)
        case Stream.INVOICES:
            order = ["formed_at", "number"]
            condition = f"{names.invoices.period} ge {literal_of(since)}"
            invoices = _stream(InvoiceRow, names.invoices, order, records.invoice, names, condition)
            return replace(invoices, covers_from=since)
        case _:
            raise AssertionError(f"{stream} does not come from a set")


def _stream(
    row: type[AnyRow],
    set_names: SetNames,
    order: Sequence[str],
    record_of: Callable[[AnyRow, Names], Record | None],
    names: Names,
    condition: str | None = None,
) -> SetStream[AnyRow]:
    fields = theirs(row, set_names)
    query = SetQuery(
        set=set_names.set,
        select=list(fields.values()),
        order=[fields[name] for name in (*order, "key") if name in fields],
        filter=condition,
    )
    return SetStream(query, msgspec.json.Decoder(under(row, fields)), record_of, names)
