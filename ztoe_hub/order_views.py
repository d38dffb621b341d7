"""Service orders as their owner sees them: the list of the manual's chapter 8 and one order's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from .documents import Documents, DocumentView
from .files import FileView, files_of, files_of_many
from .settings import Settings
from .storage.states import DocumentState, OrderState
from .storage.tables import Account, AuditLine, District, MeteringPoint, ServiceOrder
from .texts import ORDER_STATES
from .values import Title

KYIV = ZoneInfo("Europe/Kyiv")
YEARS = range(1900, 9999)  # that both databases and Python can reckon with
OWNER = "order"
CERTIFICATE, EXTRACT, INVOICE = "certificate", "extract", "invoice"
APPLICATION = "application"
UPLOADED = (CERTIFICATE, EXTRACT)
FINAL = (OrderState.COMPLETED, OrderState.DELETED, OrderState.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A row of the list «Замовлені послуги». `state_text` is a msgid, `files` are the roles that can be opened."""

    id: int
    created_at: datetime
    service: Title
    registration_number: str | None
    district_name: str
    consumer_code: str
    eic: str | None
    address: str | None
    meter_number: str | None
    voltage_class_kv: Decimal | None
    device_count: int
    state: OrderState
    state_text: str
    files: frozenset[str]
    work_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStep:
    """One line of an order's history. `state_text` is a msgid."""

    at: datetime
    state: OrderState
    state_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView(OrderLine):
    """One order's page."""

    metering_point_id: int
    point_name: str
    contact_name: str
    contact_phone: str
    service_code: str
    paid_at: datetime | None
    refusal_reason: str | None
    return_reason: str | None
    named_files: Mapping[str, FileView]
    document: DocumentView | None
    history: Sequence[OrderStep]
    can_edit: bool
    can_submit: bool
    can_delete: bool


def order_lines(session: Session, settings: Settings, account_id: int, year: int) -> list[OrderLine]:
    """The account's orders of one year (Kyiv time), newest first, in two queries."""
    if not YEARS.start <= year < YEARS.stop:
        return []
    start = datetime(year, 1, 1, tzinfo=KYIV)
    rows = session.execute(
        _joined()
        .where(
            col(ServiceOrder.account_id) == account_id,
            col(ServiceOrder.created_at) >= start,
            col(ServiceOrder.created_at) < start.replace(year=year + 1),
        )
        .order_by(col(ServiceOrder.id).desc())
    ).all()
    files = files_of_many(session, OWNER, [row[0].id or 0 for row in rows])
    return [OrderLine(**_facts(row, settings, frozenset(files[row[0].id or 0]))) for row in rows]


def order_years(session: Session, account_id: int) -> list[int]:
    """The years (Kyiv time) in which the account has orders, newest first."""
    times = session.exec(select(ServiceOrder.created_at).where(ServiceOrder.account_id == account_id))
    return sorted({time.astimezone(KYIV).year for time in times}, reverse=True)


def order_view(session: Session, settings: Settings, documents: Documents, order_id: int) -> OrderView:
    """One order, whole."""
    row = session.execute(_joined().where(col(ServiceOrder.id) == order_id)).one()
    order: ServiceOrder = row[0]
    point: MeteringPoint = row[2]
    files = files_of(session, OWNER, order_id)
    collecting = order.state is OrderState.COLLECTING
    document = documents.of_subject(session, APPLICATION, order_id)
    return OrderView(
        **_facts(row, settings, frozenset(files)),
        metering_point_id=order.metering_point_id,
        point_name=point.name,
        contact_name=order.contact_name,
        contact_phone=order.contact_phone,
        service_code=order.service_code,
        paid_at=order.paid_at,
        refusal_reason=order.refusal_reason,
        return_reason=_return_reason(document) if collecting else None,
        named_files=files,
        document=document,
        history=_history(session, order),
        can_edit=collecting,
        can_submit=collecting and all(role in files for role in UPLOADED),
        can_delete=order.state not in (*FINAL, OrderState.SCHEDULED) and order.paid_at is None,
    )


def _joined() -> sa.Select[ServiceOrder, Account, MeteringPoint, District]:
    return (
        sa.select(ServiceOrder, Account, MeteringPoint, District)
        .join(Account, col(Account.id) == ServiceOrder.account_id)
        .join(MeteringPoint, col(MeteringPoint.id) == ServiceOrder.metering_point_id)
        .join(
            District,
            sa.and_(col(District.source) == Account.source, col(District.key) == Account.district_key),
        )
    )


def _facts(
    row: sa.Row[ServiceOrder, Account, MeteringPoint, District], settings: Settings, files: frozenset[str]
) -> dict[str, Any]:
    order, account, point, district = row
    service = settings.service(order.service_code)
    return {
        "id": order.id,
        "created_at": order.created_at,
        "service": Title(service.title.uk, service.title.en)
        if service
        else Title(order.service_code, order.service_code),
        "registration_number": order.registration_number,
        "district_name": district.name,
        "consumer_code": account.consumer_code,
        "eic": point.eic,
        "address": point.address,
        "meter_number": point.meter_number,
        "voltage_class_kv": order.voltage_class_kv,
        "device_count": order.device_count,
        "state": order.state,
        "state_text": ORDER_STATES[order.state],
        "files": files,
        "work_date": order.work_date,
    }


def _return_reason(document: DocumentView | None) -> str | None:
    """Why a submitted order came back to be sent anew, as a msgid: the end that its document came to."""
    ended = (DocumentState.DECLINED, DocumentState.EXPIRED, DocumentState.RECALLED, DocumentState.FAILED)
    return document.state_text if document and document.state in ended else None


def _history(session: Session, order: ServiceOrder) -> list[OrderStep]:
    """The order's moves, from the audit; a move that kept the state (paid, rescheduled) is not a step."""
    steps = [
        OrderStep(
            at=order.created_at, state=OrderState.COLLECTING, state_text=ORDER_STATES[OrderState.COLLECTING]
        )
    ]
    lines = session.exec(
        select(AuditLine).where(AuditLine.subject == f"service_order:{order.id}").order_by(col(AuditLine.id))
    )
    for line in lines:
        word = (line.after or "").partition(" ")[0]
        if line.before in set(OrderState) and word in set(OrderState) and word != line.before:
            state = OrderState(word)
            steps.append(OrderStep(at=line.at, state=state, state_text=ORDER_STATES[state]))
    return steps
