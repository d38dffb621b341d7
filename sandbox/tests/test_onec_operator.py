"""The operator's pages of the 1C base, and the same acts as JSON."""

import hashlib
import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ztoe_sandbox.onec.app import create_app
from ztoe_sandbox.onec.codes import key_of
from ztoe_sandbox.onec.progress import TITLES, TRANSITIONS, Action, State, next_state
from ztoe_sandbox.serving import Server

FILE = b"%PDF-1.7 test"
DETAILS: dict[str, dict[str, str]] = {
    "register": {"registration_number": "876-SA"},
    "invoice": {"amount": "1250,00"},
    "pay": {},
    "schedule": {"work_date": "2024-03-22"},
    "reschedule": {"work_date": "2024-03-25"},
    "complete": {},
    "refuse": {"reason": "Немає доступу"},
}


class RecordingFaults:
    """Stands in for the CLI's faults: only remembers that it was asked."""

    def __init__(self) -> None:
        self.apps: list[object] = []

    def install(self, app: object) -> None:
        self.apps.append(app)


@pytest.fixture
def base() -> Iterator[httpx.Client]:
    server = Server(create_app(consumers=0, state_path=None, faults=None), 0)
    server.start()
    with httpx.Client(base_url=server.url) as client:
        yield client
    server.stop()


@pytest.fixture
def order_id(base: httpx.Client) -> str:
    return new_order(base, "order-1")


def new_order(
    base: httpx.Client, order_id: str, content_type: str = "application/pdf", **changes: Any
) -> str:
    root = f"/utility/hs/ztoe/v1/orders/{order_id}"
    digest = hashlib.sha256(FILE).hexdigest()
    headers = {"X-Content-SHA256": digest, "X-File-Name": "zayava.pdf", "Content-Type": content_type}
    sent = base.put(f"{root}/files/application", content=FILE, headers=headers, auth=("odata", "demo"))
    assert sent.status_code == 204
    body = {
        "service_code": "replace",
        "service_name": "Заміна лічильника",
        "account_number": "186",
        "consumer_code": "125000186",
        "metering_point_key": key_of("point", "manual-8"),
        "eic": "62Z2852626161648",
        "voltage_class": "10",
        "device_count": 2,
        "contact_name": "Контактна особа",
        "contact_phone": "+380410000015",
        "ordered_at": "2024-03-07T10:00:00+02:00",
        "files": [{"role": "application", "name": "zayava.pdf", "sha256": digest, "size": len(FILE)}],
    }
    assert base.put(root, json={**body, **changes}, auth=("odata", "demo")).status_code == 201
    return order_id


def act(base: httpx.Client, order_id: str, action: str) -> httpx.Response:
    return base.post(f"/sandbox/orders/{order_id}/{action}", json=DETAILS[action])


def click(base: httpx.Client, order_id: str, action: str, **details: str) -> httpx.Response:
    return base.post(f"/orders/{order_id}/{action}", data=details or DETAILS[action])


def test_the_list_says_that_there_is_nothing_yet(base: httpx.Client) -> None:
    page = base.get("/")
    assert page.status_code == 200
    assert "Замовлень ще немає" in page.text
    assert '<html lang="uk">' in page.text


def test_the_pages_show_an_order_and_its_files(base: httpx.Client, order_id: str) -> None:
    assert "Заміна лічильника" in base.get("/").text
    page = base.get(f"/orders/{order_id}").text
    for part in ("Прийнято", "62Z2852626161648", "10 кВ", "Заява", "Зареєструвати", "Відмовити"):
        assert part in page
    assert "Позначити оплаченим" not in page
    file = base.get(f"/orders/{order_id}/files/application")
    assert file.content == FILE
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Disposition"].startswith("inline")


def test_a_file_that_a_browser_might_run_is_only_saved(base: httpx.Client) -> None:
    new_order(base, "order-2", content_type="text/html")
    file = base.get("/orders/order-2/files/application")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.headers["Content-Type"] == "application/octet-stream"


def test_what_a_consumer_wrote_is_shown_as_text(base: httpx.Client) -> None:
    new_order(base, "order-3", service_name="<script>alert(1)</script>")
    for page in ("/", "/orders/order-3"):
        assert "<script>" not in base.get(page).text


def test_an_operator_takes_an_order_to_its_end_by_clicking(base: httpx.Client, order_id: str) -> None:
    for action in ("register", "invoice", "pay", "schedule", "reschedule", "complete"):
        response = click(base, order_id, action)
        assert response.status_code == 303, response.text
    page = base.get(f"/orders/{order_id}").text
    for part in ("Виконано", "876-SA", "1250,00 грн", "25.03.2024", "дій більше немає"):
        assert part in page
    assert base.get(f"/orders/{order_id}/invoice").content.startswith(b"%PDF-")


def test_a_number_like_876_sa_is_suggested(base: httpx.Client, order_id: str) -> None:
    response = base.post(f"/sandbox/orders/{order_id}/register")
    number = response.json()["registration_number"]
    assert number[:3].isdigit()
    assert number[3:] == "-SA"


@pytest.mark.parametrize(
    ("before", "action", "details"),
    [
        ([], "register", {"registration_number": " "}),
        ([], "refuse", {"reason": ""}),
        (["register"], "invoice", {"amount": "багато"}),
        (["register"], "invoice", {"amount": "0"}),
        (["register", "invoice", "pay"], "schedule", {"work_date": "завтра"}),
    ],
)
def test_bad_details_are_explained_on_the_page_and_change_nothing(
    base: httpx.Client, order_id: str, before: list[str], action: str, details: dict[str, str]
) -> None:
    for step in before:
        assert act(base, order_id, step).status_code == 200
    earlier = base.get(f"/sandbox/orders/{order_id}").json()
    page = click(base, order_id, action, **details)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert base.post(f"/sandbox/orders/{order_id}/{action}", json=details).status_code == 422
    assert base.get(f"/sandbox/orders/{order_id}").json() == earlier


def test_work_is_planned_only_when_it_is_paid_for(base: httpx.Client, order_id: str) -> None:
    act(base, order_id, "register")
    act(base, order_id, "invoice")
    assert act(base, order_id, "schedule").status_code == 409
    assert click(base, order_id, "schedule").status_code == 409
    assert act(base, order_id, "pay").status_code == 200
    assert act(base, order_id, "pay").status_code == 409
    assert act(base, order_id, "schedule").json()["state"] == "scheduled"


@pytest.mark.parametrize(("state", "action"), [*itertools.product(State, Action)])
def test_only_the_listed_moves_are_allowed(state: State, action: Action) -> None:
    moves = {paid: next_state(state, action, paid=paid) for paid in (False, True)}
    listed = TRANSITIONS.get((state, action))
    if action is Action.PAY:
        assert moves == {False: listed, True: None}
    elif action is Action.SCHEDULE:
        assert moves == {False: None, True: listed}
    else:
        assert moves == {False: listed, True: listed}


def test_every_state_has_a_ukrainian_name() -> None:
    assert set(TITLES) == set(State)


def test_scripts_see_the_same_orders(base: httpx.Client, order_id: str) -> None:
    [order] = base.get("/sandbox/orders").json()["orders"]
    assert order["order_id"] == order_id
    assert order == base.get(f"/sandbox/orders/{order_id}").json()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/orders/none"),
        ("GET", "/orders/order-1/files/photo"),
        ("GET", "/orders/order-1/invoice"),
        ("POST", "/orders/order-1/burn"),
        ("GET", "/sandbox/orders/none"),
        ("POST", "/sandbox/orders/none/pay"),
    ],
)
def test_what_is_not_there_is_404(base: httpx.Client, order_id: str, method: str, path: str) -> None:
    assert base.request(method, path).status_code == 404


def test_a_script_that_sends_no_object_is_told(base: httpx.Client, order_id: str) -> None:
    assert base.post(f"/sandbox/orders/{order_id}/pay", json=[1]).status_code == 400


def test_faults_are_installed_into_the_finished_application() -> None:
    faults = RecordingFaults()
    app = create_app(consumers=0, state_path=None, faults=faults)
    assert faults.apps == [app]
