"""The stage of an import: a temporary table that takes what is new or changed, outside any lock of the real tables.

A rejected row stays in the stage by its key alone, not usable: what a source still has, however badly
written, has not vanished.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b

import msgspec
import sqlalchemy as sa

from ztoe_hub.values import Page, RawRows, Record, Rejected

from .import_checks import warnings_of
from .import_report import Report
from .import_rows import RowMaker, Unfit, data_columns, stage_type
from .known_rows import KnownRows
from .stage_writers import Row, stage_writer

BATCH = 5000  # rows that are written at once
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
            len(page.rejected) + len(page.records) + (len(page.rows.keys) if page.rows else 0)
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
        for index in range(len(rows.keys)):
            if index in same:
                continue
            found = rows.decode(index)
            if isinstance(found, Rejected):
                self._reject(found)
            elif found is not None:
                self._keep(found, rows.fingerprints[index], f"{place} row {index + 1}")

    def _add_records(self, records: Sequence[Record], place: str) -> None:
        prints = [_fingerprint(record) for record in records]
        same = self.known.unchanged([each.key for each in records], prints) if self.known.any else set()
        self._report.unchanged += len(same)
        for index, record in enumerate(records):
            if index not in same:
                self._keep(record, prints[index], f"{place} row {index + 1}")

    def _keep(self, record: Record, fingerprint: int, place: str) -> None:
        try:
            values = self._maker.row_of(record)
            self._maker.check_key(record.key)
        except Unfit as unfit:
            self._reject(Rejected(place=place, key=record.key, field=unfit.field, reason=unfit.reason))
            return
        self._put(place, True, record.key, fingerprint, values)
        for name, reason in warnings_of(record):
            self._report.warn(place, record.key, name, reason)

    def _reject(self, rejected: Rejected) -> None:
        self._report.reject(rejected)
        key = (rejected.key or "").replace("\x00", "").encode(errors="replace").decode()
        if key:
            self._put(rejected.place, False, key, None, self._nothing)

    def _put(self, place: str, usable: bool, key: str, fingerprint: int | None, values: Row) -> None:
        self._count += 1
        self._waiting.append((self._count, place, usable, key, fingerprint, *values))

    def settle(self) -> None:
        """Reject what came twice and what refers to nothing. In the caller's transaction, after `flush`."""
        self._index()
        self._drop_duplicates()
        self._reject_orphans()

    def _index(self) -> None:
        sa.Index(f"ix_{self.rows.name}_key", self.rows.c.key).create(self.connection)

    def _drop_duplicates(self) -> None:
        """The first row of a key counts, whether it is in the stage or came unchanged; later ones are rejected."""
        rows, table = self.rows, self.table
        first = sa.select(sa.func.min(rows.c.n)).group_by(rows.c.key)
        doubled = [
            each.n for each in self.connection.execute(sa.select(rows.c.n).where(rows.c.n.not_in(first)))
        ]
        if self.known.any:
            mine = sa.and_(table.c.source == self._report.source, table.c.key == rows.c.key)
            there = self.connection.execute(sa.select(rows.c.n, table.c.id).join(table, mine)).all()
            doubled += [n for n, row_id in there if self.known.was_seen(row_id) and n not in doubled]
        for n in sorted(doubled):
            row = self.connection.execute(
                sa.select(rows.c.place, rows.c.key, rows.c.usable).where(rows.c.n == n)
            ).one()
            if row.usable:
                self._report.reject(
                    Rejected(place=row.place, key=row.key, field="key", reason="the key came before")
                )
            self.connection.execute(sa.delete(rows).where(rows.c.n == n))

    def _reject_orphans(self) -> None:
        """Rows that refer to something this source never brought are not usable."""
        rows = self.rows
        for constraint in self.table.foreign_key_constraints:
            parent = constraint.referred_table
            name = next(column.name for column in constraint.columns if column.name != "source")
            known = sa.select(parent.c.key).where(parent.c.source == self._report.source)
            orphan = sa.and_(rows.c.usable, rows.c[name].not_in(known))
            found = self.connection.execute(
                sa.select(rows.c.place, rows.c.key, rows.c[name]).where(orphan)
            ).all()
            for place, key, parent_key in found:
                reason = f"unknown {parent.name} {parent_key}"
                self._report.reject(Rejected(place=place, key=key, field=name, reason=reason))
            if found:
                self.connection.execute(sa.update(rows).where(orphan).values(usable=False))


@contextmanager
def stage_for(connection: sa.Connection, table: sa.Table, report: Report) -> Iterator[Stage]:
    """A stage that is dropped at the end."""
    connection.execution_options(read_only=True)  # a temporary table needs no lock of the database
    stage = Stage(connection, table, report)
    with connection.begin():
        stage.rows.create(connection)
    try:
        yield stage
    finally:
        connection.execution_options(read_only=True)
        with connection.begin():
            stage.rows.drop(connection)


def _fingerprint(record: Record) -> int:
    try:
        text = _encode(record)
    except UnicodeEncodeError:  # half a character: the row will be rejected for it
        text = repr(record).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)
