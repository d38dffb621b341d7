"""Стан розрахунків: the turnover sheet of an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import col

from .accounts import AccountView, own_account
from .storage.database import Database
from .storage.tables import StatementLine
from .users import User
from .values import Article

ORDER = {article: place for place, article in enumerate(Article)}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementView:
    """One line as the manual prints it; `balanced` is false when closing ≠ opening + accrued − paid."""

    article: Article
    opening_debit_uah: Decimal
    opening_credit_uah: Decimal
    accrued_uah: Decimal
    paid_uah: Decimal
    closing_debit_uah: Decimal
    closing_credit_uah: Decimal

    @property
    def balanced(self) -> bool:
        """Whether the line's own invariant holds (credits are printed as zero or less)."""
        opening = self.opening_debit_uah + self.opening_credit_uah
        closing = self.closing_debit_uah + self.closing_credit_uah
        return closing == opening + self.accrued_uah - self.paid_uah


class Statements:
    """Reads imported statements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def months(self, user: User, account_id: int) -> Sequence[date]:
        """The months there are lines for, newest first."""
        with self._database.read() as session:
            account = own_account(session, user, account_id)
            months = sa.select(col(StatementLine.period)).where(*_of(account)).distinct()
            return list(session.execute(months.order_by(col(StatementLine.period).desc())).scalars())

    def lines(self, user: User, account_id: int, period: date) -> Sequence[StatementView]:
        """The lines of one month in the manual's order; empty when there are none."""
        columns = [StatementLine.__table__.c[name] for name in StatementView.__dataclass_fields__]  # type: ignore[attr-defined]
        with self._database.read() as session:
            account = own_account(session, user, account_id)
            rows = session.execute(
                sa.select(*columns).where(*_of(account), col(StatementLine.period) == period)
            )
            return sorted(
                (StatementView(**row._mapping) for row in rows), key=lambda line: ORDER[line.article]
            )


def _of(account: AccountView) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(StatementLine.source) == account.source,
        col(StatementLine.account_key) == account.key,
        col(StatementLine.vanished_at).is_(None),
    )
