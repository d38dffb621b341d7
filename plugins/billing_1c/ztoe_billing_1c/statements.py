"""The turnover sheet: a register's balances and turnovers of one month, summed per account and article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from urllib.parse import quote

import msgspec

from ztoe_hub.errors import OperatorNeeded
from ztoe_hub.values import Article, Page, Record, Rejected, StatementLineRecord

from .faults import QueryRefused
from .names import Names
from .normalise import BadValue, guid, needed, number, word
from .odata import ODataClient, literal_of
from .rows import under
from .settings import ConditionQuotes
from .streams import shape_of

FUNCTION = "BalanceAndTurnovers"
NOTHING = Decimal(0)


class TurnoverRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the virtual table; several stand for one account and article when it has several contracts."""

    account: str | None = None
    article: str | None = None
    opening: Decimal | None = None  # null is how 1C writes "nothing happened"
    accrued: Decimal | None = None
    paid: Decimal | None = None
    closing: Decimal | None = None


def _fields(names: Names) -> dict[str, str]:
    """Our field -> theirs. A dimension that is a reference is called …_Key in the answer, an enumeration is not."""
    table = names.statements
    return {
        "account": f"{table.account}_Key",
        "article": table.article,
        "opening": f"{table.amount}OpeningBalance",
        "accrued": f"{table.amount}Receipt",
        "paid": f"{table.amount}Expense",
        "closing": f"{table.amount}ClosingBalance",
    }


@dataclass(slots=True)
class _Sum:
    """What the rows of one account and article come to."""

    opening: Decimal = NOTHING
    accrued: Decimal = NOTHING
    paid: Decimal = NOTHING
    closing: Decimal = NOTHING

    def add(self, opening: Decimal, accrued: Decimal, paid: Decimal, closing: Decimal) -> None:
        self.opening += opening
        self.accrued += accrued
        self.paid += paid
        self.closing += closing


@dataclass(slots=True)
class _Month:
    """One month's sums, and the rows that could not be added. A sum with such a row is not given out."""

    first: date
    sums: dict[tuple[str, Article], _Sum] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    spoiled: set[tuple[str, Article]] = field(default_factory=set)

    def key(self, account: str, article: str) -> str:
        return f"{account}:{self.first:%Y-%m}:{article}"

    def records(self) -> Iterator[Record]:
        for (account, article), found in self.sums.items():
            if (account, article) in self.spoiled:
                continue
            yield StatementLineRecord(
                key=self.key(account, article),
                account_key=account,
                period=self.first,
                article=article,
                opening_debit_uah=max(found.opening, NOTHING),
                opening_credit_uah=min(found.opening, NOTHING),
                accrued_uah=found.accrued,
                paid_uah=found.paid,
                closing_debit_uah=max(found.closing, NOTHING),
                closing_credit_uah=min(found.closing, NOTHING),
            )


@dataclass(slots=True)
class _Form:
    """How a read asks: with arguments as a query, or once that was refused in the path."""

    by_path: bool = False


class StatementReader:
    """Asks for one month at a time: the table cannot be paged, and without a period it takes half a minute."""

    def __init__(
        self, names: Names, *, condition: str | None, quotes: ConditionQuotes, page_size: int
    ) -> None:
        self._names = names
        self._condition = condition
        self._quotes = quotes
        self._page_size = page_size
        self._fields = _fields(names)
        self._decoder = msgspec.json.Decoder(under(TurnoverRow, self._fields))
        self._table = f"{names.statements.register_}/{FUNCTION}"

    def read(self, client: ODataClient, since: date, until: date) -> Iterator[Page]:
        """The months of `since` to `until`. A row that cannot be decoded leaves the read incomplete."""
        form, nameless = _Form(), False
        for first in months(since, until):
            month = self._sum(first, self._rows(client, first, form))
            nameless = nameless or any(row.key is None for row in month.rejected)
            yield from self._pages(month)
            del month  # or it would stay while the next one is fetched
        yield Page(records=(), complete=not nameless, covers_from=since)

    def _rows(self, client: ODataClient, first: date, form: _Form) -> list[msgspec.Raw]:
        """A month's rows. Not every platform takes the arguments as a query; where it does not, they go into the path."""
        arguments = {"StartPeriod": literal_of(first), "EndPeriod": _end_of_month(first)}
        asked = f"{self._table}, {first:%Y-%m}"
        if not form.by_path:
            condition = {"Condition": self._condition} if self._condition else {}
            try:
                return client.values(quote(self._table), arguments | condition, asked=asked)
            except QueryRefused:
                form.by_path = True  # for the rest of this read; this form has the last word
        if self._condition:
            arguments["Condition"] = self._quoted_condition()
        inside = ",".join(f"{name}={value}" for name, value in arguments.items())
        return client.values(f"{quote(self._table)}({quote(inside, safe='')})", {}, asked=asked)

    def _quoted_condition(self) -> str:
        condition = self._condition or ""
        if any(sign in condition for sign in "?+\\"):
            raise OperatorNeeded("statement_condition holds ?, + or \\, which do not survive in a path of 1C")
        if self._quotes is ConditionQuotes.DOUBLED:
            condition = condition.replace("'", "''")
        return f"'{condition}'"

    def _sum(self, first: date, rows: Sequence[msgspec.Raw]) -> _Month:
        month = _Month(first)
        for index, raw in enumerate(rows):
            place = f"{self._table}, {first:%Y-%m}, row {index}"
            try:
                row = self._decoder.decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                month.rejected.append(Rejected(place=place, key=None, field=None, reason=shape_of(error)))
                continue
            try:
                self._add(month, row)
            except BadValue as error:
                key = month.key(guid(row.account) or "", self._article(row))
                month.rejected.append(Rejected(place=place, key=key, field=error.field, reason=error.reason))
        return month

    def _add(self, month: _Month, row: TurnoverRow) -> None:
        account = needed(guid(row.account), self._fields["account"])
        article = word(row.article, self._names.articles, self._fields["article"])
        try:
            amounts = [
                number(getattr(row, name), self._fields[name]) or NOTHING
                for name in ("opening", "accrued", "paid", "closing")
            ]
        except BadValue:
            month.spoiled.add((account, article))
            raise
        month.sums.setdefault((account, article), _Sum()).add(*amounts)

    def _article(self, row: TurnoverRow) -> str:
        """Our word for the row's article, or theirs."""
        theirs = (row.article or "").rstrip()
        return self._names.articles.get(theirs, theirs)

    def _pages(self, month: _Month) -> Iterator[Page]:
        records = month.records()
        rejected = month.rejected
        while batch := list(islice(records, self._page_size)):
            yield Page(records=batch, rejected=rejected)
            rejected = []
        if rejected:
            yield Page(records=(), rejected=rejected)


def months(since: date, until: date) -> Iterator[date]:
    """The first days of the months from one to the other, both included."""
    first = since.replace(day=1)
    while first <= until:
        yield first
        first = _next_month(first)


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _end_of_month(first: date) -> str:
    """EndPeriod is inclusive to the second."""
    last = _next_month(first) - timedelta(days=1)
    return f"datetime'{last.isoformat()}T23:59:59'"
