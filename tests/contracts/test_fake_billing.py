"""The published fake keeps the contracts, and does what its attributes say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import pytest

from ztoe_hub.errors import TransientError
from ztoe_hub.testing.billing import (
    A_PDF,
    BillingSourceContract,
    FakeBillingSource,
    InvoiceFilesContract,
    OrderDeskContract,
    an_order,
    records_of,
)
from ztoe_hub.testing.readings import ReadingsDeskContract
from ztoe_hub.values import (
    AccountRecord,
    Article,
    ConsumerRecord,
    DistrictRecord,
    EnergyKind,
    InvoiceKind,
    InvoiceRecord,
    MeteringPointRecord,
    OrderUpdateKind,
    PointRefusal,
    Record,
    Rejected,
    StatementLineRecord,
    Stream,
)

JANUARY = date(2018, 1, 1)
RECORDS: dict[Stream, Sequence[Record]] = {
    Stream.DISTRICTS: [DistrictRecord(key="d", code="31", name="Тестовий РЕМ", period=JANUARY)],
    Stream.CONSUMERS: [ConsumerRecord(key="c", name="Тестовий споживач", tax_code="12500015")],
    Stream.ACCOUNTS: [
        AccountRecord(
            key=f"a{place}",
            consumer_key="c",
            district_key="d",
            number=number,
            consumer_code=f"12500063{place}",
        )
        for place, number in enumerate(["561", "309", "0030009м"])
    ],
    Stream.METERING_POINTS: [
        MeteringPointRecord(key="p", account_key="a0", name="КРИТИЙ ЗЕРНОТІК", kind=EnergyKind.ACTIVE)
    ],
    Stream.STATEMENT_LINES: [
        StatementLineRecord(
            key="a0:2018-01:active",
            account_key="a0",
            period=JANUARY,
            article=Article.ACTIVE,
            opening_debit_uah=Decimal(0),
            opening_credit_uah=Decimal("-735.22"),
            accrued_uah=Decimal("3535.56"),
            paid_uah=Decimal("1000.00"),
            closing_debit_uah=Decimal("1800.34"),
            closing_credit_uah=Decimal(0),
        )
    ],
    Stream.INVOICES: [
        InvoiceRecord(
            key="i",
            account_key="a0",
            number="1563",
            period=JANUARY,
            formed_at=datetime(2018, 3, 3),  # noqa: DTZ001  the source's wall clock
            kind=InvoiceKind.ACTIVE,
            amount_uah=Decimal("3535.56"),
        )
    ],
}


class StaffOfFake:
    """The utility's people, acting on the fake's attributes."""

    def __init__(self, fake: FakeBillingSource) -> None:
        self._fake = fake

    def received(self, key: str) -> int:
        return list(self._fake.orders).count(key)

    def register(self, key: str, number: str) -> None:
        self._fake.happen(key, OrderUpdateKind.REGISTERED, registration_number=number)

    def invoice(self, key: str) -> None:
        self._fake.happen(key, OrderUpdateKind.INVOICED)

    def pay(self, key: str) -> None:
        self._fake.happen(key, OrderUpdateKind.PAID)

    def schedule(self, key: str, day: date) -> None:
        self._fake.happen(key, OrderUpdateKind.SCHEDULED, work_date=day)

    def reschedule(self, key: str, day: date) -> None:
        self._fake.happen(key, OrderUpdateKind.RESCHEDULED, work_date=day)

    def complete(self, key: str) -> None:
        self._fake.happen(key, OrderUpdateKind.COMPLETED)


class TestFakeBillingSource(BillingSourceContract):
    @pytest.fixture
    def source(self) -> FakeBillingSource:
        return FakeBillingSource(RECORDS, page_size=2)


class TestFakeInvoiceFiles(InvoiceFilesContract):
    @pytest.fixture
    def files(self) -> FakeBillingSource:
        fake = FakeBillingSource(RECORDS)
        fake.invoices["i"] = A_PDF
        return fake

    @pytest.fixture
    def invoice_key(self) -> str:
        return "i"


class TestFakeOrderDesk(OrderDeskContract):
    @pytest.fixture
    def desk(self) -> FakeBillingSource:
        fake = FakeBillingSource(RECORDS)
        fake.updates_at_once = 2
        return fake

    @pytest.fixture
    def act(self, desk: FakeBillingSource) -> StaffOfFake:
        return StaffOfFake(desk)


class StaffForReadings:
    """The utility's people at the fake."""

    def __init__(self, fake: FakeBillingSource) -> None:
        self._fake = fake

    def waiting(self, key: str) -> list[int]:
        sheet = self._fake.sheets.get(key)
        return [] if sheet is None else [sheet.revision]

    def accept(self, key: str, revision: int) -> None:
        assert self._fake.decide(key).revision == revision

    def refuse(self, key: str, revision: int, refusals: Sequence[PointRefusal]) -> None:
        assert self._fake.decide(key, refusals).revision == revision


class TestFakeReadingsDesk(ReadingsDeskContract):
    @pytest.fixture
    def desk(self) -> FakeBillingSource:
        return FakeBillingSource()

    @pytest.fixture
    def staff(self, desk: FakeBillingSource) -> StaffForReadings:
        return StaffForReadings(desk)


def test_it_fails_once_when_it_is_told_to() -> None:
    fake = FakeBillingSource()
    fake.fail_next = TransientError("1C is away")
    with pytest.raises(TransientError):
        fake.send_order(an_order())
    fake.send_order(an_order())
    assert list(fake.orders) == ["order-1"]


def test_a_read_fails_when_it_is_told_to() -> None:
    fake = FakeBillingSource(RECORDS)
    fake.fail_next = TransientError("1C is away")
    with pytest.raises(TransientError):
        records_of(fake, Stream.ACCOUNTS)
    assert len(records_of(fake, Stream.ACCOUNTS)) == 3


def test_it_shows_rejected_rows_and_an_incomplete_read() -> None:
    fake = FakeBillingSource(RECORDS)
    fake.rejected[Stream.INVOICES] = [Rejected(place="row 7", key="x", field="kind", reason="unknown word")]
    fake.complete = False
    last = list(fake.read(Stream.INVOICES, None))[-1]
    assert not last.complete
    assert [row.place for row in last.rejected] == ["row 7"]
