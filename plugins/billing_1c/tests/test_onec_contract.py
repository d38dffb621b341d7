"""The source keeps the hub's contracts against a 1C over a real socket, and gives the manual's figures exactly."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from ztoe_billing_1c.hub_source import HubServiceSource
from ztoe_billing_1c.service import OneCSource
from ztoe_hub.errors import HubError, ItemRejected, OperatorNeeded
from ztoe_hub.testing.billing import (
    BillingSourceContract,
    InvoiceFilesContract,
    OrderDeskContract,
    an_order,
    records_of,
    rows_of,
    updates_of,
)
from ztoe_hub.values import (
    AccountRecord,
    Article,
    ConsumerRecord,
    DistrictRecord,
    InvoiceKind,
    InvoiceRecord,
    MeteringPointRecord,
    OrderUpdateKind,
    OutgoingOrder,
    Record,
    StatementLineRecord,
    Stream,
)

MakeSource = Callable[..., OneCSource]
Kind = TypeVar("Kind", bound=Record)


class TestOneCSource(BillingSourceContract):
    @pytest.fixture
    def source(self, sandbox: str, make_source: MakeSource) -> OneCSource:
        return make_source(sandbox)


class TestOneCSourceWithSmallPages(BillingSourceContract):
    @pytest.fixture
    def source(self, sandbox: str, make_source: MakeSource) -> OneCSource:
        return make_source(sandbox, page_size=7)


class TestHubServiceSource(BillingSourceContract):
    @pytest.fixture
    def source(self, sandbox: str, make_service: Callable[..., HubServiceSource]) -> HubServiceSource:
        return make_service(sandbox)


class TestOneCInvoiceFiles(InvoiceFilesContract):
    @pytest.fixture
    def files(self, source: OneCSource) -> OneCSource:
        return source

    @pytest.fixture
    def invoice_key(self, source: OneCSource) -> str:
        return invoice(source, "1563").key


class Staff:
    """The utility's people at the sandbox's desk."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/sandbox/orders"

    def received(self, key: str) -> int:
        orders = httpx.get(self._url).json()["orders"]
        return [order["order_id"] for order in orders].count(key)

    def _do(self, key: str, action: str, **details: str) -> None:
        httpx.post(f"{self._url}/{key}/{action}", json=details).raise_for_status()

    def register(self, key: str, number: str) -> None:
        self._do(key, "register", registration_number=number)

    def invoice(self, key: str) -> None:
        self._do(key, "invoice", amount="1250.00")

    def pay(self, key: str) -> None:
        self._do(key, "pay")

    def schedule(self, key: str, day: date) -> None:
        self._do(key, "schedule", work_date=day.isoformat())

    def reschedule(self, key: str, day: date) -> None:
        self._do(key, "reschedule", work_date=day.isoformat())

    def complete(self, key: str) -> None:
        self._do(key, "complete")

    def refuse(self, key: str, reason: str) -> None:
        self._do(key, "refuse", reason=reason)


@pytest.fixture
def staff(sandbox: str) -> Staff:
    return Staff(sandbox)


class TestOneCOrderDesk(OrderDeskContract):
    @pytest.fixture
    def desk(self, source: OneCSource) -> OneCSource:
        return source

    @pytest.fixture
    def act(self, staff: Staff) -> Staff:
        return staff

    @pytest.fixture
    def order(self, source: OneCSource) -> OutgoingOrder:
        return order_for(source)


def order_for(source: OneCSource, **changes: object) -> OutgoingOrder:
    """An order for the workshop's meter of the manual's account 186."""
    [point] = [found for found in points(source) if found.eic == "62Z8102184873135"]
    return an_order(str(uuid.uuid4()), metering_point_key=point.key, **changes)


def points(source: OneCSource) -> list[MeteringPointRecord]:
    return only(MeteringPointRecord, records_of(source, Stream.METERING_POINTS))


def only(kind: type[Kind], records: Sequence[Record]) -> list[Kind]:
    """The records, all of them of this kind."""
    found = [record for record in records if isinstance(record, kind)]
    assert len(found) == len(records)
    return found


def account(source: OneCSource, number: str) -> AccountRecord:
    [found] = [record for record in accounts(source) if record.number == number]
    return found


def accounts(source: OneCSource) -> list[AccountRecord]:
    return only(AccountRecord, records_of(source, Stream.ACCOUNTS))


def invoice(source: OneCSource, number: str) -> InvoiceRecord:
    found = only(InvoiceRecord, records_of(source, Stream.INVOICES))
    [one] = [record for record in found if record.number == number]
    return one


# --- the manual's figures ----------------------------------------------------------------------------


def test_the_consumer_of_the_manual(source: OneCSource) -> None:
    consumers = only(ConsumerRecord, records_of(source, Stream.CONSUMERS))
    [found] = [record for record in consumers if record.user_code == "156561010"]
    assert found.email == "clienttst@meta.ua"
    assert found.tax_code == "12500015"
    assert found.name == 'Товариство з обмеженою відповідальністю "Тестовий споживач"'


def test_folders_are_no_consumers(source: OneCSource) -> None:
    consumers = only(ConsumerRecord, records_of(source, Stream.CONSUMERS))
    assert len(consumers) == 31
    assert "Юридичні споживачі" not in {record.name for record in consumers}


@pytest.mark.parametrize(
    ("number", "consumer_code", "district"),
    [
        ("561", "125000632", 'АТ "ЕК "Житомиробленерго"'),
        ("309", "125000010", 'АТ "ЕК "Житомиробленерго"'),
        ("186", "125000186", "Тестовий РЕМ"),
    ],
)
def test_the_accounts_of_the_manual(
    source: OneCSource, number: str, consumer_code: str, district: str
) -> None:
    found = account(source, number)
    districts = only(DistrictRecord, records_of(source, Stream.DISTRICTS))
    names = {record.key: record.name for record in districts}
    assert found.consumer_code == consumer_code
    assert names[found.district_key] == district


def test_account_numbers_keep_letters_and_leading_zeros(source: OneCSource) -> None:
    assert {"0030009м", "0000417"} <= {record.number for record in accounts(source)}


def test_the_current_period_is_the_districts(source: OneCSource) -> None:
    districts = only(DistrictRecord, records_of(source, Stream.DISTRICTS))
    periods = {record.code: record.period for record in districts}
    assert periods["1"] == date(2018, 1, 1)


ACTIVE, REACTIVE, OVER = Article.ACTIVE, Article.REACTIVE, Article.OVER_CONSUMPTION


@pytest.mark.parametrize(
    ("number", "article", "figures"),
    [
        ("561", ACTIVE, ["0", "-735.22", "3535.56", "1000.00", "1800.34", "0"]),
        ("561", REACTIVE, ["0", "0", "44.17", "0", "44.17", "0"]),
        ("561", OVER, ["0", "0", "0", "0", "0", "0"]),
        # Two contracts: -120.00 and 200.50 at the beginning, 360.10 and 0 at the end.
        ("309", ACTIVE, ["80.50", "0", "1095.00", "815.40", "360.10", "0"]),
    ],
)
def test_the_statement_of_the_manual(
    source: OneCSource, number: str, article: Article, figures: list[str]
) -> None:
    line = statement(source)[f"{account(source, number).key}:2018-01:{article}"]
    assert [
        line.opening_debit_uah,
        line.opening_credit_uah,
        line.accrued_uah,
        line.paid_uah,
        line.closing_debit_uah,
        line.closing_credit_uah,
    ] == [Decimal(figure) for figure in figures]
    assert line.period == date(2018, 1, 1)


def statement(source: OneCSource) -> dict[str, StatementLineRecord]:
    lines = only(StatementLineRecord, records_of(source, Stream.STATEMENT_LINES))
    return {line.key: line for line in lines}


def test_the_statement_goes_from_the_first_month_to_this_one(source: OneCSource) -> None:
    assert {line.period for line in statement(source).values()} == {
        date(2018, month, 1) for month in (1, 2, 3, 4)
    }


def test_the_statement_of_a_later_month(sandbox: str, make_source: MakeSource) -> None:
    march = datetime(2024, 3, 31, 20, 59, tzinfo=UTC)  # in Kyiv it is still March, for one minute
    source = make_source(sandbox, now=march, history_from=None, history_months=0)
    line = statement(source)[f"{account(source, '186').key}:2024-03:active"]
    assert (line.accrued_uah, line.paid_uah) == (Decimal("4120.80"), Decimal("4120.80"))
    assert {found.period for found in statement(source).values()} == {date(2024, 3, 1)}


def test_an_amount_beyond_a_float_is_exact(source: OneCSource) -> None:
    openings = {line.opening_debit_uah for line in statement(source).values()}
    assert Decimal("12345678901234.56") in openings


def test_both_forms_of_the_call_give_the_same_statement(
    sandbox: str, make_source: MakeSource, mapping_file: Callable[[str], Path]
) -> None:
    condition = "СтатьяРеализации eq 'АктивнаяЭлектроэнергия'"
    mapping = mapping_file(f'streams: {{statement_lines: {{condition: "{condition}"}}}}')
    by_query = statement(make_source(sandbox, mapping=mapping))
    for quotes in ("nested", "doubled", "auto"):
        transport = RefusingQueryForm()
        by_path = make_source(sandbox, transport=transport, mapping=mapping, condition_quotes=quotes)
        assert statement(by_path) == by_query
    assert {line.article for line in by_query.values()} == {Article.ACTIVE}


class RefusingQueryForm(httpx.HTTPTransport):
    """A publication that takes a virtual table's arguments in the path only."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if "StartPeriod" in request.url.params:
            return httpx.Response(400, json={"odata.error": {"code": "6", "message": {"value": "Ні"}}})
        return super().handle_request(request)


@pytest.mark.parametrize(
    ("number", "formed_on", "kind", "amount"),
    [
        ("59", datetime(2017, 12, 6), InvoiceKind.ADVANCE_ACTIVE, "1744.48"),  # noqa: DTZ001  wall clock
        ("1563", datetime(2018, 3, 3), InvoiceKind.ACTIVE, "3535.56"),  # noqa: DTZ001  wall clock
        ("1564", datetime(2018, 3, 3), InvoiceKind.REACTIVE, "44.17"),  # noqa: DTZ001  wall clock
    ],
)
def test_the_invoices_of_the_manual(
    source: OneCSource, number: str, formed_on: datetime, kind: InvoiceKind, amount: str
) -> None:
    found = invoice(source, number)
    assert found.account_key == account(source, "561").key
    assert found.period == date(2018, 1, 1)
    assert (found.formed_at, found.kind, found.amount_uah) == (formed_on, kind, Decimal(amount))


def test_invoices_before_the_first_month_are_left_out(sandbox: str, make_source: MakeSource) -> None:
    source = make_source(sandbox, history_from=date(2018, 3, 31))
    found = only(InvoiceRecord, records_of(source, Stream.INVOICES))
    assert {record.period for record in found} == {date(2018, 3, 1)}


@pytest.mark.parametrize(
    ("eic", "meter", "coefficient", "voltage"),
    [("62Z8102184873135", "4006314", 20, "0.4"), ("62Z2852626161648", "4006307", 2000, "10")],
)
def test_metering_points_are_kept_as_printed(
    source: OneCSource, eic: str, meter: str, coefficient: int, voltage: str
) -> None:
    [found] = [record for record in points(source) if record.eic == eic]
    assert found.account_key == account(source, "186").key
    assert (found.meter_number, found.coefficient) == (meter, Decimal(coefficient))
    assert found.voltage_class_kv == Decimal(voltage)


def test_a_wrong_eic_is_the_hubs_to_judge(source: OneCSource) -> None:
    [pump] = [record for record in points(source) if record.meter_number == "4006321"]
    assert pump.eic is not None
    assert any(record.eic is None for record in points(source))


def test_another_user_may_read_too(sandbox: str, make_source: MakeSource) -> None:
    assert make_source(sandbox, username="odata").check().ok


# --- the desk ----------------------------------------------------------------------------------------


def test_a_refusal_comes_with_its_reason(source: OneCSource, staff: Staff) -> None:
    order = order_for(source)
    source.send_order(order)
    staff.refuse(order.key, "Немає доступу до лічильника")
    [update] = updates_of(source, order.key)
    assert update.kind is OrderUpdateKind.REFUSED
    assert update.reason == "Немає доступу до лічильника"


def test_an_order_for_somebody_elses_meter_is_rejected(source: OneCSource) -> None:
    with pytest.raises(ItemRejected, match="unknown_metering_point"):
        source.send_order(order_for(source, eic="62Z2852626161648"))


def test_another_order_under_the_same_key_is_rejected(source: OneCSource) -> None:
    order = order_for(source)
    source.send_order(order)
    with pytest.raises(ItemRejected, match="different_order"):
        source.send_order(replace(order, device_count=2))


def test_an_order_whose_answers_are_lost_arrives_once(
    faults: Faults, source: OneCSource, staff: Staff
) -> None:
    order = order_for(source)
    faults.add("lost", "1", where="PUT/utility/hs/", times=2)
    source.send_order(order)
    assert staff.received(order.key) == 1


# --- faults ------------------------------------------------------------------------------------------


class Faults:
    """The sandbox's switches."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/sandbox/faults"

    def add(self, name: str, value: str, *, where: str = "", times: int | None = None) -> None:
        fault = {"name": name, "value": value, "where": where, "times": times}
        httpx.post(self._url, json=fault).raise_for_status()

    def remove(self) -> None:
        httpx.delete(self._url).raise_for_status()


@pytest.fixture
def faults(sandbox: str) -> Iterator[Faults]:
    found = Faults(sandbox)
    yield found
    found.remove()


@pytest.mark.parametrize("stream", [Stream.ACCOUNTS, Stream.STATEMENT_LINES, Stream.INVOICES])
@pytest.mark.parametrize("times", [1, 2, None])
@pytest.mark.parametrize(
    ("name", "value"),
    [("status", "500"), ("status", "503"), ("html", "1"), ("reset", "1"), ("lost", "1"), ("truncate", "1")],
)
@pytest.mark.parametrize("pages_before", [0, 2])
def test_a_fault_ends_in_an_error_or_in_everything(
    sandbox: str,
    make_source: MakeSource,
    faults: Faults,
    stream: Stream,
    times: int | None,
    name: str,
    value: str,
    pages_before: int,
) -> None:
    expected = {record.key: record for record in records_of(make_source(sandbox), stream)}
    pages = iter(make_source(sandbox).read(stream, None))
    seen = [next(pages) for _ in range(pages_before)]
    faults.add(name, value, times=times)
    try:
        seen.extend(pages)
    except HubError:
        assert not any(page.complete for page in seen)
        return
    found = [row for page in seen for row in rows_of(page) if isinstance(row, Record)]
    assert {record.key: record for record in found} == expected
    assert seen[-1].complete
    assert times is not None or name == "lost"


def test_a_slow_base_is_read_all_the_same(source: OneCSource, faults: Faults) -> None:
    faults.add("delay", "0.3", times=2)
    assert len(records_of(source, Stream.DISTRICTS)) == 3


def test_a_base_that_is_away_says_so_in_its_health(sandbox: str, make_source: MakeSource) -> None:
    assert not make_source("http://127.0.0.1:9").check().ok
    wrong = make_source(sandbox, password="wrong").check()
    assert not wrong.ok
    assert "refuses our user" in wrong.detail


def test_a_set_that_is_not_published_is_named(
    sandbox: str, make_source: MakeSource, mapping_file: Callable[[str], Path]
) -> None:
    mapping = mapping_file("streams: {accounts: {set: Catalog_Рахунки}}")
    source = make_source(sandbox, mapping=mapping)
    assert source.check().detail == "not in the composition of the OData interface: Catalog_Рахунки"
    with pytest.raises(OperatorNeeded, match="Catalog_Рахунки"):
        records_of(source, Stream.DISTRICTS)
