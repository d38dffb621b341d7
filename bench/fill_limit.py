"""The limit of the import benchmark: prepared rows by the database's fastest way in. No key is looked up.

Rows are prepared while the watch stands still. SQLite has the durability of ours (WAL, synchronous FULL, one
transaction) and, as its raw driver comes, no check of references; PostgreSQL checks them.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from importlib import import_module

from .contenders import Stopwatch
from .import_data import DataSet
from .import_rows import COLUMNS, libpq_url, row_pages, sqlite_file, text_row, typed_row


def fill(url: str, data: DataSet, phase: str, watch: Stopwatch) -> None:
    """Fill an empty table."""
    assert phase == "first"
    if url.startswith("sqlite"):
        _fill_sqlite(url, data, watch)
    else:
        _fill_postgres(url, data, watch)


def _fill_sqlite(url: str, data: DataSet, watch: Stopwatch) -> None:
    connection = sqlite3.connect(sqlite_file(url), isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    marks = ", ".join("?" * len(COLUMNS))
    insert = f"INSERT INTO invoice ({', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608  names of our own
    with watch.running():
        connection.execute("BEGIN IMMEDIATE")
    for rows in row_pages(data.path_of("first"), text_row):
        with watch.running():
            connection.executemany(insert, rows)
    with watch.running():
        connection.execute("COMMIT")
    connection.close()


def _fill_postgres(url: str, data: DataSet, watch: Stopwatch) -> None:
    """The rows are sent as text; the end of the COPY and the commit count."""
    with import_module("psycopg").connect(libpq_url(url)) as connection:
        with ExitStack() as stack:
            with watch.running():
                cursor = stack.enter_context(connection.cursor())
            copying = cursor.copy(f"COPY invoice ({', '.join(COLUMNS)}) FROM STDIN")
            with watch.running():
                copy = copying.__enter__()
            for rows in row_pages(data.path_of("first"), typed_row):
                text = "".join("\t".join(map(str, row)) + "\n" for row in rows).encode()
                with watch.running():
                    copy.write(text)
            with watch.running():
                copying.__exit__(None, None, None)
        with watch.running():
            connection.commit()
