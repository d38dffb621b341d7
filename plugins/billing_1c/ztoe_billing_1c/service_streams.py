"""Streams over the hub's HTTP service: JSON rows as the contract writes them, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from urllib.parse import quote, urlencode

import msgspec

from ztoe_hub.errors import UnexpectedAnswer
from ztoe_hub.values import (
    AccountRecord,
    Article,
    ConsumerRecord,
    DistrictRecord,
    InvoiceRecord,
    MeteringPointRecord,
    Page,
    PaymentRecord,
    ReadingRecord,
    Record,
    Rejected,
    StatementLineRecord,
    Stream,
)

from .hub_service import HubService, Refused, decoded
from .keys import key_reader
from .normalise import LARGEST_AMOUNT, BadValue
from .streams import shape_of

VERSION = b"hub-service-1"  # grows when rows are decoded in another way
NOTHING = Decimal(0)


class StatementRow(Record, frozen=True, kw_only=True):
    """A line of the statement; balances are above zero for a debit and below for a credit."""

    account_key: str
    period: date
    article: Article
    opening_uah: Decimal
    accrued_uah: Decimal
    paid_uah: Decimal
    closing_uah: Decimal


SHAPES: dict[Stream, type[Record]] = {
    Stream.DISTRICTS: DistrictRecord,
    Stream.CONSUMERS: ConsumerRecord,
    Stream.ACCOUNTS: AccountRecord,
    Stream.METERING_POINTS: MeteringPointRecord,
    Stream.READINGS_HISTORY: ReadingRecord,
    Stream.STATEMENT_LINES: StatementRow,
    Stream.INVOICES: InvoiceRecord,
    Stream.PAYMENTS: PaymentRecord,
}


class _Answer(msgspec.Struct):
    rows: list[msgspec.Raw]
    cursor: str
    more: bool
    complete: bool
    gone: list[str] = []


class ServiceRows:
    """A page of undecoded rows."""

    def __init__(self, stream: Stream, rows: Sequence[msgspec.Raw], place: str) -> None:
        self._decoder = msgspec.json.Decoder(SHAPES[stream])
        self._rows = rows
        self._place = place
        key_of = key_reader(["key"])
        self.keys = [key_of(row) for row in rows]
        self.fingerprints = [
            int.from_bytes(blake2b(row, digest_size=8, key=VERSION).digest(), "big", signed=True)
            for row in rows
        ]

    def decode(self, index: int) -> Record | Rejected | None:
        key, place = self.keys[index], f"{self._place}, row {index}"
        try:
            record = _checked(self._decoder.decode(self._rows[index]))
            if key is None or record.key != key:
                raise BadValue("key", "is empty or padded")
            return _line_of(record) if isinstance(record, StatementRow) else record
        except BadValue as error:
            return Rejected(place=place, key=key, field=error.field, reason=error.reason)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return Rejected(place=place, key=key, field=None, reason=shape_of(error))


def read_stream(service: HubService, stream: Stream, since: str | None, size: int) -> Iterator[Page]:
    """Everything, or what has changed since a cursor. A cursor that leads nowhere stops the read."""
    cursor, number, nameless = since or "", 0, False
    while True:
        answer = _page(service, stream, cursor, size)
        rows = ServiceRows(stream, answer.rows, f"{stream}, page {number}")
        nameless = nameless or None in rows.keys
        if answer.more and answer.cursor in ("", cursor):
            raise UnexpectedAnswer(f"{stream}: there is more, but the cursor stands still")
        if not answer.more:
            complete = answer.complete and not nameless
            yield Page(
                rows=rows,
                gone=answer.gone,
                complete=complete,
                changes_only=since is not None,
                cursor=(answer.cursor or None) if complete else None,
            )
            return
        yield Page(rows=rows, gone=answer.gone)
        cursor, number = answer.cursor, number + 1


def _page(service: HubService, stream: Stream, cursor: str, size: int) -> _Answer:
    query = {"limit": str(size)} | ({"after": cursor} if cursor else {})
    try:
        answer = service.call("GET", f"{stream}?{urlencode(query, quote_via=quote)}")
    except Refused as error:  # there is no item at fault here
        raise UnexpectedAnswer(f"{stream}: the service refuses to read: {error.code}") from error
    return decoded(answer, _Answer)


def _checked(record: Record) -> Record:
    """The record with what JSON types cannot say: no padding, no empty texts, months, wall clocks, finite numbers."""
    changes: dict[str, object] = {}
    for field in msgspec.structs.fields(type(record)):
        value = getattr(record, field.name)
        if isinstance(value, str) and not isinstance(value, Article):
            changes[field.name] = _text(value, field)
        elif isinstance(value, Decimal):
            if not value.is_finite() or abs(value) >= LARGEST_AMOUNT:
                raise BadValue(field.name, "the number is out of range")
        elif isinstance(value, datetime):
            if value.tzinfo is not None:
                raise BadValue(field.name, "a local time without an offset is expected")
        elif field.name == "period" and isinstance(value, date) and value.day != 1:
            raise BadValue(field.name, "the first day of a month is expected")
    return msgspec.structs.replace(record, **changes)


def _text(value: str, field: msgspec.structs.FieldInfo) -> str | None:
    text = value.rstrip()
    if "\x00" in text:
        raise BadValue(field.name, "holds a NUL character, which no database takes")
    if not text and field.required:
        raise BadValue(field.name, "is empty")
    return text or None


def _line_of(row: StatementRow) -> StatementLineRecord:
    return StatementLineRecord(
        key=row.key,
        account_key=row.account_key,
        period=row.period,
        article=row.article,
        opening_debit_uah=max(row.opening_uah, NOTHING),
        opening_credit_uah=min(row.opening_uah, NOTHING),
        accrued_uah=row.accrued_uah,
        paid_uah=row.paid_uah,
        closing_debit_uah=max(row.closing_uah, NOTHING),
        closing_credit_uah=min(row.closing_uah, NOTHING),
    )
