"""The hub's HTTP service in 1C: what is sent, what each answer becomes, and what the settings refuse."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import httpx
import pytest
from pydantic import ValidationError

import ztoe_billing_1c
from ztoe_billing_1c.hub_service import order_body
from ztoe_billing_1c.service import OneCSource
from ztoe_billing_1c.settings import OneCSettings, ServiceSettings
from ztoe_hub.errors import HubError, ItemRejected, ProviderMisconfigured, TransientError, UnexpectedAnswer
from ztoe_hub.ports import InvoiceFiles, OrderDesk
from ztoe_hub.testing.billing import A_PDF, an_order
from ztoe_hub.values import OrderUpdate, OrderUpdateKind, OrderUpdates, Stream

MakeSource = Callable[..., OneCSource]
URL = "https://1c.example.com"
Answers = Callable[[httpx.Request], httpx.Response]
Asked = Callable[[OneCSource], object]
UPDATE = {
    "id": "u1",
    "order_id": "order-1",
    "event": "scheduled",
    "at": "2024-03-22T10:00:00+02:00",
    "work_date": "2024-03-25",
}


@pytest.fixture
def source_over(make_source: MakeSource) -> Callable[[Answers], OneCSource]:
    return lambda answers: make_source(URL, transport=httpx.MockTransport(answers))


SourceOver = Callable[[Answers], OneCSource]


def always(status: int, **content: Any) -> Answers:
    return lambda _: httpx.Response(status, **content)


def refusal(code: str) -> dict[str, object]:
    return {"error": {"code": code, "message": "a word of explanation"}}


def test_the_files_go_first_and_the_order_names_them(source_over: SourceOver) -> None:
    sent: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(204)

    order = an_order()
    source_over(take).send_order(order)
    assert [(request.method, request.url.path) for request in sent] == [
        ("PUT", "/utility/hs/ztoe/v1/orders/order-1/files/certificate"),
        ("PUT", "/utility/hs/ztoe/v1/orders/order-1/files/application_signed"),
        ("PUT", "/utility/hs/ztoe/v1/orders/order-1"),
    ]
    assert sent[0].headers["X-Content-SHA256"] == hashlib.sha256(sent[0].content).hexdigest()
    assert unquote(sent[0].headers["X-File-Name"]) == "свідоцтво.pdf"
    assert sent[0].headers["Content-Type"] == "application/pdf"
    body = json.loads(sent[2].content)
    assert body["voltage_class"] == "0.4"
    assert body["ordered_at"] == "2024-03-18T15:12:00+02:00"
    assert [(file["role"], file["size"]) for file in body["files"]] == [
        (file.role, len(file.content)) for file in order.files
    ]


def test_the_login_is_sent_as_utf8(source_over: SourceOver) -> None:
    sent: list[str] = []

    def take(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Authorization"])
        return httpx.Response(204)

    source_over(take).cancel_order("order-1")
    assert base64.b64decode(sent[0].removeprefix("Basic ")).decode() == "Адміністратор:demo"


def test_a_key_with_signs_in_it_stays_one_part_of_the_address(source_over: SourceOver) -> None:
    sent: list[str] = []

    def take(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.raw_path.decode())
        return httpx.Response(204)

    source_over(take).cancel_order("a/b?c d")
    assert sent == ["/utility/hs/ztoe/v1/orders/a%2Fb%3Fc%20d"]


def send(source: OneCSource) -> object:
    source.send_order(an_order())
    return None


CALLS_FOR_AN_ITEM: list[Asked] = [
    send,
    lambda source: source.cancel_order("order-1"),
    lambda source: source.order_invoice("order-1"),
    lambda source: source.invoice_file("invoice-1"),
]
CALLS: list[Asked] = [*CALLS_FOR_AN_ITEM, lambda source: source.order_updates(None)]


@pytest.mark.parametrize("ask", CALLS_FOR_AN_ITEM)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (always(401), ProviderMisconfigured),
        (always(403, text="<html>"), ProviderMisconfigured),
        (always(404, text="<html>1C</html>"), ProviderMisconfigured),
        (always(409, json=refusal("different_order")), ItemRejected),
        (always(413, json=refusal("file_too_large")), ItemRejected),
        (always(422, json=refusal("unknown_account")), ItemRejected),
        (always(429), TransientError),
        (always(500, text="<html>"), TransientError),
        (always(503), TransientError),
    ],
)
def test_every_call_reads_refusals_alike(
    source_over: SourceOver, ask: Asked, answer: Answers, error: type[HubError]
) -> None:
    with pytest.raises(error):
        ask(source_over(answer))


def test_a_refusal_carries_the_services_own_word(source_over: SourceOver) -> None:
    with pytest.raises(ItemRejected, match="unknown_account"):
        send(source_over(always(422, json=refusal("unknown_account"))))


def test_an_order_that_never_arrived_counts_as_cancelled(source_over: SourceOver) -> None:
    source_over(always(404, json=refusal("unknown_order"))).cancel_order("order-1")


def test_an_invoice_that_is_not_made_yet_is_waited_for(source_over: SourceOver) -> None:
    with pytest.raises(TransientError):
        source_over(always(404, json=refusal("no_invoice"))).order_invoice("order-1")


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04", b"JVBERi0xLjQ="])
def test_what_is_no_pdf_is_not_passed_on(source_over: SourceOver, content: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        source_over(always(200, content=content)).invoice_file("invoice-1")


def test_a_pdf_beyond_the_cap_is_refused(source_over: SourceOver) -> None:
    with pytest.raises(UnexpectedAnswer, match="larger"):
        source_over(always(200, content=A_PDF + bytes(32 * 1024 * 1024))).invoice_file("invoice-1")


def test_updates_carry_aware_times_and_the_next_cursor(source_over: SourceOver) -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={"updates": [UPDATE], "cursor": "c/2=", "more": True})

    source = source_over(answer)
    assert source.order_updates("c+1&") == OrderUpdates(
        updates=[
            OrderUpdate(
                id="u1",
                order_key="order-1",
                kind=OrderUpdateKind.SCHEDULED,
                at=datetime(2024, 3, 22, 8, tzinfo=UTC),
                work_date=date(2024, 3, 25),
            )
        ],
        cursor="c/2=",
        more=True,
    )
    assert asked[0].params["after"] == "c+1&"
    assert source.order_updates(None).updates[0].at.utcoffset() == timedelta(hours=2)
    assert "after" not in asked[1].params


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "lost"},
        {"at": "2024-03-22T10:00:00"},
        {"at": "учора"},
        {"work_date": "25.03.2024"},
        {"id": 7},
    ],
)
def test_updates_out_of_shape_stop_the_reading(source_over: SourceOver, changes: dict[str, object]) -> None:
    body = {"updates": [UPDATE | changes], "cursor": "c", "more": False}
    with pytest.raises(UnexpectedAnswer):
        source_over(always(200, json=body)).order_updates(None)


def test_a_refused_cursor_blames_no_order(source_over: SourceOver) -> None:
    with pytest.raises(UnexpectedAnswer, match="bad_cursor"):
        source_over(always(400, json=refusal("bad_cursor"))).order_updates("old")


@pytest.mark.parametrize(
    ("voltage", "written"), [("0.4", "0.4"), ("10", "10"), ("10.000", "10"), ("0.380", "0.38")]
)
def test_the_voltage_is_written_plainly(voltage: str, written: str) -> None:
    order = an_order(voltage_class_kv=Decimal(voltage))
    assert order_body(order, ZoneInfo("Europe/Kyiv"))["voltage_class"] == written


@pytest.mark.parametrize("body", [{"service": "other", "version": 1}, {"service": "ztoe", "version": 2}, {}])
def test_another_service_at_the_address_is_unhealthy(
    make_source: MakeSource, body: dict[str, object]
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=body if request.url.path.endswith("/ping") else {"value": []})

    assert not make_source(URL, transport=httpx.MockTransport(answer)).check().ok


# --- the plugin and its settings ---------------------------------------------------------------------


def test_the_plugin_offers_two_kinds() -> None:
    odata, service = ztoe_billing_1c.billing_sources()
    assert (odata.name, odata.settings) == ("1c-odata", OneCSettings)
    assert (service.name, service.settings) == ("1c-hs", ServiceSettings)
    assert (odata.limits.concurrency, odata.limits.timeout_s) == (2, 60)


def test_without_a_service_it_only_reads(make_source: MakeSource) -> None:
    source = make_source(URL, service_url=None)
    unmapped = {Stream.READINGS_HISTORY, Stream.PAYMENTS}
    assert source.capabilities.streams == frozenset(Stream) - unmapped
    assert not source.capabilities.orders
    assert not source.capabilities.invoice_files
    for ask in CALLS:
        with pytest.raises(ProviderMisconfigured, match="service_url"):
            ask(source)


def test_with_a_service_it_is_a_desk_too(make_source: MakeSource) -> None:
    source = make_source(URL)
    assert source.capabilities.orders
    assert source.capabilities.invoice_files
    assert isinstance(source, InvoiceFiles)
    assert isinstance(source, OrderDesk)


GOOD = {"base_url": "https://1c.example.com/utility/", "username": "odata", "password": "таємниця"}


def test_settings_have_defaults_and_keep_the_password_to_themselves() -> None:
    settings = OneCSettings.model_validate(GOOD)
    assert settings.base_url == "https://1c.example.com/utility"
    assert settings.server_timezone == "Europe/Kyiv"
    assert "таємниця" not in repr(settings)


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "1c.example.com"},
        {"base_url": "https://user:secret@1c.example.com/utility"},
        {"username": ""},
        {"server_timezone": "Europe/Kiev2"},
        {"page_size": 1},
        {"condition_quotes": "single"},
        {"pagesize": 10},
        {"page_bytes": 1000},
        {"session": "on"},
        {"exchange_plan": "Catalog_X"},
        {"exchange_streams": ["statement_lines"]},
        {"names": {"invoices": {"amount": "Сумма"}}},
    ],
)
def test_settings_that_cannot_work_are_refused_without_showing_secrets(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        OneCSettings.model_validate(GOOD | changes)
    assert "secret" not in str(caught.value)
    assert "таємниця" not in str(caught.value)


def test_the_readme_knows_every_setting() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    for model in (OneCSettings, ServiceSettings):
        for key in model.model_fields:
            assert f"`{key}`" in readme, key


def test_the_readme_names_tests_that_there_are() -> None:
    plugin = Path(__file__).parents[1]
    named = set(re.findall(r"`(test_\w+)`", (plugin / "README.md").read_text(encoding="utf-8")))
    folders = (plugin / "tests", plugin.parents[1] / "sandbox" / "tests")
    files = [path.read_text(encoding="utf-8") for folder in folders for path in folder.glob("test_*.py")]
    there = {name for text in files for name in re.findall(r"^ *def (test_\w+)", text, re.MULTILINE)}
    assert len(named) > 40
    assert named - there == set()


def test_a_refusal_repeats_no_sentence_of_the_base(source_over: SourceOver) -> None:
    """Pitfall 22: what a person wrote in 1C may hold what nobody should read in a log."""
    body = {"error": {"code": "unknown_account", "message": "Іваненко І. І., +380501234567"}}
    with pytest.raises(ItemRejected) as caught:
        send(source_over(always(422, json=body)))
    assert str(caught.value) == "1C refuses it: unknown_account"


def test_a_code_that_is_none_is_not_repeated(source_over: SourceOver) -> None:
    with pytest.raises(ItemRejected, match="without a code"):
        send(source_over(always(422, json={"error": {"code": "Немає рахунку Іваненка"}})))
