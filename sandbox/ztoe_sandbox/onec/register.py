"""The virtual tables of the register of settlements: balances and turnovers of a period."""

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from .errors import Code, ODataError
from .filters import compile_filter
from .records import Turnover
from .schema import Edm, EntitySet, Field, Value, money
from .sets import REGISTER, REGISTER_DIMENSIONS
from .tokens import moment

PARAMETERS = {
    "BalanceAndTurnovers": ("StartPeriod", "EndPeriod", "Condition", "Dimensions"),
    "Balance": ("Period", "Condition", "Dimensions"),
}
REQUIRED = {"BalanceAndTurnovers": ("StartPeriod", "EndPeriod"), "Balance": ()}
LATEST = dt.datetime(3999, 12, 31)  # noqa: DTZ001 - 1C's last day has no zone
ARGUMENT = re.compile(r"(?:^|,)\s*(StartPeriod|EndPeriod|Period|Condition|Dimensions)=")
DATETIME = re.compile(r"datetime'([^']*)'")


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account owed, was charged and paid, per contract and article, in kopecks."""

    account_key: str
    contract_key: str
    article: str
    opening: int
    accrued: int
    paid: int
    closing: int


def _nothing_is_null(get: Callable[[Balance], int]) -> Callable[[Balance], Value]:
    return lambda row: money(get(row)) if get(row) else None


def _amount(get: Callable[[Balance], int]) -> Callable[[Balance], Value]:
    return lambda row: money(get(row)) if get(row) else Decimal(0)


RESOURCES = {
    "BalanceAndTurnovers": (
        Field("СуммаOpeningBalance", Edm.DOUBLE, _amount(lambda row: row.opening)),
        Field("СуммаTurnover", Edm.DOUBLE, _nothing_is_null(lambda row: row.accrued - row.paid)),
        Field("СуммаReceipt", Edm.DOUBLE, _nothing_is_null(lambda row: row.accrued)),
        Field("СуммаExpense", Edm.DOUBLE, _nothing_is_null(lambda row: row.paid)),
        Field("СуммаClosingBalance", Edm.DOUBLE, _amount(lambda row: row.closing)),
    ),
    "Balance": (Field("СуммаBalance", Edm.DOUBLE, _amount(lambda row: row.closing)),),
}


def path_arguments(text: str) -> dict[str, str]:
    """The arguments inside the parentheses; quotes in a Condition may be nested or doubled."""
    marks = list(ARGUMENT.finditer(text))
    if text.strip() and (not marks or marks[0].start() != 0):
        raise ODataError(400, Code.BAD_ARGUMENT, "Неверные параметры функции")
    ends = [mark.start() for mark in marks[1:]] + [len(text)] * bool(marks)
    return {mark[1]: text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)}


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text


class Register:
    """Answers the virtual tables; one question is computed once."""

    def __init__(self, turnovers: Callable[[], Sequence[Turnover]]) -> None:
        self._turnovers = turnovers
        self._cached = lru_cache(maxsize=4)(self._compute)

    def table(self, function: str, arguments: Mapping[str, str]) -> tuple[EntitySet, Sequence[Balance], str]:
        """The shape of the answer, its rows, and a name for this very question."""
        start, end = _period(function, arguments)
        condition = _unquoted(arguments.get("Condition", ""))
        dimensions = _dimensions(_unquoted(arguments.get("Dimensions", "")))
        shape = EntitySet(f"{REGISTER}/{function}", dimensions + RESOURCES[function], presentation=repr)
        names = tuple(field.name for field in dimensions)
        rows = self._cached(function, start, end, condition, names)
        return shape, rows, f"{function} {start} {end} {condition} {names}"

    def _compute(
        self, function: str, start: dt.datetime, end: dt.datetime, condition: str, names: tuple[str, ...]
    ) -> Sequence[Balance]:
        holds = compile_filter(condition, REGISTER_DIMENSIONS) if condition else lambda _: True
        series = itertools.groupby(filter(holds, self._turnovers()), key=_series_key)
        balances = [row for _, months in series for row in ROWS[function](list(months), start, end)]
        return balances if len(names) == len(REGISTER_DIMENSIONS) else list(_grouped(balances, names))


def _series_key(row: Turnover) -> tuple[str, str, str]:
    return row.account_key, row.contract_key, row.article


def _period(function: str, arguments: Mapping[str, str]) -> tuple[dt.datetime, dt.datetime]:
    for name in REQUIRED[function]:
        if not arguments.get(name):
            raise ODataError(400, Code.REQUIRED, f"Не указан обязательный параметр: {name}")
    if function == "Balance":
        period = _moment(arguments["Period"]) if arguments.get("Period") else LATEST
        return period, period
    return _moment(arguments["StartPeriod"]), _moment(arguments["EndPeriod"])


def _moment(text: str) -> dt.datetime:
    match = DATETIME.fullmatch(text)
    if match is None:
        raise ODataError(400, Code.BAD_VALUE, f"Неверное значение параметра: {text}")
    return moment(match[1])


def _dimensions(text: str) -> tuple[Field, ...]:
    if not text:
        return REGISTER_DIMENSIONS
    known = {field.name.removesuffix("_Key"): field for field in REGISTER_DIMENSIONS}
    names = [name.strip() for name in text.split(",")]
    if not all(name in known for name in names):
        raise ODataError(400, Code.BAD_ARGUMENT, f"Измерение не найдено: {text}")
    return tuple(known[name] for name in dict.fromkeys(names))


def _turnover(months: list[Turnover], start: dt.datetime, end: dt.datetime) -> Iterator[Balance]:
    """The period's row of one account, contract and article; none before its first month.

    A month belongs to a period that holds its first day.
    """
    inside = [row for row in months if start <= row.month <= end]
    if inside:
        accrued, paid = sum(row.accrued for row in inside), sum(row.paid for row in inside)
        yield Balance(*_series_key(months[0]), inside[0].opening, accrued, paid, inside[-1].closing)
    elif months[-1].month < start <= end and months[-1].closing:
        yield Balance(*_series_key(months[0]), months[-1].closing, 0, 0, months[-1].closing)


def _state(months: list[Turnover], at: dt.datetime, _end: dt.datetime) -> Iterator[Balance]:
    """The balance at the start of a second: a month counts once the next one has begun."""
    begun = [row for row in months if row.month <= at]
    if not begun:
        return
    last = begun[-1]
    balance = last.opening if (last.month.year, last.month.month) == (at.year, at.month) else last.closing
    if balance:
        yield Balance(*_series_key(last), 0, 0, 0, balance)


ROWS = {"BalanceAndTurnovers": _turnover, "Balance": _state}


def _grouped(rows: Sequence[Balance], names: tuple[str, ...]) -> Iterator[Balance]:
    getters = [field.get for field in REGISTER_DIMENSIONS if field.name in names]
    groups: dict[tuple[Any, ...], Balance] = {}
    for row in rows:
        key = tuple(get(row) for get in getters)
        groups[key] = _sum(groups[key], row) if key in groups else row
    return iter(groups.values())


def _sum(one: Balance, other: Balance) -> Balance:
    return Balance(
        one.account_key,
        one.contract_key,
        one.article,
        one.opening + other.opening,
        one.accrued + other.accrued,
        one.paid + other.paid,
        one.closing + other.closing,
    )
