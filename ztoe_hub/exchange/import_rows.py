"""Turns records into rows of the stage: every value checked and converted once, by functions made per table.

A value that the column cannot hold exactly raises Unfit with the field and the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import localcontext
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from ztoe_hub.storage.column_types import Scaled
from ztoe_hub.values import Record

from .import_values import EXACT, check_keys, column_converter, converter


class Unfit(ValueError):
    """A field's value cannot be kept."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


NO_VALUE = "there is no value"
NOT_DATA = ("id", "source", "key", "vanished_at", "fingerprint")


def data_columns(table: sa.Table) -> Sequence[sa.Column[object]]:
    """The columns that a record fills, in the table's order."""
    return [column for column in table.c if column.name not in NOT_DATA]


class RowMaker:
    """Makes rows for one table: tuples in the order of `columns`, of what the driver stores as it is.

    A page is converted column by column, which costs a fraction of a call per value. Where anything in a
    column looks wrong the page is converted row by row instead, to tell which value it is.
    """

    def __init__(self, columns: Sequence[sa.Column[object]], dialect: str) -> None:
        self._names = [column.name for column in columns]
        self._needed = [not column.nullable for column in columns]
        self._convert = [converter(column.type, dialect) for column in columns]
        self._convert_all = [column_converter(column.type, dialect) for column in columns]

    def columns_of(self, records: Sequence[Record]) -> list[Sequence[object]] | None:
        """The values of all records, column by column, or None when at least one of them does not fit."""
        values = zip(*map(attrgetter(*self._names), records), strict=True)
        try:
            with localcontext(EXACT):
                check_keys([record.key for record in records])
                return [
                    convert(_without_gaps(column) if needed else column)
                    for convert, needed, column in zip(self._convert_all, self._needed, values, strict=True)
                ]
        except (ValueError, TypeError, ArithmeticError):
            return None

    def row_of(self, record: Record) -> tuple[object, ...]:
        """One record's values. Raises Unfit that names the field."""
        self.check_key(record.key)
        row: list[object] = []
        for name, needed, convert in zip(self._names, self._needed, self._convert, strict=True):
            value = getattr(record, name)
            if needed and value is None:
                raise Unfit(name, NO_VALUE)
            try:
                row.append(value if value is None else convert(value))
            except ValueError as error:
                raise Unfit(name, str(error)) from error
        return tuple(row)

    def check_key(self, key: str) -> None:
        """Raises Unfit for a key that cannot be one."""
        try:
            check_keys([key])
        except ValueError as error:
            raise Unfit("key", str(error)) from error


def _without_gaps(column: Sequence[object]) -> Sequence[object]:
    if None in column:
        raise ValueError(NO_VALUE)
    return column


def stage_type(column: sa.Column[object]) -> sa.types.TypeEngine[Any]:
    """The column's type in the stage: what the rows hold, without conversions of its own."""
    if isinstance(column.type, Scaled):
        return sa.BigInteger()
    if isinstance(column.type, sa.Integer | sa.Date | sa.DateTime):
        return column.type
    return sa.Text()
