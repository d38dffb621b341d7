"""The import of one stream: read pages, stage, check, merge what changed, mark what vanished, report.

All or nothing: the target table changes in one transaction at the end, or not at all. A read that is
incomplete or implausible is HELD: reported, and nothing is applied.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ztoe_hub.errors import HubError, OperatorNeeded
from ztoe_hub.ports import Acknowledges, BillingSource
from ztoe_hub.settings import ImportsSection
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
from ztoe_hub.values import ImportOutcome, Page, Stream

from .import_report import Report
from .import_rows import RowMaker, data_columns
from .invariants import warn_of_gaps
from .merging import Merge, ReadEnd
from .preview import Preview
from .settling import settle
from .staging import Stage, stage_for
from .stream_cursors import StreamCursors

log = logging.getLogger(__name__)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWish:
    """How to import: everything anew (`full`), and whether losses that the guard doubts are meant."""

    full: bool = False
    accept_losses: bool = False


AS_USUAL = ImportWish()


class Imports:
    """Imports streams of billing sources into the tables."""

    def __init__(
        self, database: Database, settings: ImportsSection, *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def run(
        self,
        name: str,
        source: BillingSource,
        stream: Stream,
        *,
        wish: ImportWish = AS_USUAL,
        progress: Progress = lambda *_: None,
    ) -> Report:
        """Import one stream, keep the report and tell the source. A source's failure is reported, then raised.

        One that is interrupted (Ctrl-C) is kept as failed, and the source is told nothing: nobody judged its data.
        """
        started = self._clock()
        report = Report(source=name, stream=stream)
        cursor: str | None = None
        interrupted = False
        try:
            cursor = self._import_or_say_why(source, report, wish, progress)
        except BaseException as error:
            interrupted = not isinstance(error, Exception)
            report.status = ImportStatus.FAILED
            report.reason = str(error) if isinstance(error, HubError) else type(error).__name__
            raise
        finally:
            report.seconds = (self._clock() - started).total_seconds()
            self._keep_if_possible(report, started)
            if not interrupted:
                _acknowledge(source, report, cursor)
        return report

    def _import_or_say_why(
        self, source: BillingSource, report: Report, wish: ImportWish, progress: Progress
    ) -> str | None:
        """The database's own failures (a full disk, a lost connection) in words for an operator."""
        try:
            return self._import(source, report, wish, progress)
        except sa.exc.DBAPIError as error:
            reason = str(error.orig).partition("\n")[0]
            raise OperatorNeeded(
                f"{report.source} {report.stream.value}: the database could not take the rows ({reason}); "
                "nothing was changed"
            ) from error

    def _import(
        self, source: BillingSource, report: Report, wish: ImportWish, progress: Progress
    ) -> str | None:
        table: sa.Table = TABLES[report.stream].__table__  # type: ignore[attr-defined]
        cursors = StreamCursors(report.source, report.stream, self._settings.full_every_days)
        with self._database.engine.connect() as connection, stage_for(connection, table, report) as stage:
            since = None if wish.full else cursors.since(connection, self._clock())
            end = _read(stage, source, since, report, progress)
            connection.execution_options(read_only=False)
            with connection.begin():
                settle(stage, report)
                merge = Merge(stage, report, end)
                most = 100 if wish.accept_losses else self._settings.most_lost_percent
                report.reason = merge.doubt(most_lost_percent=most)
                if report.reason is not None:
                    report.status = ImportStatus.HELD
                    facts = {"source": report.source, "stream": report.stream.value, "reason": report.reason}
                    log.warning("an import is held", extra=facts)
                    return end.cursor
                merge.write()
                merge.mark_vanished(self._clock())
                if report.stream is Stream.STATEMENT_LINES:
                    warn_of_gaps(connection, stage, report)
                cursors.keep(connection, end, self._clock(), full=since is None)
        return end.cursor

    def preview(self, source: BillingSource, stream: Stream, *, rows: int) -> Preview:
        """What an import would read, without writing anything: the first rows, the counts, what is rejected."""
        preview = Preview(stream=stream)
        table: sa.Table = TABLES[stream].__table__  # type: ignore[attr-defined]
        maker = RowMaker(data_columns(table), self._database.engine.dialect.name)
        for number, page in enumerate(source.read(stream, None), 1):
            preview.take(page, f"{stream} page {number}", maker, rows)
        return preview

    def _keep_if_possible(self, report: Report, started: datetime) -> None:
        try:
            self._keep(report, started)
        except sa.exc.DBAPIError:
            log.exception("the report of an import could not be kept", extra={"stream": report.stream.value})

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


def _acknowledge(source: BillingSource, report: Report, cursor: str | None) -> None:
    """Tell the source what became of its read; it is told again after the next one when it cannot listen now."""
    if not isinstance(source, Acknowledges):
        return
    outcome = ImportOutcome(
        stream=report.stream, status=report.status.value, cursor=cursor, report=report.as_text()
    )
    try:
        source.acknowledge(outcome)
    except HubError as error:
        facts = {"source": report.source, "stream": report.stream.value, "reason": str(error)}
        log.warning("a source could not be told of its import", extra=facts)


def _read(
    stage: Stage, source: BillingSource, since: str | None, report: Report, progress: Progress
) -> ReadEnd:
    """Stage every page, outside any lock of the tables; says how the read ended."""
    page = Page()
    for number, page in enumerate(source.read(report.stream, since), 1):
        stage.add(page, f"{report.stream} page {number}")
        progress(report.stream, report.read)
    stage.flush()
    return ReadEnd(
        complete=page.complete,
        changes_only=page.changes_only,
        cursor=page.cursor,
        covers_from=page.covers_from,
    )
