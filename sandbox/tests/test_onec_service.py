"""The HTTP service of the 1C base: idempotent orders and files, news with cursors, invoices as PDF."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pypdf
import pytest

from ztoe_sandbox.onec.app import create_app
from ztoe_sandbox.onec.codes import key_of
from ztoe_sandbox.serving import Server

USER = ("Адміністратор", "demo")
SERVICE = "/utility/hs/ztoe/v1/"
FILE = "Свідоцтво платника".encode() * 100


@pytest.fixture
def base() -> Iterator[httpx.Client]:
    server = Server(create_app(consumers=6, state_path=None, faults=None), 0)
    server.start()
    with httpx.Client(base_url=server.url + SERVICE, auth=USER) as client:
        yield client
    server.stop()


def file_headers(content: bytes, name: str = "Свідоцтво № 1.pdf") -> dict[str, str]:
    return {
        "Content-Type": "application/pdf",
        "X-Content-SHA256": hashlib.sha256(content).hexdigest(),
        "X-File-Name": quote(name),
    }


def order_body(**changes: Any) -> dict[str, Any]:
    body = {
        "service_code": "meter-check",
        "service_name": "Експертиза лічильника",
        "account_number": "186",
        "consumer_code": "125000186",
        "metering_point_key": key_of("point", "manual-7"),
        "eic": "62Z8102184873135",
        "voltage_class": "0.4",
        "device_count": 1,
        "contact_name": "Контактна особа",
        "contact_phone": "+380410000015",
        "ordered_at": "2024-03-18T13:18:00+02:00",
        "files": [
            {
                "role": "certificate",
                "name": "Свідоцтво № 1.pdf",
                "sha256": hashlib.sha256(FILE).hexdigest(),
                "size": len(FILE),
            }
        ],
    }
    return {**body, **changes}


def upload(base: httpx.Client, order_id: str = "o-1") -> None:
    response = base.put(f"orders/{order_id}/files/certificate", content=FILE, headers=file_headers(FILE))
    assert response.status_code == 204, response.text


def act(base: httpx.Client, order_id: str, action: str, **details: str) -> httpx.Response:
    root = str(base.base_url).partition("/utility")[0]
    return httpx.post(f"{root}/sandbox/orders/{order_id}/{action}", json=details)


def code(response: httpx.Response) -> tuple[int, str]:
    error = response.json()["error"]
    assert set(error) == {"code", "message"}
    return response.status_code, error["code"]


def text_of(pdf: bytes) -> str:
    with pypdf.PdfReader(io.BytesIO(pdf)) as reader:
        return "\n".join(page.extract_text() for page in reader.pages).replace("\u00a0", " ")


def test_ping_names_the_service(base: httpx.Client) -> None:
    assert base.get("ping").json() == {"service": "ztoe", "version": 1}


def test_an_address_without_anything_is_a_json_404(base: httpx.Client) -> None:
    assert code(base.get("nothing/here")) == (404, "not_found")


# -- invoices


def test_an_invoice_is_a_real_pdf_with_its_figures(base: httpx.Client) -> None:
    key = key_of("invoice", "manual-1563")
    response = base.get(f"invoices/{key}/file")
    assert response.headers["Content-Type"] == "application/pdf"
    text = text_of(response.content)
    for part in ("Рахунок № 1563 від 03.03.2018", "01.2018", "3 535,56", "589,26", "12500015", "125000632"):
        assert part in text
    assert "Тестовий споживач" in text
    assert base.get(f"invoices/{key}/file").content == response.content


def test_an_unknown_invoice_is_a_json_404(base: httpx.Client) -> None:
    assert code(base.get(f"invoices/{key_of('invoice', 'none')}/file")) == (404, "unknown_invoice")


# -- files


def test_a_file_may_be_sent_again_but_not_replaced(base: httpx.Client) -> None:
    upload(base)
    upload(base)
    other = base.put("orders/o-1/files/certificate", content=b"other", headers=file_headers(b"other"))
    assert code(other) == (409, "different_file")


@pytest.mark.parametrize(
    ("path", "changes", "answer"),
    [
        ("orders/o-1/files/photo", {}, "bad_role"),
        ("orders/o_1/files/extract", {}, "bad_order_id"),
        ("orders/o-1/files/extract", {"X-Content-SHA256": "0" * 64}, "checksum_mismatch"),
        ("orders/o-1/files/extract", {"X-Content-SHA256": ""}, "bad_checksum"),
        ("orders/o-1/files/extract", {"X-File-Name": ""}, "bad_file_name"),
        ("orders/o-1/files/extract", {"X-File-Name": "%FF%FE"}, "bad_file_name"),
    ],
)
def test_a_file_that_breaks_the_contract_is_refused(
    base: httpx.Client, path: str, changes: dict[str, str], answer: str
) -> None:
    response = base.put(path, content=FILE, headers={**file_headers(FILE), **changes})
    assert code(response) == (400, answer)


# -- orders


def test_an_order_is_created_once(base: httpx.Client) -> None:
    upload(base)
    created = base.put("orders/o-1", json=order_body())
    assert created.status_code == 201
    assert base.put("orders/o-1", json=order_body()).status_code == 200
    assert code(base.put("orders/o-1", json=order_body(device_count=2))) == (409, "different_order")
    stored = base.get("orders/o-1").json()
    assert stored == created.json()
    assert stored["state"] == "accepted"
    assert stored["order"] == order_body()
    assert stored["received_at"][-6:] in ("+02:00", "+03:00")


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"files": [{"role": "extract", "name": "а.pdf", "sha256": "0" * 64, "size": 1}]}, "missing_file"),
        ({"account_number": "999"}, "unknown_account"),
        ({"consumer_code": "125000632"}, "unknown_account"),
        ({"metering_point_key": key_of("point", "manual-1")}, "unknown_metering_point"),
        ({"eic": "62Z0000000000000"}, "unknown_metering_point"),
        ({"eic": None}, "unknown_metering_point"),  # this point has one
    ],
)
def test_an_order_about_unknown_things_is_422(
    base: httpx.Client, changes: dict[str, Any], answer: str
) -> None:
    upload(base)
    assert code(base.put("orders/o-1", json=order_body(**changes))) == (422, answer)


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "red"},
        {"device_count": "1"},
        {"device_count": True},
        {"device_count": 0},
        {"voltage_class": 0.4},
        {"voltage_class": "0,4"},
        {"service_name": ""},
        {"eic": ""},
        {"metering_point_key": "7"},
        {"ordered_at": "2024-03-18T13:18:00"},
        {"ordered_at": "yesterday"},
        {"files": {}},
        {"files": [{"role": "certificate"}]},
        {"files": order_body()["files"] * 2},
    ],
)
def test_an_order_of_another_shape_is_400(base: httpx.Client, changes: dict[str, Any]) -> None:
    assert code(base.put("orders/o-1", json=order_body(**changes))) == (400, "bad_order")


def test_a_body_that_is_no_json_is_400(base: httpx.Client) -> None:
    assert code(base.put("orders/o-1", content="\u0456".encode("cp1251"))) == (400, "bad_order")


def test_an_unknown_order_is_404(base: httpx.Client) -> None:
    for response in (base.get("orders/o-9"), base.delete("orders/o-9"), base.get("orders/o-9/invoice")):
        assert code(response) == (404, "unknown_order")


def ordered(base: httpx.Client, order_id: str = "o-1") -> None:
    upload(base, order_id)
    assert base.put(f"orders/{order_id}", json=order_body()).status_code == 201


def test_an_order_may_be_cancelled_again_and_again_until_it_is_paid(base: httpx.Client) -> None:
    ordered(base)
    assert [base.delete("orders/o-1").status_code for _ in range(2)] == [204, 204]
    assert base.get("orders/o-1").json()["state"] == "cancelled"
    ordered(base, "o-2")
    for action, details in (("register", {}), ("invoice", {"amount": "10.00"}), ("pay", {})):
        assert act(base, "o-2", action, **details).status_code == 200
    assert code(base.delete("orders/o-2")) == (409, "already_paid")


# -- news


def updates(base: httpx.Client, after: str = "", limit: int = 100) -> dict[str, Any]:
    response = base.get("order-updates", params={"after": after, "limit": limit})
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_news_come_in_order_and_a_cursor_can_be_read_again(base: httpx.Client) -> None:
    start = updates(base)
    assert (start["updates"], start["more"]) == ([], False)
    ordered(base)
    act(base, "o-1", "register", registration_number="876-SA")
    act(base, "o-1", "invoice", amount="1250.5")
    act(base, "o-1", "pay")
    act(base, "o-1", "schedule", work_date="2024-03-22")
    first = updates(base, start["cursor"], limit=2)
    assert [update["event"] for update in first["updates"]] == ["registered", "invoiced"]
    assert first["more"] is True
    assert first["updates"][0]["registration_number"] == "876-SA"
    rest = updates(base, first["cursor"])
    assert [update["event"] for update in rest["updates"]] == ["paid", "scheduled"]
    assert rest["updates"][1]["work_date"] == "2024-03-22"
    assert rest["more"] is False
    assert updates(base, first["cursor"]) == rest
    assert updates(base, rest["cursor"])["cursor"] == rest["cursor"]
    assert len({update["id"] for update in updates(base)["updates"]}) == 4


def test_a_refusal_carries_its_reason(base: httpx.Client) -> None:
    ordered(base)
    act(base, "o-1", "refuse", reason="Немає доступу до лічильника")
    [update] = updates(base)["updates"]
    assert (update["event"], update["reason"]) == ("refused", "Немає доступу до лічильника")


@pytest.mark.parametrize("query", ["after=???", "after=abc", "limit=0", "limit=501", "limit=ten"])
def test_a_bad_cursor_or_limit_is_400(base: httpx.Client, query: str) -> None:
    assert base.get(f"order-updates?{query}").status_code == 400


def test_the_cursor_of_another_base_starts_from_the_beginning(base: httpx.Client) -> None:
    ordered(base)
    act(base, "o-1", "register")
    other = Server(create_app(consumers=0, state_path=None, faults=None), 0)
    other.start()
    try:
        with httpx.Client(base_url=other.url + SERVICE, auth=USER) as client:
            strange = updates(client)["cursor"]
    finally:
        other.stop()
    assert len(updates(base, strange)["updates"]) == 1


def test_the_invoice_of_a_service_is_a_pdf_under_both_addresses(base: httpx.Client) -> None:
    ordered(base)
    assert code(base.get("orders/o-1/invoice")) == (404, "no_invoice")
    act(base, "o-1", "register", registration_number="876-SA")
    act(base, "o-1", "invoice", amount="1250,50")
    response = base.get("orders/o-1/invoice")
    text = text_of(response.content)
    for part in ("876-SA", "Експертиза лічильника", "1 250,50", "208,42"):
        assert part in text
    key = base.get("orders/o-1").json()["invoice_key"]
    assert base.get(f"invoices/{key}/file").content == response.content


def test_a_state_file_survives_a_restart(tmp_path: Path) -> None:
    cursors = []
    for _ in range(2):
        app = create_app(consumers=0, state_path=tmp_path / "state.sqlite", faults=None)
        server = Server(app, 0)
        server.start()
        with httpx.Client(base_url=server.url + SERVICE, auth=USER) as client:
            upload(client)
            client.put("orders/o-1", json=order_body())
            act(client, "o-1", "register")
            assert client.get("orders/o-1").json()["state"] == "registered"
            cursors.append(updates(client)["cursor"])
        server.stop()
        app.extensions["onec"].close()
    assert cursors[0] == cursors[1]
