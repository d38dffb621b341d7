"""A line of a sheet as a row of the register, and how such values are compared with what 1C gives back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ztoe_hub.values import ReadingSheet, SheetLine

Row = dict[str, Any]


def row_of(sheet: ReadingSheet, line: SheetLine, external_id: str, zone: ZoneInfo) -> Row:
    """Under our names, in JSON's types: dates are texts, whole numbers of 64 bits too."""
    return {
        "point": line.metering_point_key,
        "taken_on": _start_of(line.current_on),
        "external_id": external_id,
        "sheet": sheet.key,
        "revision": str(sheet.revision),
        "line_count": str(len(sheet.lines)),
        "account_number": sheet.account_number,
        "consumer_code": sheet.consumer_code,
        "period": _start_of(sheet.period),
        "confirmed_at": sheet.confirmed_at.astimezone(zone)
        .replace(tzinfo=None)
        .isoformat(timespec="seconds"),
        "meter_number": line.meter_number,
        "digits": line.digits,
        "coefficient": line.coefficient,
        "previous_on": _start_of(line.previous_on),
        "previous_value": line.previous_value,
        "value": line.current_value,
        "rolled_over": line.rolled_over,
    }


def _start_of(day: date) -> str:
    return datetime(day.year, day.month, day.day).isoformat()  # noqa: DTZ001  1C's times have no zone


def comparable(value: object) -> object:
    """The same for values that 1C holds to be the same: padding, Int64 as text, 20 and 20.0."""
    if isinstance(value, str):
        text = value.rstrip()
        return int(text) if text.isascii() and text.isdigit() and str(int(text)) == text else text
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Decimal | float):
        number = Decimal(str(value))
        return int(number) if number == number.to_integral_value() else number.normalize()
    return value
