"""What statements must hold from month to month: a month opens with what the month before closed with."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from .import_report import Report
from .staging import Stage


def warn_of_gaps(connection: sa.Connection, stage: Stage, report: Report) -> None:
    """Warn of every account and article of this import whose months do not follow each other."""
    table, rows = stage.table, stage.rows
    touched = sa.select(rows.c.account_key).where(rows.c.usable).distinct()
    article = [table.c.account_key, table.c.article]
    opening = table.c.opening_debit_uah + table.c.opening_credit_uah
    closing = table.c.closing_debit_uah + table.c.closing_credit_uah
    lines = (
        sa.select(
            table.c.key,
            table.c.period,
            opening.label("opening"),
            sa.func.lag(closing, type_=sa.BigInteger())
            .over(partition_by=article, order_by=table.c.period)
            .label("closed"),
            sa.func.lag(table.c.period, type_=table.c.period.type)
            .over(partition_by=article, order_by=table.c.period)
            .label("before"),
        )
        .where(
            table.c.source == report.source,
            table.c.vanished_at.is_(None),
            table.c.account_key.in_(touched),
        )
        .subquery()
    )
    broken = sa.select(lines).where(lines.c.closed != lines.c.opening).order_by(lines.c.key)
    for line in connection.execute(broken):
        if _follows(line.before, line.period):
            reason = "the month does not open with what the month before closed with"
            report.warn(f"statement {line.period:%m.%Y}", line.key, "opening", reason)


def _follows(before: date, period: date) -> bool:
    return (before.year * 12 + before.month + 1) == period.year * 12 + period.month
