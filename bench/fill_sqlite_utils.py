"""sqlite-utils in the import benchmark: upsert_all by the unique key."""

from __future__ import annotations

from importlib import import_module

from .contenders import Stopwatch
from .import_data import DataSet
from .import_rows import COLUMNS, KEY_COLUMNS, row_pages, sqlite_file, text_row

BATCH_ROWS = 1000


def fill(url: str, data: DataSet, phase: str, watch: Stopwatch) -> None:
    """Every row as a dictionary."""
    database = import_module("sqlite_utils").Database(sqlite_file(url))
    pages = row_pages(data.path_of(phase), text_row)
    rows = (dict(zip(COLUMNS, row, strict=True)) for page in pages for row in page)
    with watch.running():
        database["invoice"].upsert_all(rows, pk=KEY_COLUMNS, batch_size=BATCH_ROWS)
    database.close()
