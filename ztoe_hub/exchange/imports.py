"""The import of one stream: read pages, stage, check, merge what changed, mark what vanished, report.

All or nothing: the target table changes in one transaction at the end, or not at all. A read that is
incomplete or implausible is HELD: reported, and nothing is applied.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import sqlalchemy as sa

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
    Payment,
    ReadingHistory,
    StatementLine,
)
from ztoe_hub.values import Page, Stream

from .import_report import Report
from .merging import Merge
from .staging import Stage, stage_for

TABLES: dict[Stream, type[Imported]] = {
    Stream.DISTRICTS: District,
    Stream.CONSUMERS: Consumer,
    Stream.ACCOUNTS: Account,
    Stream.METERING_POINTS: MeteringPoint,
    Stream.READINGS_HISTORY: ReadingHistory,
    Stream.STATEMENT_LINES: StatementLine,
    Stream.INVOICES: Invoice,
    Stream.PAYMENTS: Payment,
}


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
        except Exception as error:
            known = isinstance(error, HubError)
            report.status = ImportStatus.FAILED
            report.reason = str(error) if known else type(error).__name__
            raise
        finally:
            report.seconds = (self._clock() - started).total_seconds()
            self._keep(report, started)
        return report

    def _import(self, source: BillingSource, report: Report, progress: Progress) -> None:
        table: sa.Table = TABLES[report.stream].__table__  # type: ignore[attr-defined]
        with self._database.engine.connect() as connection, stage_for(connection, table, report) as stage:
            complete, covers_from = self._read(stage, source, report, progress)
            connection.execution_options(read_only=False)
            with connection.begin():
                stage.settle()
                merge = Merge(stage, report, covers_from)
                report.reason = merge.doubt(complete=complete)
                if report.reason is not None:
                    report.status = ImportStatus.HELD
                    return
                merge.write()
                merge.mark_vanished(self._clock())

    def _read(
        self, stage: Stage, source: BillingSource, report: Report, progress: Progress
    ) -> tuple[bool, date | None]:
        """Stage every page outside any lock of the tables; says whether the read was complete and from when."""
        page = Page()
        for number, page in enumerate(source.read(report.stream, None), 1):
            stage.add(page, f"{report.stream} page {number}")
            progress(report.stream, report.read)
        stage.flush()
        return page.complete, page.covers_from

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
