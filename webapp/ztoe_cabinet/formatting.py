"""How dates, months, money and sizes look on a page: as in the utility's manual, in Kyiv time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import Flask

from .texts import _

KYIV = ZoneInfo("Europe/Kyiv")
NBSP = "\u00a0"
MEGABYTE = 1024 * 1024
LARGEST_NUMBER = 2**31 - 1  # of a row
MONTH_KEY = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def money(amount: Decimal) -> str:
    """`1 234,56`, the space not breaking."""
    return f"{amount or Decimal(0):,.2f}".replace(",", NBSP).replace(".", ",")


def day(at: date) -> str:
    """`31.12.2018`; of a time, the day in Kyiv."""
    return f"{_in_kyiv(at):%d.%m.%Y}"


def moment(at: datetime) -> str:
    """`31.12.2018 23:59` in Kyiv; a time without a zone is a wall clock there already."""
    return f"{_in_kyiv(at):%d.%m.%Y %H:%M}"


def month(period: date) -> str:
    """`01.2018`."""
    return f"{period:%m.%Y}"


def month_key(period: date) -> str:
    """`2018-01`, as addresses have it."""
    return f"{period:%Y-%m}"


def parse_month(text: str) -> date | None:
    """The first day of the month in an address; None for anything else."""
    found = MONTH_KEY.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found and found[1] != "0000" else None


def with_asked(months: Sequence[date], asked: date | None) -> Sequence[date]:
    """The months to choose from, newest first: those there are, and the one that is shown."""
    return sorted({*months, asked}, reverse=True) if months and asked else months


def kilovolts(voltage: Decimal | str | None) -> str:
    """`0,4 кВ`."""
    return "—" if voltage is None else _with_unit(f"{Decimal(voltage).normalize():f}", _("кВ"))


def size(count: int) -> str:
    """`12 Кб` or `1,5 Мб`."""
    if count < MEGABYTE:
        return _with_unit(str(max(1, round(count / 1024))), _("Кб"))
    return _with_unit(f"{count / MEGABYTE:.1f}", _("Мб"))


def _with_unit(number: str, unit: str) -> str:
    return f"{number.replace('.', ',')}{NBSP}{unit}"


def _in_kyiv(at: date) -> date:
    return at.astimezone(KYIV) if isinstance(at, datetime) and at.tzinfo else at


def install(app: Flask) -> None:
    """Make them filters of the templates."""
    for filter_ in (money, day, moment, month, month_key, kilovolts, size):
        app.add_template_filter(filter_)
