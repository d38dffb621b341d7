"""Converts values to what the driver stores: one at a time, with the reason when it cannot, or a whole column at once.

Both ways accept the same values. A column's converter may raise anything of ValueError, TypeError and
ArithmeticError: the caller then asks value by value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from itertools import repeat
from operator import eq, mul
from typing import Any

import sqlalchemy as sa

from ztoe_hub.storage.column_types import Scaled, Words

LARGEST = Decimal(10**14)  # with four places it still fits a 64-bit integer
LARGEST_WHOLE = 2**31 - 1
LONGEST_KEY = 120
SURROGATE = re.compile("[\ud800-\udfff]")
#: Arithmetic that refuses to round.
EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])

Convert = Callable[[Any], object]
ConvertColumn = Callable[[Sequence[Any]], Sequence[object]]


def converter(kind: sa.types.TypeEngine[Any], dialect: str) -> Convert:
    """How to convert one value that is not None. Raises ValueError with the reason."""
    if isinstance(kind, Scaled):
        return _scaler(kind.places)
    if isinstance(kind, sa.DateTime):
        return _time_text if dialect == "sqlite" else _time
    if isinstance(kind, sa.Date):
        return _date_text if dialect == "sqlite" else _date
    if isinstance(kind, sa.Integer):
        return _whole
    if isinstance(kind, Words):
        return lambda word: word.value
    return _text


def column_converter(kind: sa.types.TypeEngine[Any], dialect: str) -> ConvertColumn:
    """How to convert a column of values, None among them."""
    if isinstance(kind, Scaled):
        return _column_scaler(kind.places)
    if isinstance(kind, Words):
        words: dict[Any, object] = {None: None, **{word: word.value for word in kind.words}}
        return lambda column: list(map(words.__getitem__, column))
    if isinstance(kind, sa.DateTime | sa.Date | sa.Integer):
        convert = converter(kind, dialect)
        return lambda column: [None if value is None else convert(value) for value in column]
    return _text_column


def check_keys(keys: Sequence[str]) -> None:
    """Raises ValueError when one of them cannot be a key."""
    _text_column(keys)
    lengths = list(map(len, keys))
    if min(lengths, default=1) < 1 or max(lengths, default=1) > LONGEST_KEY:
        raise ValueError(f"the key is empty or longer than {LONGEST_KEY} characters")


def _text_column(column: Sequence[Any]) -> Sequence[object]:
    """Texts are stored as they are: the column is looked at as one long text."""
    joined = "".join(column if None not in column else [text for text in column if text is not None])
    _text(joined)
    return column


def _text(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the text holds a NUL")
    if not text.isascii() and SURROGATE.search(text):
        raise ValueError("the text holds half a character")
    return text


def _column_scaler(places: int) -> ConvertColumn:
    factor = Decimal(10**places)
    largest = int(LARGEST) * 10**places
    scale = _scaler(places)

    def convert(column: Sequence[Any]) -> Sequence[object]:
        if None in column:
            return [None if value is None else scale(value) for value in column]
        scaled = list(map(mul, column, repeat(factor)))
        whole = list(map(int, scaled))
        if not all(map(eq, whole, scaled)) or max(whole) >= largest or min(whole) <= -largest:
            raise ValueError("a number does not fit")
        return whole

    return convert


def _scaler(places: int) -> Convert:
    factor = Decimal(10**places)

    def scale(value: Any) -> int:
        if not isinstance(value, Decimal) or not value.is_finite():
            raise ValueError(f"not a number: {value}")
        if not -LARGEST < value < LARGEST:
            raise ValueError("the number is too large")
        try:
            scaled = EXACT.multiply(value, factor)
        except Inexact as error:
            raise ValueError(f"more than {places} decimal places: {value}") from error
        whole = int(scaled)
        if whole != scaled:
            raise ValueError(f"more than {places} decimal places: {value}")
        return whole

    return scale


def _whole(value: Any) -> int:
    if not isinstance(value, int) or not -LARGEST_WHOLE <= value <= LARGEST_WHOLE:
        raise ValueError("the number is too large")
    return value


def _date(value: Any) -> date:
    # A time is a date to Python; SQLite would keep it whole, and no page could read it back.
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("not a date")
    return value


def _date_text(value: Any) -> str:
    return _date(value).isoformat()


def _time(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise ValueError("not a time")
    if value.tzinfo is not None:
        raise ValueError("a time with a zone, where the wall clock of the source is expected")
    return value


def _time_text(value: Any) -> str:
    """As SQLAlchemy stores it on SQLite."""
    return _time(value).isoformat(" ", "microseconds")
