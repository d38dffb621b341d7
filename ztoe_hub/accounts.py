"""Which accounts a user may see, and what belongs to them. Every page asks here first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from .errors import NotFound
from .storage.database import Database
from .storage.tables import Account, Consumer, District, MeteringPoint
from .users import User


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account with its district and consumer, as every page of it shows them."""

    id: int
    source: str
    key: str
    number: str
    consumer_code: str
    district_code: str
    district_name: str
    consumer_name: str
    consumer_tax_code: str | None
    consumer_address: str | None
    consumer_phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointView:
    """A metering point that a service can be ordered for."""

    id: int
    key: str
    name: str
    eic: str | None
    address: str | None
    meter_number: str | None
    voltage_class_kv: Decimal | None


class Accounts:
    """The accounts of one user's company."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, user: User) -> Sequence[AccountView]:
        """All of them, ordered as people look for them; empty for staff."""
        with self._database.read() as session:
            return [
                _view(row) for row in session.execute(_visible(user).order_by(District.name, Account.number))
            ]

    def get(self, user: User, account_id: int) -> AccountView:
        """One of them. Raises NotFound for a foreign one as for one that does not exist."""
        with self._database.read() as session:
            return own_account(session, user, account_id)

    def metering_points(self, user: User, account_id: int) -> Sequence[PointView]:
        """The account's points, ordered by name."""
        with self._database.read() as session:
            account = own_account(session, user, account_id)
            points = session.exec(
                _points_of(account).order_by(col(MeteringPoint.name), col(MeteringPoint.id))
            )
            return [_point_view(point) for point in points]


def own_account(session: Session, user: User, account_id: int) -> AccountView:
    """The account, if it is the user's. Raises NotFound."""
    row = session.execute(_visible(user).where(col(Account.id) == account_id)).one_or_none()
    if row is None:
        raise NotFound("Такого особового рахунку немає.")
    return _view(row)


def account_by_id(session: Session, account_id: int) -> AccountView:
    """The account, whoever asks: for the hub's own work. Raises NotFound."""
    row = session.execute(_accounts().where(col(Account.id) == account_id)).one_or_none()
    if row is None:
        raise NotFound("Такого особового рахунку немає.")
    return _view(row)


def own_point(session: Session, account: AccountView, point_id: int) -> PointView | None:
    """The point, if it belongs to the account."""
    point = session.exec(_points_of(account).where(MeteringPoint.id == point_id)).one_or_none()
    return None if point is None else _point_view(point)


def _accounts() -> sa.Select[Account, District, Consumer]:
    return (
        sa.select(Account, District, Consumer)
        .join(
            District,
            sa.and_(col(District.source) == Account.source, col(District.key) == Account.district_key),
        )
        .join(
            Consumer,
            sa.and_(col(Consumer.source) == Account.source, col(Consumer.key) == Account.consumer_key),
        )
    )


def _visible(user: User) -> sa.Select[Account, District, Consumer]:
    return _accounts().where(col(Consumer.id) == user.consumer_id, col(Account.vanished_at).is_(None))


def _points_of(account: AccountView):  # type: ignore[no-untyped-def]  # sqlmodel's own Select type is not public
    return select(MeteringPoint).where(
        MeteringPoint.source == account.source,
        MeteringPoint.account_key == account.key,
        col(MeteringPoint.vanished_at).is_(None),
    )


def _view(row: sa.Row[Account, District, Consumer]) -> AccountView:
    account, district, consumer = row
    return AccountView(
        id=account.id or 0,
        source=account.source,
        key=account.key,
        number=account.number,
        consumer_code=account.consumer_code,
        district_code=district.code,
        district_name=district.name,
        consumer_name=consumer.name,
        consumer_tax_code=consumer.tax_code,
        consumer_address=consumer.address,
        consumer_phone=consumer.phone,
    )


def _point_view(point: MeteringPoint) -> PointView:
    return PointView(
        id=point.id or 0,
        key=point.key,
        name=point.name,
        eic=point.eic,
        address=point.address,
        meter_number=point.meter_number,
        voltage_class_kv=point.voltage_class_kv,
    )
