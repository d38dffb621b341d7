"""Step 1 of an order: what was entered, and whether it can be accepted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sqlmodel import Session

from .accounts import AccountView, PointView, own_point
from .errors import InvalidInput
from .settings import Settings
from .texts import msg

PHONE = re.compile(r"^\+?[0-9][0-9 ()-]{5,24}$")
MOST_DEVICES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderForm:
    """What the consumer entered. Texts as they came: the hub judges them, not the cabinet."""

    service_code: str
    metering_point_id: str
    voltage_class_kv: str
    device_count: str
    contact_name: str
    contact_phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedForm:
    """A form that can be accepted."""

    service_code: str
    point: PointView
    voltage_class_kv: Decimal
    device_count: int
    contact_name: str
    contact_phone: str


def check_form(session: Session, account: AccountView, form: OrderForm, settings: Settings) -> CheckedForm:
    """The form with its types. Raises InvalidInput that names every wrong field."""
    problems: dict[str, str] = {}
    if settings.service(form.service_code) is None:
        problems["service_code"] = msg("Оберіть послугу.")
    point = own_point(session, account, _number(form.metering_point_id))
    if point is None:
        problems["metering_point_id"] = msg("Оберіть точку обліку.")
    voltage = _decimal(form.voltage_class_kv)
    if form.voltage_class_kv not in settings.orders.voltage_classes_kv or voltage is None:
        problems["voltage_class_kv"] = msg("Оберіть клас напруги.")
    count = _number(form.device_count)
    if not 1 <= count <= MOST_DEVICES:
        problems["device_count"] = msg("Введіть кількість обладнання: число від 1 до 100.")
    name = " ".join(form.contact_name.split())
    if not 2 <= len(name) <= 120 or not name.isprintable():
        problems["contact_name"] = msg("Введіть ім'я контактної особи (від 2 до 120 знаків).")
    phone = form.contact_phone.strip()
    if not PHONE.match(phone):
        problems["contact_phone"] = msg("Введіть номер телефону, наприклад +380 41 240 00 00.")
    if problems or point is None or voltage is None:
        raise InvalidInput(problems)
    return CheckedForm(
        service_code=form.service_code,
        point=point,
        voltage_class_kv=voltage,
        device_count=count,
        contact_name=name,
        contact_phone=phone,
    )


def _number(text: str) -> int:
    """ASCII digits as a number, anything else as -1."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
