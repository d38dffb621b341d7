"""Column types that lose nothing: exact decimals, aware times, enums by value."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator


class Scaled(TypeDecorator[Decimal]):
    """A Decimal kept as an integer of its smallest unit (SQLite's NUMERIC goes through floats).

    Raises ValueError for more decimal places than the column has, so that nothing is rounded silently.
    """

    impl = sa.BigInteger
    cache_ok = True

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> int | None:
        """Decimal to integer."""
        if value is None:
            return None
        scaled = value.scaleb(self.places)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"more than {self.places} decimal places")
        return int(scaled)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> Decimal | None:
        """Integer to Decimal, with its places."""
        return None if value is None else Decimal(value).scaleb(-self.places)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC. A naive one is refused: nobody knows what it means."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Aware to UTC (without the zone on SQLite, which has none)."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """UTC, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[enum.StrEnum]):
    """A StrEnum kept by value in a short text column."""

    impl = sa.String(40)
    cache_ok = True

    def __init__(self, words: type[enum.StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Only a word of the enum can be stored."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> enum.StrEnum | None:
        """The enum's member."""
        return None if value is None else self.words(value)
