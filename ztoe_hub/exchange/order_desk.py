"""Service orders at billing: handed over when they are accepted, cancelled, and followed by their updates."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlmodel import Session

from ztoe_hub import outbox
from ztoe_hub.accounts import account_by_id
from ztoe_hub.documents import OWNER as DOCUMENT
from ztoe_hub.documents import SIGNED, newest_document
from ztoe_hub.errors import ItemRejected, OperatorNeeded, TransientError, WrongMoment
from ztoe_hub.files import FileView, files_of, store_file
from ztoe_hub.lifecycle import OrderEvent
from ztoe_hub.order_moves import OrderMoves, order_by_id
from ztoe_hub.order_views import APPLICATION, INVOICE, KYIV, OWNER, UPLOADED
from ztoe_hub.orders import CANCEL_ORDER
from ztoe_hub.outbox import Again, WorkItem
from ztoe_hub.plugin_manager import Instance
from ztoe_hub.ports import BillingSource, OrderDesk
from ztoe_hub.settings import Settings
from ztoe_hub.storage.blobs import BlobStore
from ztoe_hub.storage.database import Database
from ztoe_hub.storage.states import OrderState
from ztoe_hub.storage.tables import Cursor, MeteringPoint, ServiceOrder
from ztoe_hub.values import OrderFile, OrderUpdate, OrderUpdateKind, OutgoingOrder

log = logging.getLogger(__name__)

APPLY_UPDATE = "apply_order_update"
KEY_PREFIX = "hub-"
ORDER_KEY = re.compile(rf"{KEY_PREFIX}([0-9]{{1,18}})")
LONGEST_NUMBER = 40
EVENT_OF = {
    OrderUpdateKind.REGISTERED: OrderEvent.REGISTER,
    OrderUpdateKind.INVOICED: OrderEvent.INVOICE,
    OrderUpdateKind.PAID: OrderEvent.PAY,
    OrderUpdateKind.SCHEDULED: OrderEvent.SCHEDULE,
    OrderUpdateKind.RESCHEDULED: OrderEvent.RESCHEDULE,
    OrderUpdateKind.COMPLETED: OrderEvent.COMPLETE,
    OrderUpdateKind.REFUSED: OrderEvent.REFUSE,
}


class OrdersAtBilling:
    """The handlers of `send_order`, `cancel_order`, `poll_orders` and `apply_order_update`."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        settings: Settings,
        sources: Mapping[str, Instance[BillingSource]],
        moves: OrderMoves,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._settings = settings
        self._sources = sources
        self._moves = moves
        self._clock = clock

    def send(self, item: WorkItem) -> None:
        """Hand an accepted order over; a source that takes no orders leaves it to the staff's desk."""
        with self._database.read() as session:
            order = order_by_id(session, int(item.subject))
            source = account_by_id(session, order.account_id).source
            accepted = order.state is OrderState.ACCEPTED
            desk = self._desk(source) if accepted else None
            outgoing = self._outgoing(session, order) if desk else None
        if order.state is OrderState.DELETED and item.attempts > 1:
            self._cancel_too(item, source)  # an earlier attempt may have handed it over, and died
        if desk is None or outgoing is None:
            return
        desk.send_order(outgoing)
        with self._database.read() as session:
            deleted = order_by_id(session, int(item.subject)).state is OrderState.DELETED
        if deleted:  # while it was on its way
            self._cancel_too(item, source)

    def _cancel_too(self, item: WorkItem, source: str) -> None:
        with self._database.write() as session:
            outbox.add_work(
                session, CANCEL_ORDER, item.subject, now=self._clock(), payload={"source": source}
            )

    def cancel(self, item: WorkItem) -> None:
        """Tell billing that the consumer withdrew the order."""
        desk = self._desk(item.payload["source"])
        if desk is not None:
            desk.cancel_order(f"{KEY_PREFIX}{item.subject}")

    def poll(self, item: WorkItem) -> Again | None:
        """Read what happened to orders and apply it, a batch in one transaction with its cursor."""
        source = item.subject
        desk = self._desk(source)
        if desk is None:
            return None
        name = f"order_updates/{source}"
        with self._database.read() as session:
            cursor = session.get(Cursor, name)
        batch = desk.order_updates(cursor.value if cursor else None)
        invoices = {update.id: self._invoice_if_there(desk, update) for update in batch.updates}
        now = self._clock()
        with self._database.write() as session:
            if session.get(Cursor, name) != cursor:
                return Again(timedelta(0))  # our lease lapsed, and another worker read on
            for update in batch.updates:
                self._apply_or_keep(session, source, update, invoices[update.id])
            if cursor is None or cursor.value != batch.cursor:
                session.merge(Cursor(name=name, value=batch.cursor, changed_at=now))
        return Again(timedelta(0)) if batch.more else None

    def apply(self, item: WorkItem) -> None:
        """Try an update again that could not be applied when it was read."""
        facts = dict(item.payload["update"])
        update = OrderUpdate(
            **{
                **facts,
                "kind": OrderUpdateKind(facts["kind"]),
                "at": datetime.fromisoformat(facts["at"]),
                "work_date": date.fromisoformat(facts["work_date"]) if facts["work_date"] else None,
            }
        )
        desk = self._desk(item.payload["source"])
        invoice = self._invoice_of(desk, update) if desk else None
        try:
            with self._database.write() as session:
                self._apply(session, item.payload["source"], update, invoice)
        except WrongMoment as error:
            if self._earlier_waits(item, update.order_key):
                raise TransientError("an earlier update of this order waits to be tried again") from error
            raise

    def _earlier_waits(self, item: WorkItem, order_key: str) -> bool:
        earlier = outbox.payloads_before(self._database, item)
        return any(payload["update"]["order_key"] == order_key for payload in earlier)

    def _invoice_if_there(self, desk: OrderDesk, update: OrderUpdate) -> bytes | None:
        """A file that cannot be had now keeps its own update waiting, and no other."""
        try:
            return self._invoice_of(desk, update)
        except TransientError:
            return None

    def _invoice_of(self, desk: OrderDesk, update: OrderUpdate) -> bytes | None:
        if update.kind is not OrderUpdateKind.INVOICED:
            return None
        try:
            return desk.order_invoice(update.order_key).content
        except ItemRejected:
            return None

    def _apply_or_keep(
        self, session: Session, source: str, update: OrderUpdate, invoice: bytes | None
    ) -> None:
        """One update in a savepoint; one that does not fit is kept as work, where a person sees it.

        Its row in the outbox makes it known: an update that comes again changes nothing.
        """
        subject = f"{source}/{update.id}"
        if outbox.is_known(session, APPLY_UPDATE, subject):
            return
        try:
            with session.begin_nested():
                self._apply(session, source, update, invoice)
        except Exception as error:  # noqa: BLE001  one update holds up no other; its own work tells what is wrong
            log.warning("an order update is kept as work", extra={"error": type(error).__name__})
            facts = {
                **asdict(update),
                "at": update.at.isoformat(),
                "work_date": update.work_date.isoformat() if update.work_date else None,
            }
            payload = {"source": source, "update": facts}
            outbox.add_work(session, APPLY_UPDATE, subject, now=self._clock(), payload=payload)
        else:
            outbox.note_done(session, APPLY_UPDATE, subject, now=self._clock())

    def _apply(self, session: Session, source: str, update: OrderUpdate, invoice: bytes | None) -> None:
        order = _order_of(session, source, update.order_key)
        _require_facts(update)
        if update.kind is OrderUpdateKind.INVOICED:
            if invoice is None:
                raise OperatorNeeded(f"billing has no invoice file for {update.order_key}")
            self._keep_invoice(session, order, invoice)
        self._moves.move(
            session,
            order,
            EVENT_OF[update.kind],
            actor="billing",
            words={"reason": update.reason or "—"},
            **_columns(update),
        )

    def _keep_invoice(self, session: Session, order: ServiceOrder, content: bytes) -> None:
        store_file(
            session,
            owner=OWNER,
            owner_id=order.id or 0,
            role=INVOICE,
            name=f"Рахунок_замовлення_{order.id}.pdf",
            media_type="application/pdf",
            sha256=self._blobs.put(content),
            size=len(content),
            now=self._clock(),
        )

    def _desk(self, source: str) -> OrderDesk | None:
        instance = self._sources.get(source)
        if instance is None:
            raise OperatorNeeded(f"billing.{source} is not configured any more")
        adapter = instance.adapter
        return adapter if adapter.capabilities.orders and isinstance(adapter, OrderDesk) else None

    def _outgoing(self, session: Session, order: ServiceOrder) -> OutgoingOrder:
        account = account_by_id(session, order.account_id)
        point = session.get_one(MeteringPoint, order.metering_point_id)
        service = self._settings.service(order.service_code)
        files = files_of(session, OWNER, order.id or 0)
        wanted = {role: files[role] for role in (*UPLOADED, APPLICATION)}
        document = newest_document(session, APPLICATION, order.id or 0)
        if document is not None:
            wanted["application_signed"] = files_of(session, DOCUMENT, document.id or 0)[SIGNED]
        return OutgoingOrder(
            key=f"{KEY_PREFIX}{order.id}",
            service_code=order.service_code,
            service_name=service.title.uk if service else order.service_code,
            account_number=account.number,
            consumer_code=account.consumer_code,
            metering_point_key=point.key,
            eic=point.eic,
            voltage_class_kv=order.voltage_class_kv,
            device_count=order.device_count,
            contact_name=order.contact_name,
            contact_phone=order.contact_phone,
            ordered_at=(order.submitted_at or order.created_at).astimezone(KYIV),
            files=[self._file(role, file) for role, file in wanted.items()],
        )

    def _file(self, role: str, file: FileView) -> OrderFile:
        return OrderFile(
            role=role,
            name=file.name,
            media_type=file.media_type,
            sha256=file.sha256,
            content=self._blobs.get(file.sha256),
        )


def _order_of(session: Session, source: str, key: str) -> ServiceOrder:
    """The order that this source means, if it is one that went there."""
    number = ORDER_KEY.fullmatch(key)
    order = session.get(ServiceOrder, int(number[1])) if number else None
    if order is None or account_by_id(session, order.account_id).source != source:
        raise OperatorNeeded(f"billing.{source} speaks of an order that is not ours: {key}")
    return order


def _require_facts(update: OrderUpdate) -> None:
    """What an update has to say beside its kind."""
    number = update.registration_number or ""
    if update.kind is OrderUpdateKind.REGISTERED and not 0 < len(number) <= LONGEST_NUMBER:
        raise OperatorNeeded(
            f"billing registered {update.order_key} without a number, or with a very long one"
        )
    dated = update.kind in (OrderUpdateKind.SCHEDULED, OrderUpdateKind.RESCHEDULED)
    if dated and update.work_date is None:
        raise OperatorNeeded(f"billing scheduled {update.order_key} without a date")


def _columns(update: OrderUpdate) -> dict[str, object]:
    """The order's columns that this update fills."""
    columns: dict[OrderUpdateKind, dict[str, object]] = {
        OrderUpdateKind.REGISTERED: {"registration_number": update.registration_number},
        OrderUpdateKind.PAID: {"paid_at": update.at},
        OrderUpdateKind.SCHEDULED: {"work_date": update.work_date},
        OrderUpdateKind.RESCHEDULED: {"work_date": update.work_date},
        OrderUpdateKind.REFUSED: {"refusal_reason": update.reason},
    }
    return columns.get(update.kind, {})
