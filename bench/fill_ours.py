"""Ours in the import benchmark: the hub's pipeline, from pages to the stored report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ztoe_hub.exchange.imports import Imports
from ztoe_hub.storage.database import open_database
from ztoe_hub.values import BillingCapabilities, Health, InvoiceRecord, Page, Stream

from .contenders import Stopwatch
from .import_data import DataSet, decoded
from .import_rows import SOURCE


class InvoicePage(msgspec.Struct):
    """A line of the file as the hub's own records."""

    value: list[InvoiceRecord]


class PagesSource:
    """A billing source that decodes the file's pages as it is read."""

    capabilities = BillingCapabilities(streams=frozenset({Stream.INVOICES}))

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self) -> Health:
        """Whether the file is there."""
        return Health(ok=self._path.exists(), detail=str(self._path))

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:
        """Every page, and an empty last one that says it was all."""
        assert stream is Stream.INVOICES
        assert since is None
        for page in decoded(self._path, InvoicePage):
            yield Page(records=page.value)
        yield Page(records=(), complete=True)


def fill(url: str, data: DataSet, phase: str, watch: Stopwatch) -> None:
    """Import the phase's pages. The report must count every row rightly."""
    database = open_database(url)
    source = PagesSource(data.path_of(phase))
    with watch.running():
        imports = Imports(database, clock=lambda: datetime.now(UTC))
        report = imports.run(SOURCE, source, Stream.INVOICES)
    database.close()
    new = data.rows if phase == "first" else 0
    changed = data.changed if phase == "changed_1pct" else 0
    expected = (data.rows, new, changed, data.rows - new - changed, 0)
    got = (report.read, report.new, report.changed, report.unchanged, report.rejected)
    assert got == expected, f"{phase}: read, new, changed, unchanged, rejected: {got}, expected {expected}"
