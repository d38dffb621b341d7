"""Moves a service order and tells of it: the one way in which an order's state changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from .accounts import account_by_id
from .announcements import Announcer
from .errors import WrongMoment
from .lifecycle import OrderEvent, advance
from .settings import Settings
from .storage.states import OrderState
from .storage.tables import CabinetUser, ServiceOrder
from .texts import ORDER_STATES, msg, say
from .values import OrderStatusChanged

TEXTS = {
    OrderState.COLLECTING: msg(
        "Заяву до замовлення не підписано: {reason}. Перевірте дані та надішліть заяву ще раз."
    ),
    OrderState.AWAITING_SIGNATURE: msg(
        "Заяву підготовлено. За кілька хвилин вона з'явиться в сервісі {signing}: підпишіть її там "
        "електронним підписом. Після цього замовлення набуде статусу «Прийнято»."
    ),
    OrderState.ACCEPTED: msg("Підписану заяву одержано. Замовлення направлено працівнику РЕМ."),
    OrderState.REGISTERED: msg("Заяву зареєстровано за номером {registration_number}."),
    OrderState.INVOICED: msg(
        "Сформовано рахунок. Його можна переглянути в кабінеті. Після надходження оплати буде "
        "сплановано дату виконання робіт."
    ),
    OrderState.SCHEDULED: msg("Роботи заплановано на {work_date}."),
    OrderState.COMPLETED: msg("Роботи виконано."),
    OrderState.DELETED: msg("Замовлення видалено."),
    OrderState.REFUSED: msg("У виконанні замовлення відмовлено. Причина: {reason}."),
}


class OrderMoves:
    """Applies an event to an order, with its message, notices and events, in the caller's transaction."""

    def __init__(self, settings: Settings, announcer: Announcer, *, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._announcer = announcer
        self._clock = clock

    def move(
        self,
        session: Session,
        order: ServiceOrder,
        event: OrderEvent,
        *,
        actor: str,
        words: dict[str, Any] | None = None,
        **changes: Any,
    ) -> None:
        """Raises WrongMoment. `changes` are columns written with the move, `words` fill the message's text."""
        now = self._clock()
        old = order.state
        _check(order, event)
        advance(session, order, event, now=now, actor=actor, **changes)
        if order.state != old or event is OrderEvent.RESCHEDULE:
            self._tell(session, order, {**changes, **(words or {})}, now)
        if order.state != old:
            self._broadcast(session, order, old, now)

    def _tell(self, session: Session, order: ServiceOrder, facts: dict[str, Any], now: datetime) -> None:
        user = session.get_one(CabinetUser, order.user_id)
        language = user.language
        service = self._settings.service(order.service_code)
        title = getattr(service.title, language) if service else order.service_code
        shown = {name: _shown(value) for name, value in facts.items()}
        self._announcer.tell(
            session,
            key=f"order-{order.id}-{order.version}",
            user_id=order.user_id,
            subject=say(
                language,
                msg("Замовлення № {number}: {state}"),
                number=order.id,
                state=say(language, ORDER_STATES[order.state]),
            ),
            text=f"{title}.\n\n{say(language, TEXTS[order.state], **shown)}",
            link=f"/accounts/{order.account_id}/orders/{order.id}",
            now=now,
        )

    def _broadcast(self, session: Session, order: ServiceOrder, old: OrderState, now: datetime) -> None:
        event = OrderStatusChanged(
            event_id=f"order-{order.id}-{order.version}",
            at=now,
            order_id=order.id or 0,
            consumer_code=account_by_id(session, order.account_id).consumer_code,
            service_code=order.service_code,
            old_state=old.value,
            new_state=order.state.value,
        )
        self._announcer.broadcast(session, "order_status_changed", event, now=now)


def order_by_id(session: Session, order_id: int, *, lock: bool = False) -> ServiceOrder:
    """The order, freshly read: for the hub's own work. With `lock` nobody moves it before the transaction ends."""
    query = select(ServiceOrder).where(col(ServiceOrder.id) == order_id)
    return session.exec(query.with_for_update() if lock else query).one()


def _check(order: ServiceOrder, event: OrderEvent) -> None:
    """What the table of moves cannot say, because it depends on the payment."""
    if event is OrderEvent.SCHEDULE and order.paid_at is None:
        raise WrongMoment("Дату робіт можна спланувати лише після оплати.")
    if event is OrderEvent.DELETE and order.paid_at is not None:
        raise WrongMoment("Оплачене замовлення видалити не можна.")


def _shown(value: Any) -> Any:
    return value.strftime("%d.%m.%Y") if isinstance(value, date) else value
