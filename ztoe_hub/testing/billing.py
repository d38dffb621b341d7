"""Contracts that every billing source keeps.

Inherit a contract as `class TestXyz(BillingSourceContract)` and define the fixtures that it asks for.
"""

# ruff: noqa: S101 - these are tests, only kept where plugin authors can import them

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

import msgspec
import pytest

from ..errors import ItemRejected, TransientError
from ..ports import BillingSource, InvoiceFiles, OrderDesk
from ..values import (
    AccountRecord,
    ConsumerRecord,
    DistrictRecord,
    InvoiceRecord,
    MeteringPointRecord,
    OrderUpdate,
    OrderUpdateKind,
    OutgoingOrder,
    Record,
    StatementLineRecord,
    Stream,
)
from .fakes.billing import FakeBillingSource
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
    "updates_of",
]

RECORD_TYPES: dict[Stream, type[Record]] = {
    Stream.DISTRICTS: DistrictRecord,
    Stream.CONSUMERS: ConsumerRecord,
    Stream.ACCOUNTS: AccountRecord,
    Stream.METERING_POINTS: MeteringPointRecord,
    Stream.STATEMENT_LINES: StatementLineRecord,
    Stream.INVOICES: InvoiceRecord,
}


def records_of(source: BillingSource, stream: Stream) -> list[Record]:
    """Everything that one read of a stream gives."""
    return [record for page in source.read(stream, None) for record in page.records]


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


class DeskStaff(Protocol):
    """The utility's people at the other end, for OrderDeskContract: each act does what its name says."""

    def received(self, key: str) -> int:
        """How many orders with this key the desk has."""
        ...

    def register(self, key: str, number: str) -> None: ...
    def invoice(self, key: str) -> None: ...
    def pay(self, key: str) -> None: ...
    def schedule(self, key: str, day: date) -> None: ...
    def reschedule(self, key: str, day: date) -> None: ...
    def complete(self, key: str) -> None: ...


class OrderDeskContract:
    """A source that takes orders. Fixtures: `desk`, `act` (a DeskStaff) and, where accounts matter, `order`."""

    @pytest.fixture
    def desk(self) -> OrderDesk:
        raise NotImplementedError("define a `desk` fixture")

    @pytest.fixture
    def act(self) -> DeskStaff:
        raise NotImplementedError("define an `act` fixture")

    @pytest.fixture
    def order(self) -> OutgoingOrder:
        """An order that the desk has not seen yet."""
        return an_order(str(uuid.uuid4()))

    def test_sending_twice_is_one_order(self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder) -> None:
        desk.send_order(order)
        desk.send_order(order)
        assert act.received(order.key) == 1

    def test_sending_again_after_it_was_registered_changes_nothing(
        self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder
    ) -> None:
        desk.send_order(order)
        act.register(order.key, "876-SA")
        desk.send_order(order)
        assert [update.kind for update in updates_of(desk, order.key)] == [OrderUpdateKind.REGISTERED]

    def test_updates_tell_what_happened_in_order(
        self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder
    ) -> None:
        desk.send_order(order)
        _bring_to_the_end(act, order.key)
        updates = updates_of(desk, order.key)
        assert [update.kind.value for update in updates] == [
            "registered", "invoiced", "paid", "scheduled", "rescheduled", "completed",
        ]  # fmt: skip
        assert updates[0].registration_number == "876-SA"
        assert [update.work_date for update in updates[3:5]] == [date(2024, 3, 22), date(2024, 3, 25)]
        assert all(update.at.tzinfo is not None for update in updates)
        assert len({update.id for update in updates}) == len(updates)

    def test_an_old_cursor_can_be_read_again(
        self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder
    ) -> None:
        desk.send_order(order)
        _, before = all_updates(desk, None)
        act.register(order.key, "45-DF122")
        act.invoice(order.key)
        first, after = all_updates(desk, before)
        again, _ = all_updates(desk, before)
        assert [update.kind for update in first] == [OrderUpdateKind.REGISTERED, OrderUpdateKind.INVOICED]
        assert again == first
        assert all_updates(desk, after)[0] == []

    def test_cancelling_can_be_repeated(self, desk: OrderDesk, order: OutgoingOrder) -> None:
        desk.send_order(order)
        desk.cancel_order(order.key)
        desk.cancel_order(order.key)

    def test_cancelling_planned_work_is_too_late(
        self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder
    ) -> None:
        desk.send_order(order)
        _bring_to_the_end(act, order.key)
        with pytest.raises(ItemRejected):
            desk.cancel_order(order.key)

    def test_the_invoice_comes_when_it_exists(
        self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder
    ) -> None:
        desk.send_order(order)
        act.register(order.key, "877-SA")
        with pytest.raises(TransientError):
            desk.order_invoice(order.key)
        act.invoice(order.key)
        assert desk.order_invoice(order.key).content.startswith(b"%PDF-")


def _bring_to_the_end(act: DeskStaff, key: str) -> None:
    act.register(key, "876-SA")
    act.invoice(key)
    act.pay(key)
    act.schedule(key, date(2024, 3, 22))
    act.reschedule(key, date(2024, 3, 25))
    act.complete(key)


def all_updates(desk: OrderDesk, since: str | None) -> tuple[list[OrderUpdate], str]:
    """All updates after a cursor, batch by batch, and the cursor after the last."""
    found: list[OrderUpdate] = []
    while True:
        batch = desk.order_updates(since)
        found.extend(batch.updates)
        since = batch.cursor
        if not batch.more:
            return found, since


def updates_of(desk: OrderDesk, key: str) -> list[OrderUpdate]:
    """All that ever happened to one order."""
    return [update for update in all_updates(desk, None)[0] if update.order_key == key]
