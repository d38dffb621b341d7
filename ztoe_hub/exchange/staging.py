"""The stage of an import: a temporary table that takes what is new or changed, outside any lock of the real tables.

A rejected row stays in the stage by its key alone, not usable: what a source still has, however badly
written, has not vanished.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from itertools import repeat

import msgspec
import sqlalchemy as sa

from ztoe_hub.values import Page, RawRows, Record, Rejected

from .import_checks import check_of
from .import_report import Report
from .import_rows import RowMaker, Unfit, data_columns, stage_type
from .known_rows import KnownRows
from .stage_writers import Row, stage_writer

BATCH = 5000  # rows that are written at once
CACHE_KIB = 32_768  # of SQLite's pages while it merges: keys come in no order
_encode = msgspec.json.Encoder().encode


class Stage:
    """One import's stage on one connection. `table` is the real table, `rows` the temporary one."""

    def __init__(self, connection: sa.Connection, table: sa.Table, report: Report) -> None:
        self.connection = connection
        self.table = table
        self.columns = data_columns(table)
        self.rows = sa.Table(
            f"stage_{table.name}",
            sa.MetaData(),
            sa.Column("n", sa.Integer),
            sa.Column("place", sa.Text),
            sa.Column("row", sa.Integer),
            sa.Column("usable", sa.Boolean),
            sa.Column("key", sa.Text),
            sa.Column("fingerprint", sa.BigInteger),
            *(sa.Column(each.name, stage_type(each)) for each in self.columns),
            prefixes=["TEMPORARY"],
        )
        self.known = KnownRows(connection, table, report.source)
        self._report = report
        self._maker = RowMaker(self.columns, connection.dialect.name)
        self._write = stage_writer(connection, self.rows, [column.name for column in self.rows.c])
        self._nothing = (None,) * len(self.columns)
        self.gone: list[str] = []  # keys that a read of changes names as deleted
        self._waiting: list[Row] = []
        self._count = 0

    def add(self, page: Page, place: str) -> None:
        """Take a page: what is there unchanged is only marked, the rest is checked, converted and kept."""
        self.gone += page.gone
        for rejected in page.rejected:
            self._reject(rejected)
        if page.rows is not None:
            self._add_rows(page.rows, place)
        if page.records:
            self._add_records(page.records, place)
        self._report.read += (
            len(page.rejected) + len(page.records) + (len(page.rows.fingerprints) if page.rows else 0)
        )
        if len(self._waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            self._write(self._waiting)
            self._waiting = []

    def _add_rows(self, rows: RawRows, place: str) -> None:
        same = self.known.unchanged(rows.keys, rows.fingerprints) if self.known.any else set()
        self._report.unchanged += len(same)
        fresh: list[tuple[int, Record]] = []
        for index in range(len(rows.fingerprints)):
            if index in same:
                continue
            found = rows.decode(index)
            if isinstance(found, Rejected):
                self._reject(found)
            elif found is not None:
                fresh.append((index, found))
        self._keep(fresh, rows.fingerprints, place)

    def _add_records(self, records: Sequence[Record], place: str) -> None:
        prints = [_fingerprint(record) for record in records]
        same = self.known.unchanged([each.key for each in records], prints) if self.known.any else set()
        self._report.unchanged += len(same)
        fresh = [(index, record) for index, record in enumerate(records) if index not in same]
        self._keep(fresh, prints, place)

    def _keep(self, fresh: Sequence[tuple[int, Record]], prints: Sequence[int], place: str) -> None:
        """Convert a page's new rows all at once; only when one of them does not fit, one by one."""
        if not fresh:
            return
        indexes, records = zip(*fresh, strict=True)
        columns = self._maker.columns_of(records)
        if columns is None:
            for index, record in fresh:
                self._keep_one(record, prints[index], place, index + 1)
            return
        count = len(records)
        self._waiting.extend(
            zip(
                range(self._count + 1, self._count + count + 1),
                repeat(place, count),
                [index + 1 for index in indexes],
                repeat(True, count),
                [record.key for record in records],
                [prints[index] for index in indexes],
                *columns,
                strict=True,
            )
        )
        self._count += count
        if check_of(records[0]) is not None:
            for index, record in fresh:
                self._check(record, f"{place} row {index + 1}")

    def _keep_one(self, record: Record, fingerprint: int, place: str, row: int) -> None:
        where = f"{place} row {row}"
        try:
            values = self._maker.row_of(record)
        except Unfit as unfit:
            self._reject(Rejected(place=where, key=record.key, field=unfit.field, reason=unfit.reason))
            return
        self._put(place, row, True, record.key, fingerprint, values)
        self._check(record, where)

    def _check(self, record: Record, where: str) -> None:
        check = check_of(record)
        finding = check(record) if check else None
        if finding is not None:
            self._report.warn(where, record.key, *finding)

    def _reject(self, rejected: Rejected) -> None:
        self._report.reject(rejected)
        key = (rejected.key or "").replace("\x00", "").encode(errors="replace").decode()
        if key:
            self._put(rejected.place, None, False, key, None, self._nothing)

    def _put(
        self, place: str, row: int | None, usable: bool, key: str, fingerprint: int | None, values: Row
    ) -> None:
        self._count += 1
        self._waiting.append((self._count, place, row, usable, key, fingerprint, *values))


@contextmanager
def stage_for(connection: sa.Connection, table: sa.Table, report: Report) -> Iterator[Stage]:
    """A stage that is dropped at the end."""
    connection.execution_options(read_only=True)  # a temporary table needs no lock of the database
    if connection.dialect.name == "sqlite":
        with connection.begin():
            connection.exec_driver_sql(f"PRAGMA cache_size=-{CACHE_KIB}")
    stage = Stage(connection, table, report)
    with connection.begin():
        stage.rows.create(connection)
    try:
        yield stage
    finally:
        connection.execution_options(read_only=True)
        with connection.begin():
            stage.rows.drop(connection)
        if connection.dialect.name == "sqlite":
            connection.invalidate()  # with its cache


def _fingerprint(record: Record) -> int:
    try:
        text = _encode(record)
    except UnicodeEncodeError:  # half a character: the row will be rejected for it
        text = repr(record).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)
