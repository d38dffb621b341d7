"""The operator's pages, and the same acts as JSON for scripts."""

import datetime as dt
from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from .desk import BadDetails, NotAllowed, perform, suggested_number
from .documents import service_invoice_pdf
from .order_store import Order, OrderStore
from .progress import TITLES, Action, State, allowed
from .service import order_json
from .utility import Utility

# What a browser may show in place; all else is offered for saving.
SHOWN = ("application/pdf", "image/png", "image/jpeg", "image/bmp")
ROLE_TITLES = {
    "certificate": "Свідоцтво платника податків",
    "extract": "Виписка з єдиного державного реєстру",
    "application": "Заява",
    "application_signed": "Заява з електронним підписом",
}
Answer = AnyResponse | str | tuple[AnyResponse | str, int]


def operator_blueprint(utility: Utility, store: OrderStore) -> Blueprint:
    blueprint = Blueprint("operator", __name__, template_folder="templates")
    pages = _Pages(utility, store)
    rules: list[tuple[str, str, Callable[..., Answer]]] = [
        ("GET", "/", pages.list_orders),
        ("GET", "/orders/<order_id>", pages.show_order),
        ("GET", "/orders/<order_id>/files/<role>", pages.show_file),
        ("GET", "/orders/<order_id>/invoice", pages.show_invoice),
        ("POST", "/orders/<order_id>/<action>", pages.act),
        ("GET", "/sandbox/orders", pages.list_orders_json),
        ("GET", "/sandbox/orders/<order_id>", pages.show_order_json),
        ("POST", "/sandbox/orders/<order_id>/<action>", pages.act_json),
    ]
    for method, rule, view in rules:
        blueprint.add_url_rule(rule, view.__name__, view, methods=[method])
    blueprint.register_error_handler(LookupError, _not_found)
    for template_filter in (moment, day, state_title):
        blueprint.add_app_template_filter(template_filter)
    return blueprint


def moment(text: str) -> str:
    """An ISO time as people here write it."""
    return f"{dt.datetime.fromisoformat(text):%d.%m.%Y %H:%M}"


def day(text: str) -> str:
    return f"{dt.date.fromisoformat(text):%d.%m.%Y}"


def state_title(order: Order) -> str:
    """The state in words; the hub has no state of its own for "paid", the operator wants to see it."""
    if order.state is State.INVOICED and order.paid_at:
        return "Оплачено, очікування дати виконання робіт"
    return TITLES[order.state]


def _not_found(_error: LookupError) -> tuple[AnyResponse | str, int]:
    if request.path.startswith("/sandbox/"):
        return jsonify(error={"code": "not_found", "message": "no such order, file or action"}), 404
    return render_template("missing.html"), 404


def _action(text: str) -> Action:
    try:
        return Action(text)
    except ValueError:
        raise LookupError(text) from None


class _Pages:
    def __init__(self, utility: Utility, store: OrderStore) -> None:
        self._utility = utility
        self._store = store

    def _order(self, order_id: str) -> Order:
        order = self._store.order(order_id)
        if order is None:
            raise LookupError(order_id)
        return order

    def list_orders(self) -> Answer:
        return render_template("orders.html", orders=self._store.orders())

    def show_order(self, order_id: str) -> Answer:
        return self._page(self._order(order_id))

    def _page(self, order: Order, problem: str = "") -> str:
        return render_template(
            "order.html",
            order=order,
            actions=[action.value for action in allowed(order.state, paid=bool(order.paid_at))],
            number=suggested_number(order.id),
            files=[(role, ROLE_TITLES[role]) for role in self._store.roles(order.id)],
            problem=problem,
        )

    def act(self, order_id: str, action: str) -> Answer:
        try:
            perform(self._store, order_id, _action(action), request.form)
        except NotAllowed as error:
            return self._page(self._order(order_id), str(error)), 409
        except BadDetails as error:
            return self._page(self._order(order_id), str(error)), 422
        return redirect(url_for("operator.show_order", order_id=order_id), 303)

    def show_file(self, order_id: str, role: str) -> Answer:
        file = self._store.file(order_id, role)
        if file is None:
            raise LookupError(role)
        shown = file.content_type in SHOWN
        place = "inline" if shown else "attachment"
        name = quote(PurePosixPath(file.name.replace("\\", "/")).name)
        headers = {
            "Content-Disposition": f"{place}; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
        }
        content_type = file.content_type if shown else "application/octet-stream"
        return Response(file.content, content_type=content_type, headers=headers)

    def show_invoice(self, order_id: str) -> Answer:
        order = self._order(order_id)
        if not order.invoice_key:
            raise LookupError(order_id)
        return Response(service_invoice_pdf(self._utility, order), content_type="application/pdf")

    def list_orders_json(self) -> Answer:
        return jsonify(orders=[order_json(order) for order in self._store.orders()])

    def show_order_json(self, order_id: str) -> Answer:
        return jsonify(order_json(self._order(order_id)))

    def act_json(self, order_id: str, action: str) -> Answer:
        details = request.get_json(silent=True) if request.get_data() else {}
        if not isinstance(details, dict):
            return jsonify(error={"code": "bad_details", "message": "a JSON object is expected"}), 400
        try:
            order = perform(self._store, order_id, _action(action), details)
        except NotAllowed as error:
            return jsonify(error={"code": "not_allowed", "message": str(error)}), 409
        except BadDetails as error:
            return jsonify(error={"code": "bad_details", "message": str(error)}), 422
        return jsonify(order_json(order))
