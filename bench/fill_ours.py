"""Ours in the import benchmark: the hub's pipeline, from JSON pages to the stored report.

The source gives rows that can be told apart before they are decoded, as sources of JSON are meant to; what
`fill_ours_records` measures is one that decodes every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import msgspec

from ztoe_hub.exchange.imports import Imports
from ztoe_hub.ports import BillingSource
from ztoe_hub.settings import ImportsSection
from ztoe_hub.storage.database import open_database
from ztoe_hub.values import BillingCapabilities, Health, InvoiceRecord, Page, Record, Rejected, Stream

from .contenders import Stopwatch
from .import_data import DataSet, decoded
from .import_rows import SOURCE


class _RawPage(msgspec.Struct):
    value: list[msgspec.Raw]


class _Keyed(msgspec.Struct):
    key: str


_key_of = msgspec.json.Decoder(_Keyed).decode
_decode = msgspec.json.Decoder(InvoiceRecord).decode


class JsonRows:
    """The rows of a page as bytes, with their keys and fingerprints."""

    def __init__(self, raws: Sequence[msgspec.Raw], page: int) -> None:
        self._raws = raws
        self._page = page
        self.fingerprints = [
            int.from_bytes(blake2b(raw, digest_size=8).digest(), "big", signed=True) for raw in raws
        ]

    @property
    def keys(self) -> Sequence[str | None]:
        """Asked for only where there is something to compare with."""
        return [_key_of(raw).key for raw in self._raws]

    def decode(self, index: int) -> Record | Rejected | None:
        """The record, or what is wrong with it."""
        try:
            return _decode(self._raws[index])
        except ValueError as error:  # msgspec's own and invalid UTF-8
            place = f"page {self._page} row {index + 1}"
            return Rejected(place=place, key=_key_of(self._raws[index]).key, field=None, reason=str(error))


class JsonPages:
    """A billing source over the file's pages."""

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
        for number, page in enumerate(decoded(self._path, _RawPage), 1):
            yield Page(rows=JsonRows(page.value, number))
        yield Page(complete=True)


def fill(url: str, data: DataSet, phase: str, watch: Stopwatch) -> None:
    """Import the phase's pages."""
    import_invoices(url, JsonPages(data.path_of(phase)), data, phase, watch)


def import_invoices(url: str, source: BillingSource, data: DataSet, phase: str, watch: Stopwatch) -> None:
    """Run the import. The report must count every row rightly."""
    database = open_database(url)
    with watch.running():
        imports = Imports(database, ImportsSection(), clock=lambda: datetime.now(UTC))
        report = imports.run(SOURCE, source, Stream.INVOICES)
    database.close()
    new = data.rows if phase == "first" else 0
    changed = data.changed if phase == "changed_1pct" else 0
    expected = (data.rows, new, changed, data.rows - new - changed, 0)
    got = (report.read, report.new, report.changed, report.unchanged, report.rejected)
    assert got == expected, f"{phase}: read, new, changed, unchanged, rejected: {got}, expected {expected}"
