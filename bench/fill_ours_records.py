"""Ours in the import benchmark when the source decodes every row of every page."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ztoe_hub.values import InvoiceRecord, Page, Stream

from .contenders import Stopwatch
from .fill_ours import JsonPages, import_invoices
from .import_data import DataSet, decoded


class _RecordPage(msgspec.Struct):
    value: list[InvoiceRecord]


class RecordPages(JsonPages):
    """Pages of records."""

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:
        """Every page, and an empty last one that says it was all."""
        assert stream is Stream.INVOICES
        assert since is None
        for page in decoded(self._path, _RecordPage):
            yield Page(records=page.value)
        yield Page(complete=True)


def fill(url: str, data: DataSet, phase: str, watch: Stopwatch) -> None:
    """Import the phase's pages."""
    import_invoices(url, RecordPages(data.path_of(phase)), data, phase, watch)
