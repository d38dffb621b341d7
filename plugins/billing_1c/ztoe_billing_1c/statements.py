"""The turnover sheet: a register's balances and turnovers of one month, summed per account and article."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import islice

import msgspec

from ztoe_hub.values import Article, Page, Record, Rejected, StatementLineRecord

from .mapping import SiteMapping
from .normalise import BadValue, guid, needed, number, word
from .preflight import Fit
from .rows import Number, Reference, Word, under
from .streams import shape_of
from .turnovers import Turnovers, next_month

NOTHING = Decimal(0)
LINES_A_PAGE = 1000


class TurnoverRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the virtual table; several stand for one account and article when it has several contracts."""

    account: Reference = None
    article: Word = None
    opening: Number = None  # null is how 1C writes "nothing happened"
    accrued: Number = None
    paid: Number = None
    closing: Number = None


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


class StatementReader:
    """Asks for one month at a time: the table cannot be paged, and without a period it takes half a minute."""

    def __init__(self, fit: Fit, site: SiteMapping) -> None:
        self._table = fit.origin
        self._articles = site.words.articles
        self._fields = {name: fit.names.get(name, name) for name in TurnoverRow.__struct_fields__}
        self._decoder = msgspec.json.Decoder(under(TurnoverRow, fit.names, fit.constants))

    def read(self, turnovers: Turnovers, since: date, until: date, *, changes_only: bool) -> Iterator[Page]:
        """The months of `since` to `until`. A row that cannot be decoded leaves the read incomplete."""
        nameless = False
        for first in months(since, until):
            month = self._sum(first, turnovers.of(first))
            nameless = nameless or any(row.key is None for row in month.rejected)
            yield from self._pages(month)
            del month  # or it would stay while the next one is fetched
        yield Page(
            complete=not nameless,
            changes_only=changes_only,
            covers_from=since,
            cursor=None if nameless else until.isoformat(),
        )

    def _sum(self, first: date, rows: list[msgspec.Raw]) -> _Month:
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
        article = word(row.article, self._articles, self._fields["article"])
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
        return self._articles.get(theirs, theirs)

    def _pages(self, month: _Month) -> Iterator[Page]:
        records = month.records()
        rejected = month.rejected
        while batch := list(islice(records, LINES_A_PAGE)):
            yield Page(records=batch, rejected=rejected)
            rejected = []
        if rejected:
            yield Page(rejected=rejected)


def months(since: date, until: date) -> Iterator[date]:
    """The first days of the months from one to the other, both included."""
    first = since.replace(day=1)
    while first <= until:
        yield first
        first = next_month(first)
