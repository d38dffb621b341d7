"""The stage of an import: a temporary table that takes every page, outside any lock of the real tables.

A rejected row stays in the stage by its key alone, not usable: what a source still has, however badly
written, has not vanished.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from ztoe_hub.values import Page, Record, Rejected

from .import_checks import warnings_of
from .import_report import Report
from .import_rows import RowMaker, Unfit, stage_type

NOT_DATA = ("id", "source", "key", "vanished_at")


class Stage:
    """One import's stage on one connection. `table` is the real table, `rows` the temporary one."""

    def __init__(self, connection: sa.Connection, table: sa.Table) -> None:
        self.connection = connection
        self.table = table
        self.columns: Sequence[sa.Column[object]] = [each for each in table.c if each.name not in NOT_DATA]
        self.rows = sa.Table(
            f"stage_{table.name}",
            sa.MetaData(),
            sa.Column("n", sa.Integer, primary_key=True),
            sa.Column("place", sa.Text),
            sa.Column("usable", sa.Boolean),
            sa.Column("key", sa.Text, index=True),
            *(sa.Column(each.name, stage_type(each)) for each in self.columns),
            prefixes=["TEMPORARY"],
        )
        self._maker = RowMaker(self.columns, connection.dialect.name)
        self._insert = _insert_text(self.rows, connection)

    def add(self, page: Page, place: str, report: Report) -> None:
        """Check, convert and store a page; what does not fit is rejected, what looks odd is warned of."""
        rows: list[tuple[object, ...]] = []
        nothing = (None,) * len(self.columns)
        for index, record in enumerate(page.records, 1):
            where = f"{place} row {index}"
            try:
                key, values = _key_of(record), self._maker.row_of(record)
            except Unfit as unfit:
                report.reject(Rejected(place=where, key=record.key, field=unfit.field, reason=unfit.reason))
                rows.append((where, False, record.key.replace("\x00", ""), *nothing))
                continue
            rows.append((where, True, key, *values))
            for name, reason in warnings_of(record):
                report.warn(where, key, name, reason)
        rows += [(each.place, False, each.key, *nothing) for each in page.rejected if each.key]
        if rows:
            with self.connection.begin():
                self.connection.exec_driver_sql(self._insert, rows)

    def drop_duplicates(self, report: Report) -> None:
        """The first row of a key counts; later ones are rejected."""
        rows = self.rows
        first = sa.select(sa.func.min(rows.c.n)).group_by(rows.c.key)
        doubled = rows.c.n.not_in(first)
        for row in self.connection.execute(sa.select(rows).where(doubled, rows.c.usable).order_by(rows.c.n)):
            report.reject(Rejected(place=row.place, key=row.key, field="key", reason="the key came before"))
        self.connection.execute(sa.delete(rows).where(doubled))

    def reject_orphans(self, report: Report) -> None:
        """Rows that refer to something this source never brought are not usable."""
        rows = self.rows
        for constraint in self.table.foreign_key_constraints:
            parent = constraint.referred_table
            name = next(column.name for column in constraint.columns if column.name != "source")
            known = sa.select(parent.c.key).where(parent.c.source == report.source)
            orphan = sa.and_(rows.c.usable, rows.c[name].not_in(known))
            found = self.connection.execute(sa.select(rows.c.place, rows.c.key, rows.c[name]).where(orphan))
            for place, key, parent_key in found.all():
                reason = f"unknown {parent.name} {parent_key}"
                report.reject(Rejected(place=place, key=key, field=name, reason=reason))
            self.connection.execute(sa.update(rows).where(orphan).values(usable=False))


@contextmanager
def stage_for(connection: sa.Connection, table: sa.Table) -> Iterator[Stage]:
    """A stage that is dropped at the end."""
    stage = Stage(connection, table)
    connection.execution_options(read_only=True)  # a temporary table needs no lock of the database
    with connection.begin():
        stage.rows.create(connection)
    try:
        yield stage
    finally:
        connection.execution_options(read_only=True)
        with connection.begin():
            stage.rows.drop(connection)


def _key_of(record: Record) -> str:
    if not record.key or "\x00" in record.key:
        raise Unfit("key", "the key is empty or holds a NUL")
    return record.key


def _insert_text(rows: sa.Table, connection: sa.Connection) -> str:
    """A plain statement for the driver: conversions were done when the rows were made."""
    quote = connection.dialect.identifier_preparer.quote
    names = [column.name for column in rows.c if column.name != "n"]
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    columns, marks = ", ".join(map(quote, names)), ", ".join([mark] * len(names))
    return f"INSERT INTO {quote(rows.name)} ({columns}) VALUES ({marks})"  # noqa: S608  names are the table's own
