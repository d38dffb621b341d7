"""The end of an import: doubts a read that cannot be true, writes what changed, marks what vanished."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from ztoe_hub.storage.upserts import insert_into

from .import_report import Report
from .staging import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEnd:
    """How a read ended, from its last page."""

    complete: bool
    changes_only: bool
    cursor: str | None
    covers_from: date | None


class Merge:
    """One import's merge, in the caller's transaction."""

    def __init__(self, stage: Stage, report: Report, end: ReadEnd) -> None:
        self._connection = stage.connection
        self._stage = stage
        self._report = report
        self._end = end
        table = stage.table
        self._living = sa.and_(table.c.source == report.source, table.c.vanished_at.is_(None))
        if end.covers_from is not None and "period" in table.c:
            self._living = sa.and_(self._living, table.c.period >= end.covers_from)
        self._vanished: list[int] = []

    def doubt(self, *, most_lost_percent: float) -> str | None:
        """Why the read is not to be believed, or None. Finds on the way what vanished."""
        if not self._end.complete:
            return "the source says that the read is not complete"
        if not self._stage.known.any:
            return None
        if self._end.changes_only:
            self._vanished = self._stage.known.ids_of(self._stage.gone)
            return None
        counting = sa.select(sa.func.count()).select_from(self._stage.table).where(self._living)
        before = self._connection.execute(counting).scalar_one()
        if not self._all_came(before):
            staged = sa.select(self._stage.rows.c.key)
            self._vanished = list(self._stage.known.not_seen(self._living, staged))
        lost = len(self._vanished)
        if lost and self._report.read == 0:
            return f"the source brought nothing, where {before} rows were"
        if lost > 1 and lost > before * most_lost_percent / 100:
            return f"{lost} of {before} rows would vanish, more than {most_lost_percent:g}%"
        return None

    def _all_came(self, living: int) -> bool:
        """Whether counting alone shows that nothing is missing, as it mostly does.

        A living row came unchanged (and was marked) or is in the stage, never both: `settle` saw to that.
        """
        known, rows, table = self._stage.known, self._stage.rows, self._stage.table
        if self._end.covers_from is not None or known.marked > living:
            return False
        there = sa.exists().where(self._living, table.c.key == rows.c.key)
        staged = sa.select(sa.func.count()).select_from(rows).where(there)
        return known.marked + int(self._connection.execute(staged).scalar_one()) == living

    def write(self) -> None:
        """Insert what is new and update what differs; a row that is the same is not written."""
        table, rows, report = self._stage.table, self._stage.rows, self._report
        names = [column.name for column in self._stage.columns]
        counting = sa.select(sa.func.count()).select_from(rows).where(rows.c.usable)
        usable = self._connection.execute(counting).scalar_one()
        known = sa.exists().where(table.c.source == report.source, table.c.key == rows.c.key)
        report.new = (
            self._connection.execute(counting.where(~known)).scalar_one() if self._stage.known.any else usable
        )
        written = self._connection.execute(
            self._upsert(table, rows, names), execution_options={"preserve_rowcount": True}
        ).rowcount
        report.changed = written - report.new
        report.unchanged += usable - written

    def _upsert(self, table: sa.Table, rows: sa.Table, names: list[str]) -> sa.Executable:
        values = [sa.type_coerce(rows.c[column.name], column.type) for column in self._stage.columns]
        chosen = sa.select(sa.literal(self._report.source), rows.c.key, rows.c.fingerprint, *values)
        targets = ["source", "key", "fingerprint", *names]
        insert = insert_into(self._connection, table).from_select(targets, chosen.where(rows.c.usable))
        if not self._stage.known.any:
            return insert  # type: ignore[no-any-return]
        differs = [table.c[name].is_distinct_from(insert.excluded[name]) for name in names]
        return insert.on_conflict_do_update(  # type: ignore[no-any-return]
            index_elements=["source", "key"],
            set_={**{name: insert.excluded[name] for name in ("fingerprint", *names)}, "vanished_at": None},
            where=sa.or_(
                table.c.vanished_at.is_not(None),
                table.c.fingerprint.is_distinct_from(insert.excluded.fingerprint),
                *differs,
            ),
        )

    def mark_vanished(self, now: datetime) -> None:
        """What a complete read no longer brought."""
        table = self._stage.table
        update = sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(vanished_at=now)
        if self._vanished:
            self._connection.execute(update, [{"row_id": row_id} for row_id in self._vanished])
        self._report.vanished = len(self._vanished)
