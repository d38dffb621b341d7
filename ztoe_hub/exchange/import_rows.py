"""Turns records into rows of the stage: every value checked and converted once, by functions made per table.

A value that the column cannot hold exactly raises Unfit with the field and the reason.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from ztoe_hub.storage.column_types import Scaled
from ztoe_hub.values import Record

LARGEST = Decimal(10**14)  # with four places it still fits a 64-bit integer

LARGEST_WHOLE = 2**31 - 1
LONGEST_KEY = 120
SURROGATE = re.compile("[\ud800-\udfff]")

Convert = Callable[[object], object]


class Unfit(ValueError):
    """A field's value cannot be kept."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


NOT_DATA = ("id", "source", "key", "vanished_at", "fingerprint")


def data_columns(table: sa.Table) -> Sequence[sa.Column[object]]:
    """The columns that a record fills, in the table's order."""
    return [column for column in table.c if column.name not in NOT_DATA]


class RowMaker:
    """Makes rows for one table: a tuple in the order of `columns`, of what the driver stores as it is."""

    def __init__(self, columns: Sequence[sa.Column[object]], dialect: str) -> None:
        self._fields = [(column.name, _converter(column, dialect)) for column in columns]

    def row_of(self, record: Record) -> tuple[object, ...]:
        """The record's values. Raises Unfit."""
        row: list[object] = []
        for name, convert in self._fields:
            value = getattr(record, name)
            try:
                row.append(value if value is None else convert(value))
            except ValueError as error:
                raise Unfit(name, str(error)) from error
        return tuple(row)

    def check_key(self, key: str) -> None:
        """Raises Unfit for a key that cannot be one."""
        try:
            _text_value(key)
        except ValueError as error:
            raise Unfit("key", str(error)) from error
        if not 0 < len(key) <= LONGEST_KEY:
            raise Unfit("key", f"the key is empty or longer than {LONGEST_KEY} characters")


def stage_type(column: sa.Column[object]) -> sa.types.TypeEngine[Any]:
    """The column's type in the stage: what the rows hold, without conversions of its own."""
    if isinstance(column.type, Scaled):
        return sa.BigInteger()
    if isinstance(column.type, sa.Integer | sa.Date | sa.DateTime):
        return column.type
    return sa.Text()


def _converter(column: sa.Column[object], dialect: str) -> Convert:
    kind = column.type
    if isinstance(kind, Scaled):
        return _scaler(kind.places)
    if isinstance(kind, sa.DateTime):
        return _datetime_text if dialect == "sqlite" else _same
    if isinstance(kind, sa.Date):
        return _date_text if dialect == "sqlite" else _same
    if isinstance(kind, sa.Integer):
        return _whole
    return _text_value


def _scaler(places: int) -> Convert:
    factor = 10**places

    def scale(value: object) -> int:
        if not isinstance(value, Decimal) or not value.is_finite():
            raise ValueError(f"not a number: {value}")
        if not -LARGEST < value < LARGEST:
            raise ValueError("the number is too large")
        whole = int(value * factor)  # 28 digits of it: the comparison is with the whole value
        if Decimal(whole).scaleb(-places) != value:
            raise ValueError(f"more than {places} decimal places: {value}")
        return whole

    return scale


def _same(value: object) -> object:
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or not -LARGEST_WHOLE <= value <= LARGEST_WHOLE:
        raise ValueError("the number is too large")
    return value


def _date_text(value: object) -> str:
    if not isinstance(value, date):
        raise ValueError("not a date")
    return value.isoformat()


def _datetime_text(value: object) -> str:
    """As SQLAlchemy stores it on SQLite."""
    if not isinstance(value, datetime):
        raise ValueError("not a time")
    return value.isoformat(" ", timespec="microseconds")


def _text_value(value: object) -> str:
    if isinstance(value, enum.StrEnum):
        return value.value
    text = str(value)
    if "\x00" in text:
        raise ValueError("the text holds a NUL")
    if not text.isascii() and SURROGATE.search(text):
        raise ValueError("the text holds half a character")
    return text
