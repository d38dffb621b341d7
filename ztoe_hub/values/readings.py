"""Meter readings on their way to billing, and what billing says of them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """One register of one metering point: what the consumer read off the dial, and what they knew before."""

    metering_point_key: str
    meter_number: str
    digits: int
    coefficient: Decimal
    previous_on: date
    previous_value: Decimal
    current_on: date
    current_value: Decimal
    rolled_over: bool = False  # the dial passed zero, as the consumer confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingSheet:
    """A whole sheet, all or nothing. `key` stays the same for the account and month, `revision` grows with an edit."""

    key: str
    revision: int
    account_number: str
    consumer_code: str
    period: date  # first day of the settlement month
    confirmed_at: datetime
    lines: Sequence[SheetLine]


class RefusalReason(enum.StrEnum):
    """Why a point is not accepted: the manual's four reasons."""

    DATE_OUTSIDE_PERIOD = "date_outside_period"
    METER_NUMBER_DIFFERS = "meter_number_differs"
    DIGITS_OR_COEFFICIENT_DIFFER = "digits_or_coefficient_differ"
    PREVIOUS_READING_DIFFERS = "previous_reading_differs"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRefusal:
    """One point of a refused sheet, with what the hub sent and what billing has."""

    metering_point_key: str
    reason: RefusalReason
    sent: str
    known: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingResult:
    """What billing did with one revision of a sheet; `id` is unique, so that reading it twice changes nothing."""

    id: str
    sheet_key: str
    revision: int
    accepted: bool
    at: datetime
    refusals: Sequence[PointRefusal] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingResults:
    """A batch of results and where to go on."""

    results: Sequence[ReadingResult]
    cursor: str
    more: bool = False
