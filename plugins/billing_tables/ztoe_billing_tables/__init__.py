"""Reads billing data from files and from the views of another database for ztoe-hub."""

from __future__ import annotations

from collections.abc import Sequence

from ztoe_hub import hookimpl
from ztoe_hub.ports import AdapterType, BillingSource

from .files_source import FilesSource
from .settings import FilesSettings, SqlSettings
from .sql_source import SqlSource


@hookimpl
def billing_sources() -> Sequence[AdapterType[BillingSource]]:
    return [
        AdapterType(name="files", settings=FilesSettings, build=FilesSource),
        AdapterType(name="sql", settings=SqlSettings, build=SqlSource),
    ]
