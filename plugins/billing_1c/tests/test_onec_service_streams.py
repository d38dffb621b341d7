"""Streams over the HTTP service: the same records as over OData, page by page, and afterwards only what changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from ztoe_billing_1c.hub_source import HubServiceSource
from ztoe_billing_1c.service import OneCSource
from ztoe_hub.errors import HubError, ItemRejected, ProviderMisconfigured, UnexpectedAnswer
from ztoe_hub.testing.billing import InvoiceFilesContract, records_of, rejected_of, rows_of
from ztoe_hub.values import (
    Article,
    InvoiceRecord,
    Page,
    PaymentRecord,
    ReadingRecord,
    Record,
    StatementLineRecord,
    Stream,
)

MakeSource = Callable[..., OneCSource]
MakeService = Callable[..., HubServiceSource]
URL = "https://1c.example.com"
CONSUMERS = "Catalog_Контрагенты"
INVOICE = {
    "key": "i",
    "account_key": "a",
    "number": "1563",
    "period": "2018-01-01",
    "formed_at": "2018-03-03T10:15:00",
    "kind": "active",
    "amount_uah": "12345678901234.56",
}
CONSUMER = {
    "key": "c",
    "name": "Споживач",
    "tax_code": None,
    "email": "",
    "phone": "  ",
    "address": "м. Зразків",
}


class TestInvoiceFilesOverService(InvoiceFilesContract):
    @pytest.fixture
    def files(self, sandbox: str, make_service: MakeService) -> HubServiceSource:
        return make_service(sandbox)

    @pytest.fixture
    def invoice_key(self, sandbox: str, make_service: MakeService) -> str:
        return records_of(make_service(sandbox), Stream.INVOICES)[0].key


def by_key(records: list[Record]) -> dict[str, Record]:
    return {record.key: record for record in records}


@pytest.mark.parametrize(
    "stream",
    [
        Stream.DISTRICTS,
        Stream.CONSUMERS,
        Stream.ACCOUNTS,
        Stream.METERING_POINTS,
        Stream.INVOICES,
    ],
)
def test_both_ways_give_the_same_records(
    sandbox: str, make_source: MakeSource, make_service: MakeService, stream: Stream
) -> None:
    by_odata = by_key(records_of(make_source(sandbox, history_from="2000-01-01"), stream))
    assert by_key(records_of(make_service(sandbox), stream)) == by_odata


def test_the_statement_is_the_same_where_there_are_turnovers(
    sandbox: str, make_source: MakeSource, make_service: MakeService
) -> None:
    service = by_key(records_of(make_service(sandbox), Stream.STATEMENT_LINES))
    odata = by_key(records_of(make_source(sandbox), Stream.STATEMENT_LINES))
    january = {key: line for key, line in service.items() if ":2018-01:" in key}
    assert january
    assert january == {key: line for key, line in odata.items() if ":2018-01:" in key}


def test_readings_and_payments_come_too(sandbox: str, make_service: MakeService) -> None:
    source = make_service(sandbox)
    readings = records_of(source, Stream.READINGS_HISTORY)
    payments = records_of(source, Stream.PAYMENTS)
    assert any(isinstance(each, ReadingRecord) and each.value == Decimal(9400) for each in readings)
    assert all(isinstance(each, PaymentRecord) and each.amount_uah > 0 for each in payments)


def test_after_everything_come_the_changes(own_sandbox: str, make_service: MakeService) -> None:
    source = make_service(own_sandbox)
    *_, last = source.read(Stream.CONSUMERS, None)
    assert (last.complete, last.changes_only) == (True, False)
    one, other = [record.key for record in records_of(source, Stream.CONSUMERS)][:2]
    change = {"phone": "+380410000099"}
    httpx.post(f"{own_sandbox}/sandbox/records/{CONSUMERS}/{one}", json=change).raise_for_status()
    httpx.delete(f"{own_sandbox}/sandbox/records/{CONSUMERS}/{other}").raise_for_status()
    [changed] = records_of(source, Stream.CONSUMERS, last.cursor)
    assert getattr(changed, "phone", "") == "+380410000099"
    [page] = source.read(Stream.CONSUMERS, last.cursor)
    assert (list(page.gone), page.changes_only, page.complete) == ([other], True, True)
    assert records_of(source, Stream.CONSUMERS, page.cursor) == []


def test_a_stream_that_keeps_no_track_of_changes_is_read_whole(
    sandbox: str, make_service: MakeService
) -> None:
    *_, last = make_service(sandbox).read(Stream.PAYMENTS, None)
    assert (last.complete, last.cursor) == (True, None)


# --- a scripted service ------------------------------------------------------------------------------


@pytest.fixture
def answering(make_service: MakeService) -> Callable[..., HubServiceSource]:
    """A source over a service that gives these pages, one after the other."""

    def make(*pages: dict[str, Any]) -> HubServiceSource:
        waiting = iter(pages)
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json=next(waiting)))
        return make_service(URL, transport=transport)

    return make


Answering = Callable[..., HubServiceSource]


def page(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"rows": list(rows), "cursor": "c", "more": False, "complete": True} | changes


def test_a_row_is_read_to_the_kopeck(answering: Answering) -> None:
    """Pitfall 3."""
    [record] = records_of(answering(page(INVOICE)), Stream.INVOICES)
    assert isinstance(record, InvoiceRecord)
    assert record.amount_uah == Decimal("12345678901234.56")
    assert record.formed_at == datetime(2018, 3, 3, 10, 15)  # noqa: DTZ001  the base's wall clock


def test_empty_texts_are_nothing(answering: Answering) -> None:
    """Pitfall 5."""
    [record] = records_of(answering(page(CONSUMER)), Stream.CONSUMERS)
    assert [getattr(record, name) for name in ("email", "phone", "tax_code", "address")] == [
        None, None, None, "м. Зразків",
    ]  # fmt: skip


def test_a_balance_is_a_debit_above_zero_and_a_credit_below(answering: Answering) -> None:
    row = {
        "key": "a:2018-01:active", "account_key": "a", "period": "2018-01-01", "article": "active",
        "opening_uah": "-735.22", "accrued_uah": "3535.56", "paid_uah": "1000.00", "closing_uah": "1800.34",
    }  # fmt: skip
    [record] = records_of(answering(page(row)), Stream.STATEMENT_LINES)
    assert record == StatementLineRecord(
        key="a:2018-01:active",
        account_key="a",
        period=date(2018, 1, 1),
        article=Article.ACTIVE,
        opening_debit_uah=Decimal(0),
        opening_credit_uah=Decimal("-735.22"),
        accrued_uah=Decimal("3535.56"),
        paid_uah=Decimal("1000.00"),
        closing_debit_uah=Decimal("1800.34"),
        closing_credit_uah=Decimal(0),
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_uah": "NaN"}, "amount_uah"),
        ({"amount_uah": "1e300"}, "amount_uah"),
        ({"formed_at": "2018-03-03T10:15:00+02:00"}, "formed_at"),
        ({"period": "2018-01-02"}, "period"),
        ({"number": "  "}, "number"),
        ({"number": "1\x00"}, "number"),
        ({"kind": "penalty"}, None),
        ({"amount_uah": None}, None),
        ({"period": "03.2018"}, None),
    ],
)
def test_a_row_that_breaks_the_contract_is_rejected_by_its_key(
    answering: Answering, changes: dict[str, Any], field: str | None
) -> None:
    source = answering(page(INVOICE | changes, INVOICE | {"key": "j"}))
    pages = list(source.read(Stream.INVOICES, None))
    [rejected] = [row for row in map(pages[0].rows.decode, range(2)) if not isinstance(row, Record) and row]  # type: ignore[union-attr]
    assert (rejected.key, rejected.field, rejected.place) == ("i", field, "invoices, page 0, row 0")
    assert pages[-1].complete


def test_a_row_without_a_key_leaves_the_read_incomplete(answering: Answering) -> None:
    nameless = {name: value for name, value in INVOICE.items() if name != "key"}
    [last] = answering(page(nameless)).read(Stream.INVOICES, None)
    assert not last.complete
    assert last.cursor is None
    assert len(rejected_of(answering(page(nameless)), Stream.INVOICES)) == 1


def test_a_service_that_says_it_left_something_out_is_believed(answering: Answering) -> None:
    [last] = answering(page(INVOICE, complete=False)).read(Stream.INVOICES, None)
    assert not last.complete


def test_pages_are_asked_for_by_their_cursor(make_service: MakeService) -> None:
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("after"))
        more = len(asked) < 3
        return httpx.Response(200, json=page(cursor=f"a+{len(asked)}&", more=more, complete=not more))

    source = make_service(URL, transport=httpx.MockTransport(answer))
    pages: list[Page] = list(source.read(Stream.INVOICES, None))
    assert asked == [None, "a+1&", "a+2&"]
    assert [each.complete for each in pages] == [False, False, True]


@pytest.mark.parametrize("cursor", ["", "c"])
def test_a_cursor_that_stands_still_ends_the_read(answering: Answering, cursor: str) -> None:
    endless = [page(INVOICE, cursor=cursor, more=True)] * 9
    with pytest.raises(UnexpectedAnswer, match="stands still"):
        records_of(answering(*endless), Stream.INVOICES, "c")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<html>Роботи</html>"),
        httpx.Response(200, json={"value": []}),
        httpx.Response(200, json=page(rows="?")),
        httpx.Response(400, json={"error": {"code": "bad_cursor", "message": "Іваненко"}}),
    ],
)
def test_an_answer_outside_the_contract_ends_the_read(
    make_service: MakeService, answer: httpx.Response
) -> None:
    """Pitfall 8."""
    source = make_service(URL, transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(UnexpectedAnswer) as caught:
        records_of(source, Stream.INVOICES)
    assert "Іваненко" not in str(caught.value)


def test_a_page_in_place_of_the_service_takes_no_order(make_service: MakeService) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, html="<html>Роботи</html>"))
    with pytest.raises(UnexpectedAnswer):
        make_service(URL, transport=transport).cancel_order("order-1")


def test_a_base_that_is_away_says_so_in_its_health(sandbox: str, make_service: MakeService) -> None:
    assert make_service(sandbox).check().ok
    assert not make_service("http://127.0.0.1:9").check().ok
    assert not make_service(sandbox, password="wrong").check().ok


def test_orders_go_the_same_way(sandbox: str, make_service: MakeService) -> None:
    source = make_service(sandbox)
    source.cancel_order("never-arrived")
    assert source.order_updates(None).cursor
    with pytest.raises(ItemRejected):
        source.order_invoice("never-arrived")
    with pytest.raises(ProviderMisconfigured):
        make_service(sandbox, password="wrong").order_updates(None)


def test_a_base_may_publish_some_streams_only(sandbox: str, make_service: MakeService) -> None:
    source = make_service(sandbox, streams=["consumers", "invoices"])
    assert source.capabilities.streams == {Stream.CONSUMERS, Stream.INVOICES}


@pytest.mark.parametrize("times", [1, 2, None])
@pytest.mark.parametrize(
    ("name", "value"),
    [("status", "500"), ("status", "503"), ("html", "1"), ("reset", "1"), ("lost", "1"), ("truncate", "1")],
)
def test_a_fault_ends_in_an_error_or_in_everything(
    own_sandbox: str, make_service: MakeService, name: str, value: str, times: int | None
) -> None:
    expected = by_key(records_of(make_service(own_sandbox), Stream.ACCOUNTS))
    pages = iter(make_service(own_sandbox, page_size=3).read(Stream.ACCOUNTS, None))
    seen = [next(pages)]
    fault = {"name": name, "value": value, "where": "", "times": times}
    httpx.post(f"{own_sandbox}/sandbox/faults", json=fault).raise_for_status()
    try:
        seen.extend(pages)
    except HubError:
        assert not any(each.complete for each in seen)
        return
    found = [row for each in seen for row in rows_of(each) if isinstance(row, Record)]
    assert by_key(found) == expected
    assert seen[-1].complete
