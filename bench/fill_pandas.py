"""pandas in the import benchmark: to_sql(if_exists="append"), a frame a page. It cannot merge."""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa

from .contenders import Stopwatch
from .import_data import DataSet
from .import_rows import COLUMNS, row_pages, typed_row


def fill(url: str, data: DataSet, phase: str, watch: Stopwatch) -> None:
    """Append every page, one transaction."""
    pandas = import_module("pandas")
    engine = sa.create_engine(url)
    with watch.running(), engine.begin() as connection:
        for rows in row_pages(data.path_of(phase), typed_row):
            frame = pandas.DataFrame(rows, columns=COLUMNS)
            frame.to_sql("invoice", connection, if_exists="append", index=False)
    engine.dispose()
