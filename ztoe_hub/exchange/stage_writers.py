"""Puts rows into the stage as fast as the database takes them: executemany on SQLite, binary COPY on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

Row = tuple[object, ...]
Writer = Callable[[Sequence[Row]], None]

_POSTGRESQL_TYPES = {
    sa.Integer: "int4",
    sa.BigInteger: "int8",
    sa.Boolean: "bool",
    sa.Date: "date",
    sa.DateTime: "timestamp",
    sa.Text: "text",
}


def stage_writer(connection: sa.Connection, stage: sa.Table, columns: Sequence[str]) -> Writer:
    """A function that stores rows (tuples in the order of `columns`), each call in a transaction of its own."""
    if connection.dialect.name == "sqlite":
        return _many_inserts(connection, stage, columns)
    return _binary_copy(connection, stage, columns)


def _many_inserts(connection: sa.Connection, stage: sa.Table, columns: Sequence[str]) -> Writer:
    quote = connection.dialect.identifier_preparer.quote
    names, marks = ", ".join(map(quote, columns)), ", ".join("?" * len(columns))
    text = f"INSERT INTO {quote(stage.name)} ({names}) VALUES ({marks})"  # noqa: S608  the table's own names

    def write(rows: Sequence[Row]) -> None:
        with connection.begin():
            driver: Any = connection.connection.driver_connection
            driver.executemany(text, rows)

    return write


def _binary_copy(connection: sa.Connection, stage: sa.Table, columns: Sequence[str]) -> Writer:
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(map(quote, columns))
    text = f"COPY {quote(stage.name)} ({names}) FROM STDIN (FORMAT BINARY)"
    types = [_POSTGRESQL_TYPES[type(stage.c[name].type)] for name in columns]

    def write(rows: Sequence[Row]) -> None:
        with connection.begin():
            driver: Any = connection.connection.driver_connection
            with driver.cursor() as cursor, cursor.copy(text) as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)

    return write
