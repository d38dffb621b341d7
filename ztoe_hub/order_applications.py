"""What the application of an order says, taken from the order, its account and its point."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlmodel import Session

from .accounts import AccountView
from .applications import Application, in_words
from .errors import WrongMoment
from .files import files_of
from .order_views import KYIV, OWNER, UPLOADED
from .settings import Settings
from .storage.tables import MeteringPoint, ServiceOrder
from .texts import msg, say
from .users import User

FILE_TITLES = {
    "certificate": msg("Свідоцтво платника податків"),
    "extract": msg("Виписка з єдиного державного реєстру"),
}
UNKNOWN = "—"


def application_name(account: AccountView, order: ServiceOrder, settings: Settings) -> str:
    """The file's name, as the utility has always named it."""
    kind = settings.orders.document_type
    return f"ServicePointOrderStatement_td{kind}_ren{account.district_code}_id{order.id}_cl{account.consumer_code}.pdf"


def application_of(
    session: Session,
    user: User,
    account: AccountView,
    order: ServiceOrder,
    settings: Settings,
    *,
    at: datetime,
) -> Application:
    """The application's facts. Raises WrongMoment when the service is no longer offered."""
    service = settings.service(order.service_code)
    if service is None:
        raise WrongMoment("Цю послугу більше не надають. Оберіть іншу.")
    point = session.get_one(MeteringPoint, order.metering_point_id)
    files = files_of(session, OWNER, order.id or 0)
    return Application(
        number=str(order.id),
        utility=settings.hub.utility.uk,
        consumer=account.consumer_name,
        tax_code=account.consumer_tax_code or UNKNOWN,
        address=account.consumer_address or UNKNOWN,
        email=user.email,
        contact=order.contact_name,
        phone=order.contact_phone,
        account_number=account.number,
        consumer_code=account.consumer_code,
        district=account.district_name,
        request=service.request,
        point_name=point.name,
        point_address=point.address or UNKNOWN,
        eic=point.eic or UNKNOWN,
        meter_number=point.meter_number or UNKNOWN,
        device_count=str(order.device_count),
        voltage_class=_kilovolts(order.voltage_class_kv),
        date=in_words(at.astimezone(KYIV)),
        attachments=[f"{say('uk', FILE_TITLES[role])} ({files[role].name})" for role in UPLOADED],
    )


def _kilovolts(voltage: Decimal | None) -> str:
    return UNKNOWN if voltage is None else f"{voltage.normalize():f} кВ".replace(".", ",")
