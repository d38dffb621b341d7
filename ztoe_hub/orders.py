"""Service orders as a consumer makes them: three steps, each of which can be repeated until the last is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from . import outbox
from .accounts import AccountView, own_account
from .applications import make_application
from .documents import Documents, NewDocument
from .errors import InvalidInput, NotFound, WrongMoment
from .files import FileContent, files_of, read_file, store_file
from .lifecycle import OrderEvent, audit
from .order_applications import application_name, application_of
from .order_forms import CheckedForm, OrderForm, check_form
from .order_moves import OrderMoves
from .order_views import (
    APPLICATION,
    OWNER,
    UPLOADED,
    OrderLine,
    OrderView,
    order_lines,
    order_view,
    order_years,
)
from .settings import ServiceKind, Settings
from .storage.blobs import BlobStore
from .storage.database import Database
from .storage.states import OrderState
from .storage.tables import ServiceOrder
from .uploads import Refused, judge_upload
from .users import User

CANCEL_ORDER = "cancel_order"


class Orders:
    """The orders of one user's accounts."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        settings: Settings,
        documents: Documents,
        moves: OrderMoves,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._settings = settings
        self._documents = documents
        self._moves = moves
        self._clock = clock

    def services(self) -> Sequence[ServiceKind]:
        """What can be ordered, from the settings."""
        return self._settings.services

    def voltage_classes_kv(self) -> Sequence[str]:
        """The voltage classes that can be chosen, as text ("0.4")."""
        return self._settings.orders.voltage_classes_kv

    def years(self, user: User, account_id: int) -> Sequence[int]:
        """The years with orders, newest first."""
        with self._database.read() as session:
            own_account(session, user, account_id)
            return order_years(session, account_id)

    def of_year(self, user: User, account_id: int, year: int) -> Sequence[OrderLine]:
        """The account's orders of a year, newest first."""
        with self._database.read() as session:
            own_account(session, user, account_id)
            return order_lines(session, self._settings, account_id, year)

    def get(self, user: User, account_id: int, order_id: int) -> OrderView:
        """One order. Raises NotFound."""
        with self._database.read() as session:
            _own_order(session, user, account_id, order_id)
            return order_view(session, self._settings, self._documents, order_id)

    def file(self, user: User, account_id: int, order_id: int, role: str) -> FileContent:
        """The certificate, extract, application or invoice of an order. Raises NotFound."""
        with self._database.read() as session:
            _own_order(session, user, account_id, order_id)
            file = files_of(session, OWNER, order_id).get(role)
        if file is None:
            raise NotFound("Такого файлу немає.")
        return read_file(self._blobs, file)

    def start(self, user: User, account_id: int, form: OrderForm) -> int:
        """Step 1: a new order, collecting. Returns its id. Raises InvalidInput."""
        now = self._clock()
        with self._database.write() as session:
            account = own_account(session, user, account_id)
            checked = check_form(session, account, form, self._settings)
            order = ServiceOrder(
                account_id=account_id,
                user_id=user.id,
                state=OrderState.COLLECTING,
                created_at=now,
                changed_at=now,
                **_columns(checked),
            )
            session.add(order)
            session.flush()
            audit(
                session,
                now=now,
                actor=f"user:{user.id}",
                action="order.start",
                subject=f"service_order:{order.id}",
            )
            return order.id or 0

    def change(self, user: User, account_id: int, order_id: int, form: OrderForm) -> None:
        """Step 1 again, while the order is collecting. Raises InvalidInput or WrongMoment."""
        with self._database.write() as session:
            account, order = _own_order(session, user, account_id, order_id, lock=True)
            _only_collecting(order)
            for column, value in _columns(check_form(session, account, form, self._settings)).items():
                setattr(order, column, value)
            session.add(order)
            subject = f"service_order:{order.id}"
            audit(session, now=self._clock(), actor=f"user:{user.id}", action="order.change", subject=subject)

    def attach(
        self, user: User, account_id: int, order_id: int, role: str, name: str, content: bytes
    ) -> None:
        """Step 2: one of the two files. A second one of the same role replaces the first.

        Raises InvalidInput (keyed by the role) when the content is not acceptable, or WrongMoment.
        """
        if role not in UPLOADED:
            raise NotFound("Такого файлу немає.")
        try:
            media_type, safe_name = judge_upload(name, content)
        except Refused as refused:
            raise InvalidInput({role: str(refused)}) from refused
        sha256 = self._blobs.put(content)
        now = self._clock()
        with self._database.write() as session:
            _, order = _own_order(session, user, account_id, order_id, lock=True)
            _only_collecting(order)
            store_file(
                session,
                owner=OWNER,
                owner_id=order_id,
                role=role,
                name=safe_name,
                media_type=media_type,
                sha256=sha256,
                size=len(content),
                now=now,
            )
            subject = f"service_order:{order_id}"
            audit(
                session,
                now=now,
                actor=f"user:{user.id}",
                action="order.attach",
                subject=subject,
                sha256=sha256,
            )

    def submit(self, user: User, account_id: int, order_id: int) -> None:
        """Step 3: make the application and send it to be signed. Raises WrongMoment before steps 1 and 2."""
        with self._database.read() as session:
            account, order = _own_order(session, user, account_id, order_id)
            _only_collecting(order)
            self._require_files(session, order_id)
            at = self._clock()
            application = application_of(session, user, account, order, self._settings, at=at)
        pdf = make_application(application, at=at)
        sha256 = self._blobs.put(pdf)
        with self._database.write() as session:
            account, order = _own_order(session, user, account_id, order_id, lock=True)
            _only_collecting(order)
            self._require_files(session, order_id)
            if application_of(session, user, account, order, self._settings, at=at) != application:
                raise WrongMoment("Замовлення тим часом змінилося. Перевірте його та надішліть ще раз.")
            name = application_name(account, order, self._settings)
            service = self._documents.route(APPLICATION, account.district_code)
            self._moves.move(
                session,
                order,
                OrderEvent.SUBMIT,
                actor=f"user:{user.id}",
                words={"signing": self._settings_title(service, user.language)},
                submitted_at=self._clock(),
            )
            store_file(
                session,
                owner=OWNER,
                owner_id=order_id,
                role=APPLICATION,
                name=name,
                media_type="application/pdf",
                sha256=sha256,
                size=len(pdf),
                now=self._clock(),
            )
            new = NewDocument(
                origin=APPLICATION,
                subject_id=order_id,
                user=user,
                account=account,
                name=name,
                sha256=sha256,
                size=len(pdf),
            )
            self._documents.prepare(session, new)

    def delete(self, user: User, account_id: int, order_id: int) -> None:
        """Withdraw the order, recall its document, cancel it at billing. Raises WrongMoment once it is paid."""
        with self._database.write() as session:
            account, order = _own_order(session, user, account_id, order_id, lock=True)
            at_billing = order.state not in (OrderState.COLLECTING, OrderState.AWAITING_SIGNATURE)
            self._moves.move(session, order, OrderEvent.DELETE, actor=f"user:{user.id}")
            self._documents.withdraw(session, APPLICATION, order_id, actor=f"user:{user.id}")
            if at_billing:
                outbox.add_work(
                    session, CANCEL_ORDER, order_id, now=self._clock(), payload={"source": account.source}
                )

    def _require_files(self, session: Session, order_id: int) -> None:
        if not all(role in files_of(session, OWNER, order_id) for role in UPLOADED):
            raise WrongMoment("Спочатку завантажте обидва файли (крок 2).")

    def _settings_title(self, service: str, language: str) -> str:
        tables = (
            each for each in self._settings.instances if each.kind == "signing" and each.name == service
        )
        return next((str(getattr(table.title, language)) for table in tables), service)


def _own_order(
    session: Session, user: User, account_id: int, order_id: int, *, lock: bool = False
) -> tuple[AccountView, ServiceOrder]:
    """The order, and with `lock` nobody else's until the end of the transaction.

    PostgreSQL lets two write side by side: without it an order could be changed while its application is made.
    """
    account = own_account(session, user, account_id)
    order = session.get(ServiceOrder, order_id, with_for_update=lock)
    if order is None or order.account_id != account_id:
        raise NotFound("Такого замовлення немає.")
    return account, order


def _only_collecting(order: ServiceOrder) -> None:
    if order.state is not OrderState.COLLECTING:
        raise WrongMoment("Замовлення вже надіслано, змінити його не можна.")


def _columns(checked: CheckedForm) -> dict[str, Any]:
    return {
        "service_code": checked.service_code,
        "metering_point_id": checked.point.id,
        "voltage_class_kv": checked.voltage_class_kv,
        "device_count": checked.device_count,
        "contact_name": checked.contact_name,
        "contact_phone": checked.contact_phone,
    }
