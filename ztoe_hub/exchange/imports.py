"""The import of one stream: read pages, stage, check, merge what changed, mark what vanished, report.

All or nothing: the target table changes in one transaction at the end, or not at all. A read that is
incomplete or implausible is HELD: reported, and nothing is applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ztoe_hub.errors import HubError
from ztoe_hub.ports import BillingSource
from ztoe_hub.storage.database import Database
from ztoe_hub.storage.states import ImportStatus
from ztoe_hub.storage.tables import (
    Account,
    Consumer,
    District,
    Imported,
    ImportRun,
    Invoice,
    MeteringPoint,
    StatementLine,
)
from ztoe_hub.values import Record, Rejected, Stream

from .import_checks import as_row, unfit_field, warnings_of

MOST_LOST = 0.05  # a larger share of vanished rows is not believed
KEPT_PROBLEMS = 1000
TABLES: dict[Stream, type[Imported]] = {
    Stream.DISTRICTS: District,
    Stream.CONSUMERS: Consumer,
    Stream.ACCOUNTS: Account,
    Stream.METERING_POINTS: MeteringPoint,
    Stream.STATEMENT_LINES: StatementLine,
    Stream.INVOICES: Invoice,
}


@dataclass(slots=True, kw_only=True)
class Report:
    """What one import of one stream did. `problems` are the first thousand of rejections and warnings."""

    source: str
    stream: Stream
    status: ImportStatus = ImportStatus.DONE
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    rejected: int = 0
    warnings: int = 0
    seconds: float = 0.0
    reason: str | None = None
    problems: list[dict[str, str | None]] = field(default_factory=list)

    def reject(self, rejected: Rejected) -> None:
        """Count a row that is left out."""
        self.rejected += 1
        self._note("rejected", rejected.place, rejected.key, rejected.field, rejected.reason)

    def warn(self, place: str, key: str, name: str, reason: str) -> None:
        """Count something that looks wrong and is kept."""
        self.warnings += 1
        self._note("warning", place, key, name, reason)

    def counts(self) -> dict[str, int]:
        """The numbers, by name."""
        names = ("read", "new", "changed", "unchanged", "vanished", "rejected", "warnings")
        return {name: getattr(self, name) for name in names}

    def _note(self, level: str, place: str, key: str | None, name: str | None, reason: str) -> None:
        if len(self.problems) < KEPT_PROBLEMS:
            self.problems.append(
                {"level": level, "place": place, "key": key, "field": name, "reason": reason}
            )


Progress = Callable[[Stream, int], None]


class Imports:
    """Imports streams of billing sources into the tables."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def run(
        self, name: str, source: BillingSource, stream: Stream, *, progress: Progress = lambda *_: None
    ) -> Report:
        """Import one stream and keep the report. A source's failure is in the report, then raised."""
        started = self._clock()
        report = Report(source=name, stream=stream)
        try:
            self._import(source, report, progress)
        except HubError as error:
            report.status, report.reason = ImportStatus.FAILED, str(error)
            raise
        finally:
            report.seconds = (self._clock() - started).total_seconds()
            self._keep(report, started)
        return report

    def _import(self, source: BillingSource, report: Report, progress: Progress) -> None:
        table: sa.Table = TABLES[report.stream].__table__  # type: ignore[attr-defined]
        with self._database.engine.connect() as connection, _stage_for(connection, table) as stage:
            complete = self._read(connection, stage, source, report, progress)
            connection.execution_options(read_only=False)
            with connection.begin():
                _drop_duplicates(connection, stage, report)
                _reject_orphans(connection, stage, table, report)
                report.reason = _doubt(connection, stage, table, report, complete=complete)
                if report.reason is not None:
                    report.status = ImportStatus.HELD
                    return
                _merge(connection, stage, table, report)
                _mark_vanished(connection, stage, table, report, self._clock())

    def _read(
        self,
        connection: sa.Connection,
        stage: sa.Table,
        source: BillingSource,
        report: Report,
        progress: Progress,
    ) -> bool:
        """Stage every page outside any lock of the tables; says whether the read was complete."""
        complete = False
        table = TABLES[report.stream]
        for number, page in enumerate(source.read(report.stream, None), 1):
            rows = []
            for index, record in enumerate(page.records):
                place = f"{report.stream} page {number} row {index + 1}"
                row = self._checked(record, table, place, report)
                if row is not None:
                    rows.append({"place": place, **row})
            for rejected in page.rejected:
                report.reject(rejected)
            report.read += len(page.records) + len(page.rejected)
            if rows:
                with connection.begin():
                    connection.execute(sa.insert(stage), rows)
            complete = page.complete
            progress(report.stream, report.read)
        return complete

    def _checked(
        self, record: Record, table: type[Imported], place: str, report: Report
    ) -> dict[str, object] | None:
        unfit = unfit_field(record, table)
        if unfit:
            report.reject(Rejected(place=place, key=record.key, field=unfit[0], reason=unfit[1]))
            return None
        for name, reason in warnings_of(record):
            report.warn(place, record.key, name, reason)
        return as_row(record)

    def _keep(self, report: Report, started: datetime) -> None:
        with self._database.write() as session:
            session.add(
                ImportRun(
                    source=report.source,
                    stream=report.stream,
                    status=report.status,
                    started_at=started,
                    finished_at=self._clock(),
                    counts=report.counts(),
                    problems=report.problems,
                    reason=report.reason,
                )
            )


def _data_columns(table: sa.Table) -> list[sa.Column[object]]:
    return [column for column in table.c if column.name not in ("id", "source", "key", "vanished_at")]


@contextmanager
def _stage_for(connection: sa.Connection, table: sa.Table) -> Iterator[sa.Table]:
    """A temporary table of this connection with the same columns and no constraints."""
    stage = sa.Table(
        f"stage_{table.name}",
        sa.MetaData(),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("place", sa.String),
        sa.Column("key", sa.String, index=True),
        *(sa.Column(column.name, column.type) for column in _data_columns(table)),
        prefixes=["TEMPORARY"],
    )
    connection.execution_options(read_only=True)
    with connection.begin():
        stage.create(connection)
    try:
        yield stage
    finally:
        connection.execution_options(read_only=True)
        with connection.begin():
            stage.drop(connection)


def _drop_duplicates(connection: sa.Connection, stage: sa.Table, report: Report) -> None:
    """The first row of a key counts; later ones are rejected."""
    first = sa.select(sa.func.min(stage.c.n)).group_by(stage.c.key)
    doubled = stage.c.n.not_in(first)
    for row in connection.execute(sa.select(stage.c.place, stage.c.key).where(doubled).order_by(stage.c.n)):
        report.reject(Rejected(place=row.place, key=row.key, field="key", reason="the key came before"))
    connection.execute(sa.delete(stage).where(doubled))


def _reject_orphans(connection: sa.Connection, stage: sa.Table, table: sa.Table, report: Report) -> None:
    """Rows that refer to something this source never brought are left out."""
    for constraint in table.foreign_key_constraints:
        parent = constraint.referred_table
        name = next(column.name for column in constraint.columns if column.name != "source")
        known = sa.select(parent.c.key).where(parent.c.source == report.source)
        orphan = stage.c[name].not_in(known)
        for row in connection.execute(sa.select(stage.c.place, stage.c.key, stage.c[name]).where(orphan)):
            reason = f"unknown {parent.name} {row[2]}"
            report.reject(Rejected(place=row.place, key=row.key, field=name, reason=reason))
        connection.execute(sa.delete(stage).where(orphan))


def _doubt(
    connection: sa.Connection, stage: sa.Table, table: sa.Table, report: Report, *, complete: bool
) -> str | None:
    """Why the read is not to be believed, or None."""
    if not complete:
        return "the source says that the read is not complete"
    mine = sa.and_(table.c.source == report.source, table.c.vanished_at.is_(None))
    before = connection.execute(sa.select(sa.func.count()).select_from(table).where(mine)).scalar_one()
    missing = (
        sa.select(sa.func.count()).select_from(table).where(mine, table.c.key.not_in(sa.select(stage.c.key)))
    )
    lost = connection.execute(missing).scalar_one()
    if before and lost > before * MOST_LOST and lost > 1:
        return f"{lost} of {before} rows would vanish, more than {MOST_LOST:.0%}"
    return None


def _merge(connection: sa.Connection, stage: sa.Table, table: sa.Table, report: Report) -> None:
    """Insert what is new and update what differs; a row that is the same is not written."""
    names = [column.name for column in _data_columns(table)]
    known = sa.select(table.c.key).where(table.c.source == report.source)
    counting = sa.select(sa.func.count()).select_from(stage)
    staged = connection.execute(counting).scalar_one()
    report.new = connection.execute(counting.where(stage.c.key.not_in(known))).scalar_one()
    rows = sa.select(sa.literal(report.source), stage.c.key, *(stage.c[name] for name in names)).where(
        sa.true()
    )
    insert = _insert(connection)(table).from_select(["source", "key", *names], rows)
    differs = [table.c[name].is_distinct_from(insert.excluded[name]) for name in names]
    written = connection.execute(
        insert.on_conflict_do_update(
            index_elements=["source", "key"],
            set_={**{name: insert.excluded[name] for name in names}, "vanished_at": None},
            where=sa.or_(table.c.vanished_at.is_not(None), *differs),
        )
    ).rowcount
    report.changed = written - report.new
    report.unchanged = staged - written


def _insert(connection: sa.Connection):  # type: ignore[no-untyped-def]  # two dialects' functions of one shape
    return sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert


def _mark_vanished(
    connection: sa.Connection, stage: sa.Table, table: sa.Table, report: Report, now: datetime
) -> None:
    report.vanished = connection.execute(
        sa.update(table)
        .where(
            table.c.source == report.source,
            table.c.vanished_at.is_(None),
            table.c.key.not_in(sa.select(stage.c.key)),
        )
        .values(vanished_at=now)
    ).rowcount
