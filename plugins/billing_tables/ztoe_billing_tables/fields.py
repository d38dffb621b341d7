"""What fields a stream's records have, and of what kind each value is: read off the hub's own record types."""

from __future__ import annotations

import enum
import types
import typing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import msgspec

from ztoe_hub.values import (
    AccountRecord,
    ConsumerRecord,
    DistrictRecord,
    InvoiceRecord,
    MeteringPointRecord,
    PaymentRecord,
    ReadingRecord,
    Record,
    StatementLineRecord,
    Stream,
)

RECORDS: dict[Stream, type[Record]] = {
    Stream.DISTRICTS: DistrictRecord,
    Stream.CONSUMERS: ConsumerRecord,
    Stream.ACCOUNTS: AccountRecord,
    Stream.METERING_POINTS: MeteringPointRecord,
    Stream.READINGS_HISTORY: ReadingRecord,
    Stream.STATEMENT_LINES: StatementLineRecord,
    Stream.INVOICES: InvoiceRecord,
    Stream.PAYMENTS: PaymentRecord,
}


class Kind(enum.Enum):
    """What a field's value is, by its type and, for months, by its name."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    DAY = "date"
    MONTH = "month"
    MOMENT = "time"
    WORD = "word"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record; `words` are the values of an enumeration."""

    name: str
    kind: Kind
    required: bool
    words: type[enum.StrEnum] | None = None


# A signed balance, which is what most tables have, stands for the pair that a statement prints.
BALANCES = {
    "opening_balance_uah": ("opening_debit_uah", "opening_credit_uah"),
    "closing_balance_uah": ("closing_debit_uah", "closing_credit_uah"),
}
BALANCE_HALVES = {half: balance for balance, halves in BALANCES.items() for half in halves}

KINDS: dict[type, Kind] = {
    str: Kind.TEXT,
    Decimal: Kind.NUMBER,
    int: Kind.WHOLE,
    date: Kind.DAY,
    datetime: Kind.MOMENT,
}


def _described(name: str, declared: object, *, required: bool) -> Field:
    choices = typing.get_args(declared) if isinstance(declared, types.UnionType) else (declared,)
    choices = tuple(each for each in choices if each is not types.NoneType)
    found = choices[0]
    if isinstance(found, type) and issubclass(found, enum.StrEnum):
        return Field(name=name, kind=Kind.WORD, required=required, words=found)
    kind = Kind.MONTH if name == "period" else KINDS[found]
    return Field(name=name, kind=kind, required=required)


def _fields_of(stream: Stream) -> dict[str, Field]:
    hints = typing.get_type_hints(RECORDS[stream])
    found = {
        each.name: _described(each.name, hints[each.name], required=each.required)
        for each in msgspec.structs.fields(RECORDS[stream])
        if each.name != "key"
    }
    if stream is Stream.STATEMENT_LINES:
        for balance in BALANCES:
            found[balance] = Field(name=balance, kind=Kind.NUMBER, required=False)
    return found


FIELDS: dict[Stream, dict[str, Field]] = {stream: _fields_of(stream) for stream in Stream}
