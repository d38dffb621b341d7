"""dlt in the import benchmark: its merge (delete-insert) by the key, into a table of its own making."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .contenders import Stopwatch
from .import_data import DataSet
from .import_rows import COLUMNS, KEY_COLUMNS, libpq_url, row_pages, sqlite_file, typed_row

TABLE = "dlt_invoice"


def fill(url: str, data: DataSet, phase: str, watch: Stopwatch) -> None:
    """Run a pipeline whose working folder is thrown away; dlt's own count must be right."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    dlt = import_module("dlt")
    target, dataset = _target(dlt, url)
    with tempfile.TemporaryDirectory(prefix="ztoe-bench-dlt-") as folder:
        pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination=target, dataset_name=dataset)
        rows = dlt.resource(
            _dictionaries(data.path_of(phase)),
            name=TABLE,
            write_disposition="merge",
            primary_key=list(KEY_COLUMNS),
        )
        with watch.running():
            pipeline.run(rows)
        counted = pipeline.last_trace.last_normalize_info.row_counts[TABLE]
    assert counted == data.rows, f"dlt took {counted} rows"


def _target(dlt: Any, url: str) -> tuple[Any, str]:
    if url.startswith("sqlite"):
        return dlt.destinations.sqlalchemy(f"sqlite:///{sqlite_file(url)}.dlt"), "main"
    where = urlsplit(libpq_url(url))
    schema = parse_qs(where.query)["options"][0].rpartition("=")[2]
    credentials = {
        "host": where.hostname,
        "port": where.port or 5432,
        "username": unquote(where.username or ""),
        "password": unquote(where.password or "none"),  # dlt insists on one
        "database": where.path.lstrip("/"),
    }
    return dlt.destinations.postgres(credentials), schema


def _dictionaries(path: Path) -> Iterator[list[dict[str, object]]]:
    for rows in row_pages(path, typed_row):
        yield [dict(zip(COLUMNS, map(_plain, row), strict=True)) for row in rows]


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
