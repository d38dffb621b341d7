"""The three steps of an order: details, files, and the check before the application goes to be signed."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from ztoe_hub.errors import InvalidInput
from ztoe_hub.hub import OrderForm

from ..context import say, the_account, the_hub, the_user
from ..texts import _
from .orders import FILES, pages

FIELDS = tuple(OrderForm.__dataclass_fields__)
UPLOADED = ("certificate", "extract")


@pages.get("/new", endpoint="new")
def show_new(account_id: int) -> Response:
    """Step 1, with what is known already filled in."""
    points = the_hub().accounts.metering_points(the_user(), account_id)
    only_point = str(points[0].id) if len(points) == 1 else ""
    known = {
        "metering_point_id": only_point,
        "device_count": "1",
        "contact_phone": the_account().consumer_phone or "",
    }
    return _details(account_id, None, known)


@pages.post("/new", endpoint="start")
def start(account_id: int) -> Response:
    """Step 1 done: an order that collects."""
    try:
        order_id = the_hub().orders.start(the_user(), account_id, _entered())
    except InvalidInput as error:
        return _details(account_id, None, request.form, error)
    return _to("files", account_id, order_id)


@pages.get("/<int:order_id>/edit", endpoint="edit")
def show_edit(account_id: int, order_id: int) -> Response:
    """Step 1 again."""
    order = the_hub().orders.get(the_user(), account_id, order_id)
    if not order.can_edit:
        return _too_late(account_id, order_id)
    voltage = order.voltage_class_kv
    known = {
        "service_code": order.service_code,
        "metering_point_id": str(order.metering_point_id),
        "voltage_class_kv": f"{voltage.normalize():f}" if voltage is not None else "",
        "device_count": str(order.device_count),
        "contact_name": order.contact_name,
        "contact_phone": order.contact_phone,
    }
    return _details(account_id, order_id, known)


@pages.post("/<int:order_id>/edit", endpoint="change")
def change(account_id: int, order_id: int) -> Response:
    """Step 1 done again."""
    try:
        the_hub().orders.change(the_user(), account_id, order_id, _entered())
    except InvalidInput as error:
        return _details(account_id, order_id, request.form, error)
    return _to("files", account_id, order_id)


@pages.get("/<int:order_id>/files", endpoint="files")
def show_files(account_id: int, order_id: int) -> Response:
    """Step 2."""
    order = the_hub().orders.get(the_user(), account_id, order_id)
    return _files(order, {}) if order.can_edit else _too_late(account_id, order_id)


@pages.post("/<int:order_id>/files", endpoint="attach")
def attach(account_id: int, order_id: int) -> Response:
    """Keep every file that is good, and say of each other one what is wrong with it."""
    hub, user = the_hub(), the_user()
    problems: dict[str, str] = {}
    for role in UPLOADED:
        file = request.files.get(role)
        if file is not None and file.filename:
            problems |= _attach(account_id, order_id, role, file)
    order = hub.orders.get(user, account_id, order_id)
    for role in UPLOADED:
        if role not in order.files and role not in problems:
            problems[role] = _("Оберіть файл для завантаження.")
    if problems:
        return _files(order, problems, 422)
    return _to("submit", account_id, order_id)


@pages.get("/<int:order_id>/submit", endpoint="submit")
def show_check(account_id: int, order_id: int) -> Response:
    """Step 3: everything on one page, before it goes out."""
    order = the_hub().orders.get(the_user(), account_id, order_id)
    if not order.can_edit:
        return _too_late(account_id, order_id)
    if not order.can_submit:
        flash(_("Спочатку завантажте обидва файли (крок 2)."), "problem")
        return _to("files", account_id, order_id)
    return make_response(render_template("orders/check.html", order=order, files=FILES))


@pages.post("/<int:order_id>/submit", endpoint="send")
def submit(account_id: int, order_id: int) -> Response:
    """Send the application to be signed. Raises WrongMoment before steps 1 and 2, and the second time."""
    the_hub().orders.submit(the_user(), account_id, order_id)
    flash(_("Замовлення № %(number)s надіслано. Підпишіть заяву в сервісі документообігу.", number=order_id))
    return _to("page", account_id, order_id)


def _entered() -> OrderForm:
    return OrderForm(**{name: request.form.get(name, "") for name in FIELDS})


def _attach(account_id: int, order_id: int, role: str, file: FileStorage) -> dict[str, str]:
    """What is wrong with the file, by its role; nothing when it is kept."""
    try:
        the_hub().orders.attach(the_user(), account_id, order_id, role, file.filename or "", file.read())
    except InvalidInput as error:
        return {name: say(text) for name, text in error.problems.items()}
    return {}


def _details(
    account_id: int, order_id: int | None, known: Any, error: InvalidInput | None = None
) -> Response:
    hub = the_hub()
    page = render_template(
        "orders/details.html",
        order_id=order_id,
        entered={name: known.get(name, "") for name in FIELDS},
        errors={name: say(text) for name, text in error.problems.items()} if error else {},
        services=hub.orders.services(),
        points=hub.accounts.metering_points(the_user(), account_id),
        voltages=hub.orders.voltage_classes_kv(),
    )
    return make_response(page, 422 if error else 200)


def _files(order: Any, errors: dict[str, str], status: int = 200) -> Response:
    page = render_template(
        "orders/files.html", order=order, errors=errors, files={role: FILES[role] for role in UPLOADED}
    )
    return make_response(page, status)


def _too_late(account_id: int, order_id: int) -> Response:
    flash(_("Замовлення вже надіслано, змінити його не можна."), "problem")
    return _to("page", account_id, order_id)


def _to(endpoint: str, account_id: int, order_id: int) -> Response:
    return redirect(url_for(f"orders.{endpoint}", account_id=account_id, order_id=order_id))
