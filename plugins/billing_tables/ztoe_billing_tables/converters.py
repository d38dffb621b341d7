"""Cells as people, spreadsheets and old programs write them, turned into exact values; a doubtful one is a BadCell.

A reason names the kind of the trouble and never repeats the value, which may be personal; only words of a
table are repeated, because somebody has to add them to the mapping.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

Cell = str | int | float | bool | date | datetime | time | timedelta | Decimal | bytes | None

KYIV = ZoneInfo("Europe/Kyiv")
EARLIEST_YEAR, LATEST_YEAR = 1990, 2100  # anything else is a slip of the pen: a real base held the year 0209
LARGEST = Decimal(10) ** 15
EXACT_FLOAT = 10**15  # a spreadsheet keeps 15 digits
EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  serials have no zone
FIRST_SERIAL, LAST_SERIAL = 32874, 73050  # 1990 to 2099
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
SPACES = (
    "\u00a0\u202f\u2009\u2007 '\u2019"  # thousands: no-break, narrow, thin and figure spaces, apostrophes
)
NO_SPACES = dict.fromkeys(map(ord, SPACES))
MINUS = {0x2212: "-", 0x2013: "-"}
MONTHS = {
    "січень": 1, "лютий": 2, "березень": 3, "квітень": 4, "травень": 5, "червень": 6,
    "липень": 7, "серпень": 8, "вересень": 9, "жовтень": 10, "листопад": 11, "грудень": 12,
}  # fmt: skip

NUMBERS = {
    "comma": re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d*)?|[+-]?,\d+"),
    "dot": re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|[+-]?\.\d+"),
}
GROUPED = re.compile(r"[+-]?\d{1,3}(?: \d{3})*(?:[.,]\d*)?|[+-]?\d+(?:[.,]\d*)?|[+-]?[.,]\d+")
DMY = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?(?: ?р\.?)?")
YMD = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T].*)?")
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
MONTH_YEAR = re.compile(r"(\d{1,2})[./-](\d{4})")
YEAR_MONTH = re.compile(r"(\d{4})[-./]?(\d{2})")
NAMED_MONTH = re.compile(r"([а-яіїєґ]+)\s+(\d{4})(?:\s*р(?:\.|оку|ік)?)?", re.IGNORECASE)


class BadCell(ValueError):
    """One value cannot be accepted; the text is the reason."""


def text(cell: Cell) -> str | None:
    """The text without padding, None when nothing is left. Leading zeros and letters stay; a number has no ".0"."""
    if cell is None:
        return None
    if not isinstance(cell, str):
        return _text_of_value(cell)
    found = cell.strip()  # no-break spaces too
    if not found:
        return None
    if not found.isprintable() and CONTROL.search(found):
        raise BadCell("holds a control character")
    return found


def _text_of_value(cell: Cell) -> str | None:
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float | Decimal):
        if isinstance(cell, float) and abs(cell) >= EXACT_FLOAT:
            raise BadCell("has more digits than a spreadsheet keeps: the column must be text")
        return format(_plain(_exact(cell)), "f")
    if isinstance(cell, datetime):
        return cell.isoformat() if cell.time() != time.min else cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    raise BadCell("is not text")


def _plain(value: Decimal) -> Decimal:
    """Without the zeros behind the point."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def _exact(cell: int | float | Decimal) -> Decimal:
    """The number without the noise that binary fractions leave in a spreadsheet."""
    found = Decimal(format(cell, ".15g")) if isinstance(cell, float) else Decimal(cell)
    if not found.is_finite() or abs(found) >= LARGEST:
        raise BadCell("the number is out of range")
    return found


def number(cell: Cell, style: str = "auto") -> Decimal | None:
    """An exact number. `style` is comma, dot, or auto: the last separator is the decimal one."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, bool) or not isinstance(cell, str | int | float | Decimal):
        raise BadCell("is not a number")
    if not isinstance(cell, str):
        return _exact(cell)
    written = cell.strip().translate(MINUS)
    if not written.isascii() or " " in written or "'" in written:
        written = _ungrouped(written)
    if style == "auto":
        style = "comma" if written.rfind(",") > written.rfind(".") else "dot"
    if not NUMBERS[style].fullmatch(written):
        raise BadCell("is not a number")
    decimal, thousands = (",", ".") if style == "comma" else (".", ",")
    try:
        return _exact(Decimal(written.replace(thousands, "").replace(decimal, ".")))
    except InvalidOperation:
        raise BadCell("is not a number") from None


def _ungrouped(written: str) -> str:
    """Without the spaces of thousands, which must stand where thousands do."""
    single = "".join(" " if sign in SPACES else sign for sign in written)
    if not GROUPED.fullmatch(single):
        raise BadCell("is not a number")
    return single.translate(NO_SPACES)


def whole(cell: Cell, style: str = "auto") -> int | None:
    """A whole number, not below zero."""
    found = number(cell, style)
    if found is None:
        return None
    if found != found.to_integral_value() or found < 0:
        raise BadCell("is not a whole number above zero")
    return int(found)


def moment(cell: Cell) -> datetime | None:
    """The wall clock of Kyiv, naive; None for an empty date (0001-01-01). Spreadsheet serials count days."""
    if cell is None or (isinstance(cell, str) and not cell.strip(" .-/")):
        return None
    if isinstance(cell, bool | time | timedelta | bytes):
        raise BadCell("is not a date")
    if isinstance(cell, int | float | Decimal):
        return _of_serial(float(cell))
    if isinstance(cell, str):
        cell = _of_text(cell.strip())
    found = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
    if found.tzinfo is not None:
        found = found.astimezone(KYIV).replace(tzinfo=None)
    if found.year == 1:
        return None
    if not EARLIEST_YEAR <= found.year < LATEST_YEAR:
        raise BadCell(f"the year {found.year:04d} cannot be right")
    return found


def _of_serial(serial: float) -> datetime:
    if not FIRST_SERIAL <= serial <= LAST_SERIAL:
        raise BadCell("the number is not the serial of a date")
    return EXCEL_EPOCH + timedelta(seconds=round(serial * 86400))


@lru_cache(maxsize=4096)  # dates repeat from row to row
def _of_text(written: str) -> datetime:
    try:
        if found := DMY.fullmatch(written):
            day, month, year, hour, minute, second = (int(each or 0) for each in found.groups())
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
        if YMD.fullmatch(written):
            return datetime.fromisoformat(written)
        if found := COMPACT.fullmatch(written):
            return datetime(*(int(each) for each in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
        return _of_serial(float(number(written) or 0))
    except (BadCell, ValueError, OverflowError):
        raise BadCell("is not a date such as 31.12.2025 or 2025-12-31") from None


def day(cell: Cell) -> date | None:
    """The date of a moment."""
    found = moment(cell)
    return found.date() if found else None


def month(cell: Cell) -> date | None:
    """The first day of a month: written as a date, as 01.2025, 2025-01, 202501 or «січень 2025»."""
    if isinstance(cell, str) and (found := _named_month(cell.strip())):
        return found
    if isinstance(cell, int | float) and not isinstance(cell, bool) and 199001 <= cell <= 209912:
        return month(str(int(cell)))
    found = day(cell)
    return found.replace(day=1) if found else None


@lru_cache(maxsize=1024)
def _named_month(written: str) -> date | None:
    year, number = 0, 0
    if found := MONTH_YEAR.fullmatch(written):
        number, year = int(found[1]), int(found[2])
    elif found := YEAR_MONTH.fullmatch(written):
        year, number = int(found[1]), int(found[2])
    elif found := NAMED_MONTH.fullmatch(written):
        year, number = int(found[2]), MONTHS.get(found[1].lower(), 0)
    if not year:
        return None
    if not 1 <= number <= 12 or not EARLIEST_YEAR <= year < LATEST_YEAR:
        raise BadCell("is not a month such as 12.2025 or 2025-12")
    return date(year, number, 1)


def word_table(words: Mapping[str, str], known: type[enum.StrEnum]) -> dict[str, enum.StrEnum]:
    """Their word in small letters -> ours; our own words are always understood."""
    own = {each.value: each for each in known}
    return {**own, **{theirs.strip().lower(): own[ours] for theirs, ours in words.items()}}


def word_reader(table: Mapping[str, enum.StrEnum]) -> Callable[[Cell], enum.StrEnum | None]:
    """Reads a word; an unlisted one is refused, never guessed."""

    def read(cell: Cell) -> enum.StrEnum | None:
        written = text(cell)
        if written is None:
            return None
        found = table.get(written.lower())
        if found is None:
            raise BadCell(f"unknown word {written[:40]!r}; add it to `words` in the mapping")
        return found

    return read
