"""The end of an import: doubts a read that cannot be true, writes what changed, marks what vanished."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from .import_report import Report
from .staging import Stage

MOST_LOST = 0.05  # a larger share of vanished rows is not believed
INSERTS: dict[str, Callable[[sa.Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Merge:
    """One import's merge, in the caller's transaction. `covers_from`: older periods were not read."""

    def __init__(self, stage: Stage, report: Report, covers_from: date | None) -> None:
        self._connection = stage.connection
        self._stage = stage
        self._report = report
        table, staged = stage.table, sa.select(stage.rows.c.key)
        self._living = sa.and_(table.c.source == report.source, table.c.vanished_at.is_(None))
        if covers_from is not None and "period" in table.c:
            self._living = sa.and_(self._living, table.c.period >= covers_from)
        self._missing = sa.and_(self._living, table.c.key.not_in(staged))

    def doubt(self, *, complete: bool) -> str | None:
        """Why the read is not to be believed, or None."""
        if not complete:
            return "the source says that the read is not complete"
        before, lost = self._count(self._living), self._count(self._missing)
        if lost > 1 and lost > before * MOST_LOST:
            return f"{lost} of {before} rows would vanish, more than {MOST_LOST:.0%}"
        return None

    def write(self) -> None:
        """Insert what is new and update what differs; a row that is the same is not written."""
        table, rows, report = self._stage.table, self._stage.rows, self._report
        names = [column.name for column in self._stage.columns]
        known = sa.select(table.c.key).where(table.c.source == report.source)
        counting = sa.select(sa.func.count()).select_from(rows).where(rows.c.usable)
        usable = self._connection.execute(counting).scalar_one()
        report.new = self._connection.execute(counting.where(rows.c.key.not_in(known))).scalar_one()
        values = [sa.type_coerce(rows.c[column.name], column.type) for column in self._stage.columns]
        chosen = sa.select(sa.literal(report.source), rows.c.key, *values).where(rows.c.usable)
        insert = INSERTS[self._connection.dialect.name](table).from_select(["source", "key", *names], chosen)
        differs = [table.c[name].is_distinct_from(insert.excluded[name]) for name in names]
        written = self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["source", "key"],
                set_={**{name: insert.excluded[name] for name in names}, "vanished_at": None},
                where=sa.or_(table.c.vanished_at.is_not(None), *differs),
            )
        ).rowcount
        report.changed = written - report.new
        report.unchanged = usable - written

    def mark_vanished(self, now: datetime) -> None:
        """What a complete read no longer brought."""
        update = sa.update(self._stage.table).where(self._missing).values(vanished_at=now)
        self._report.vanished = self._connection.execute(update).rowcount

    def _count(self, which: sa.ColumnElement[bool]) -> int:
        counting = sa.select(sa.func.count()).select_from(self._stage.table).where(which)
        return int(self._connection.execute(counting).scalar_one())
