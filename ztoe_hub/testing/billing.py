"""Contracts that every billing source keeps.

Inherit a contract as `class TestXyz(BillingSourceContract)` and define the fixtures that it asks for.
"""

# ruff: noqa: S101 - these are tests, only kept where plugin authors can import them

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import msgspec
import pytest

from ..errors import ItemRejected
from ..ports import BillingSource, InvoiceFiles
from ..values import (
    AccountRecord,
    ConsumerRecord,
    DistrictRecord,
    InvoiceRecord,
    MeteringPointRecord,
    Page,
    PaymentRecord,
    ReadingRecord,
    Record,
    Rejected,
    StatementLineRecord,
    Stream,
)
from .fakes.billing import FakeBillingSource
from .order_desks import DeskStaff, OrderDeskContract, all_updates, updates_of
from .samples import A_PDF, an_order, an_order_file

__all__ = [
    "A_PDF",
    "BillingSourceContract",
    "DeskStaff",
    "FakeBillingSource",
    "InvoiceFilesContract",
    "OrderDeskContract",
    "all_updates",
    "an_order",
    "an_order_file",
    "records_of",
    "rejected_of",
    "rows_of",
    "updates_of",
]

RECORD_TYPES: dict[Stream, type[Record]] = {
    Stream.DISTRICTS: DistrictRecord,
    Stream.CONSUMERS: ConsumerRecord,
    Stream.ACCOUNTS: AccountRecord,
    Stream.METERING_POINTS: MeteringPointRecord,
    Stream.READINGS_HISTORY: ReadingRecord,
    Stream.STATEMENT_LINES: StatementLineRecord,
    Stream.INVOICES: InvoiceRecord,
    Stream.PAYMENTS: PaymentRecord,
}


def rows_of(page: Page) -> Iterator[Record | Rejected]:
    """What a page holds, raw rows decoded, what is no record left out."""
    yield from page.rejected
    yield from page.records
    if page.rows is not None:
        found = (page.rows.decode(index) for index in range(len(page.rows.keys)))
        yield from (row for row in found if row is not None)


def records_of(source: BillingSource, stream: Stream, since: str | None = None) -> list[Record]:
    """Everything that one read of a stream gives."""
    pages = source.read(stream, since)
    return [row for page in pages for row in rows_of(page) if isinstance(row, Record)]


def rejected_of(source: BillingSource, stream: Stream, since: str | None = None) -> list[Rejected]:
    """What one read of a stream could not accept."""
    pages = source.read(stream, since)
    return [row for page in pages for row in rows_of(page) if isinstance(row, Rejected)]


class BillingSourceContract:
    """What the hub relies on when it imports. Fixture: `source`."""

    @pytest.fixture
    def source(self) -> BillingSource:
        raise NotImplementedError("define a `source` fixture")

    @pytest.fixture
    def read(self, source: BillingSource) -> dict[Stream, list[Record]]:
        """Every stream, read once."""
        return {stream: records_of(source, stream) for stream in sorted(source.capabilities.streams)}

    def test_it_says_that_it_is_reachable(self, source: BillingSource) -> None:
        health = source.check()
        assert health.ok, health.detail

    def test_it_offers_known_streams_only(self, source: BillingSource) -> None:
        streams = source.capabilities.streams
        assert streams
        assert all(isinstance(stream, Stream) for stream in streams)

    def test_records_are_of_their_streams_type(self, read: dict[Stream, list[Record]]) -> None:
        for stream, records in read.items():
            assert {type(record) for record in records} <= {RECORD_TYPES[stream]}

    def test_keys_are_unique_within_a_stream(self, read: dict[Stream, list[Record]]) -> None:
        for stream, records in read.items():
            keys = [record.key for record in records]
            assert all(keys), stream
            assert len(keys) == len(set(keys)), stream

    def test_every_reference_leads_to_a_record(self, read: dict[Stream, list[Record]]) -> None:
        keys = {stream: {record.key for record in records} for stream, records in read.items()}
        for record in (record for records in read.values() for record in records):
            for stream, key in _references(record):
                assert key in keys[stream], f"{type(record).__name__} {record.key} -> {stream}"

    def test_only_the_last_page_is_complete(self, source: BillingSource) -> None:
        for stream in source.capabilities.streams:
            *earlier, last = source.read(stream, None)
            assert last.complete, stream
            assert not any(page.complete for page in earlier), stream

    def test_reading_twice_gives_equal_records(
        self, source: BillingSource, read: dict[Stream, list[Record]]
    ) -> None:
        for stream, records in read.items():
            again = {record.key: record for record in records_of(source, stream)}
            assert again == {record.key: record for record in records}, stream

    def test_raw_rows_keep_their_promises(self, source: BillingSource) -> None:
        for stream in source.capabilities.streams:
            for rows in (page.rows for page in source.read(stream, None) if page.rows is not None):
                assert len(rows.keys) == len(rows.fingerprints), stream
                assert all(-(2**63) <= each < 2**63 for each in rows.fingerprints), stream
                for index, key in enumerate(rows.keys):
                    found = rows.decode(index)
                    assert found is None or found.key == key, stream

    def test_money_is_decimal_and_dates_are_dates(self, read: dict[Stream, list[Record]]) -> None:
        for record in (record for records in read.values() for record in records):
            for name, value in msgspec.structs.asdict(record).items():
                _check_value(name, value)


def _references(record: Record) -> Iterator[tuple[Stream, str]]:
    if isinstance(record, AccountRecord):
        yield Stream.CONSUMERS, record.consumer_key
        yield Stream.DISTRICTS, record.district_key
    if isinstance(record, MeteringPointRecord | StatementLineRecord | InvoiceRecord):
        yield Stream.ACCOUNTS, record.account_key
    if isinstance(record, ReadingRecord):
        yield Stream.METERING_POINTS, record.metering_point_key
    if isinstance(record, PaymentRecord) and record.account_key is not None:
        yield Stream.ACCOUNTS, record.account_key


def _check_value(name: str, value: object) -> None:
    """A value as its field's name promises it; text that is not there is None, never empty or padded."""
    if name.endswith("_uah"):
        assert isinstance(value, Decimal), name
        assert value.is_finite(), name
    if name.endswith("_at"):
        assert isinstance(value, datetime), name
        assert value.tzinfo is None, name
    if name == "period" and value is not None:
        assert type(value) is date, name
        assert value.day == 1, name
    if isinstance(value, str):
        assert value, name
        assert value == value.rstrip(), name


class InvoiceFilesContract:
    """A source that gives invoices as PDF. Fixtures: `files`, and `invoice_key` of an invoice that has one."""

    @pytest.fixture
    def files(self) -> InvoiceFiles:
        raise NotImplementedError("define a `files` fixture")

    @pytest.fixture
    def invoice_key(self) -> str:
        raise NotImplementedError("define an `invoice_key` fixture")

    def test_an_invoice_is_a_pdf(self, files: InvoiceFiles, invoice_key: str) -> None:
        assert files.invoice_file(invoice_key).content.startswith(b"%PDF-")

    def test_asking_twice_gives_the_same_invoice(self, files: InvoiceFiles, invoice_key: str) -> None:
        assert files.invoice_file(invoice_key) == files.invoice_file(invoice_key)

    def test_an_unknown_invoice_is_refused(self, files: InvoiceFiles) -> None:
        with pytest.raises(ItemRejected):
            files.invoice_file("00000000-0000-4000-8000-00000000ffff")
