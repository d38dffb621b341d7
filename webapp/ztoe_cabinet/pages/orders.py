"""Послуги комерційного обліку: the list, an order's page, its files, and taking it back."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ..context import the_hub, the_user
from ..downloads import file_answer
from ..formatting import KYIV
from ..texts import _, _l

pages = Blueprint("orders", __name__, url_prefix="/accounts/<int:account_id>/orders")

FILES = {
    "certificate": _l("Свідоцтво платника податків"),
    "extract": _l("Виписка з єдиного державного реєстру"),
    "application": _l("Заява"),
    "invoice": _l("Рахунок"),
}
SHORT_FILES = {**FILES, "certificate": _l("Свідоцтво"), "extract": _l("Виписка")}
MADE_BY_UTILITY = ("application", "invoice")

#: The way of an order that meets no trouble, in the core's words.
PATH = {
    "collecting": "Збір даних",
    "awaiting_signature": "Очікування підпису заяви",
    "accepted": "Прийнято",
    "registered": "Зареєстровано",
    "invoiced": "Сформовано рахунок, очікування оплати",
    "scheduled": "Сплановано дату виконання робіт",
    "completed": "Виконано",
}
NEXT = {
    "collecting": _l(
        "Замовлення ще не надіслано. Перевірте дані, завантажте файли та надішліть заяву на підпис."
    ),
    "awaiting_signature": _l(
        "Підпишіть заяву електронним підписом у сервісі документообігу. Тільки після цього замовлення набуде статусу «Прийнято»."
    ),
    "accepted": _l(
        "Замовлення направлено до працівника РЕМ. Після перегляду документів заяву буде зареєстровано."
    ),
    "registered": _l(
        "Працівники РЕМ розраховують вартість послуги. Файл рахунку буде завантажено в кабінет."
    ),
    "invoiced": _l("Сплатіть рахунок. Після надходження оплати буде сплановано дату виконання робіт."),
    "scheduled": _l("Дату виконання робіт сплановано. Забезпечте доступ до точки обліку."),
    "completed": _l("Роботи виконано. Більше нічого робити не потрібно."),
    "deleted": _l("Замовлення видалено. За потреби створіть нове."),
    "refused": _l("У виконанні замовлення відмовлено. За потреби створіть нове."),
}
PAID = _l("Оплату одержано. Працівник РЕМ спланує дату виконання робіт.")
TONES = {
    "collecting": "plain",
    "awaiting_signature": "warm",
    "invoiced": "warm",
    "completed": "good",
    "deleted": "faint",
    "refused": "bad",
}


@pages.get("", endpoint="listing")
def show_orders(account_id: int) -> str:
    """The orders of a year: the asked one, or this one."""
    hub, user = the_hub(), the_user()
    this_year = datetime.now(UTC).astimezone(KYIV).year
    years = sorted({this_year, *hub.orders.years(user, account_id)}, reverse=True)
    asked = request.args.get("year", type=int)
    year = asked if asked in years else years[0]
    orders = hub.orders.of_year(user, account_id, year)
    return render_template(
        "orders/list.html", orders=orders, years=years, year=year, files=SHORT_FILES, tones=TONES
    )


@pages.get("/<int:order_id>", endpoint="page")
def show_order(account_id: int, order_id: int) -> str:
    """One order: where it is, what happens next, its files."""
    order = the_hub().orders.get(the_user(), account_id, order_id)
    next_text = PAID if order.state == "invoiced" and order.paid_at else NEXT.get(order.state.value, "")
    return render_template(
        "orders/order.html", order=order, next=next_text, ahead=_ahead(order), files=FILES, tones=TONES
    )


@pages.get("/<int:order_id>/files/<role>", endpoint="file")
def show_file(account_id: int, order_id: int, role: str) -> Response:
    """One of its files. What somebody uploaded is only ever saved, never opened here."""
    file = the_hub().orders.file(the_user(), account_id, order_id, role)
    return file_answer(file.name, file.media_type, file.content, inline=role in MADE_BY_UTILITY)


@pages.get("/<int:order_id>/delete", endpoint="delete")
def confirm_delete(account_id: int, order_id: int) -> str | AnyResponse:
    """Ask once more."""
    order = the_hub().orders.get(the_user(), account_id, order_id)
    if not order.can_delete:
        flash(_("Це замовлення видалити вже не можна."), "problem")
        return redirect(url_for("orders.page", account_id=account_id, order_id=order_id))
    return render_template("orders/delete.html", order=order)


@pages.post("/<int:order_id>/delete", endpoint="remove")
def delete(account_id: int, order_id: int) -> AnyResponse:
    """Take it back. Raises WrongMoment once it is paid."""
    the_hub().orders.delete(the_user(), account_id, order_id)
    flash(_("Замовлення № %(number)s видалено.", number=order_id))
    return redirect(url_for("orders.listing", account_id=account_id))


def _ahead(order: Any) -> list[str]:
    """The states that are still to come; none once the order has ended otherwise."""
    if order.state.value not in PATH:
        return []
    backwards = takewhile(lambda state: state != order.state.value, reversed(PATH))
    return [PATH[state] for state in reversed(list(backwards))]
