"""1C's ways of writing "nothing", and its odd values, turned into ours; what cannot be trusted is a BadValue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

Word = TypeVar("Word")

EMPTY_GUID = "00000000-0000-0000-0000-000000000000"
EMPTY_YEAR = 1  # 0001-01-01 is an empty date
EARLIEST_YEAR = 1990  # anything before is a slip of the pen: a real base held a document of the year 0209
LARGEST_AMOUNT = Decimal(10) ** 15


class BadValue(Exception):
    """One field of one row cannot be accepted. The reason repeats no personal data."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def guid(value: str | None) -> str | None:
    """The reference in lower case, or None for an empty one."""
    if value is None or value in ("", EMPTY_GUID):
        return None
    return value.lower()


def text(value: str | int | None, field: str) -> str | None:
    """The text without the padding of fixed-length strings; None when nothing is left. Leading zeros stay."""
    if value is None:
        return None
    found = str(value).rstrip()
    if "\x00" in found:
        raise BadValue(field, "holds a NUL character, which no database takes")
    return found or None


def moment(value: str | None, field: str) -> datetime | None:
    """The server's wall clock, naive; None for 1C's empty date."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise BadValue(field, "is not a date") from None
    if found.year == EMPTY_YEAR:
        return None
    if found.year < EARLIEST_YEAR:
        raise BadValue(field, f"the year {found.year:04d} cannot be right")
    return found.replace(tzinfo=None)


def day(value: str | None, field: str) -> date | None:
    """The date of a moment."""
    found = moment(value, field)
    return found.date() if found else None


def month(value: str | None, field: str) -> date | None:
    """The first day of the month of a moment."""
    found = day(value, field)
    return found.replace(day=1) if found else None


def number(value: Decimal | None, field: str) -> Decimal | None:
    """An exact number as it was written. msgspec takes NaN and 1e400 for decimals, we do not."""
    if value is None:
        return None
    if not value.is_finite() or abs(value) >= LARGEST_AMOUNT:
        raise BadValue(field, "the number is out of range")
    return value


def positive(value: Decimal | None, field: str) -> Decimal | None:
    """A number above zero; zero is how 1C writes an empty one."""
    found = number(value, field)
    if found is not None and found < 0:
        raise BadValue(field, "is below zero")
    return found or None


def count(value: int | str | None, field: str) -> int | None:
    """A whole number above zero; Int64 comes as a string."""
    try:
        found = int(value or 0)
    except ValueError:
        raise BadValue(field, "is not a whole number") from None
    if found < 0:
        raise BadValue(field, "is below zero")
    return found or None


def word(value: str | None, words: Mapping[str, Word], field: str) -> Word:
    """Our word for theirs; an unlisted one is refused, never guessed."""
    theirs = text(value, field)
    if theirs is None or theirs not in words:
        raise BadValue(field, f"unknown word {theirs!r}; add it to the names in the settings")
    return words[theirs]


def needed(value: Word | None, field: str) -> Word:
    """The value, which may not be empty."""
    if value is None:
        raise BadValue(field, "is empty")
    return value
