"""What an operator does with an order: guarded moves, each of which becomes news for the hub."""

import datetime as dt
import re
import uuid
import zlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo

from .order_store import Order, OrderStore
from .progress import EVENTS, TITLES, Action, next_state

KYIV = ZoneInfo("Europe/Kyiv")
AMOUNT = re.compile(r"\d{1,12}([.,]\d{1,2})?", re.ASCII)
LONGEST_TEXT = 1000


class NotAllowed(Exception):
    """The order is not in a state for this action."""


class BadDetails(Exception):
    """Something is missing or wrong in what the operator entered."""


def local_now() -> str:
    return dt.datetime.now(KYIV).isoformat(timespec="seconds")


def suggested_number(order_id: str) -> str:
    """A registration number as the utility writes them, like 876-SA."""
    return f"{100 + zlib.crc32(order_id.encode()) % 900}-SA"


def perform(store: OrderStore, order_id: str, action: Action, details: Mapping[str, str]) -> Order:
    """Move the order and write down the news, both or neither; raises LookupError, NotAllowed, BadDetails."""
    with store.locked():
        order = store.order(order_id)
        if order is None:
            raise LookupError(order_id)
        state = next_state(order.state, action, paid=bool(order.paid_at))
        if state is None:
            raise NotAllowed(f"Дія неможлива: замовлення у стані «{TITLES[order.state]}».")
        now = local_now()
        changes, news = DETAILS[action](order, details, now)
        changed = store.change(order, state=state.value, **changes)
        update_id = str(uuid.uuid4())
        store.add_update({"id": update_id, "order_id": order_id, "event": EVENTS[action], "at": now, **news})
        return changed


Changes = tuple[dict[str, str], dict[str, str]]  # columns of the order, fields of the update


def _register(order: Order, details: Mapping[str, str], _now: str) -> Changes:
    number = _text(details, "registration_number", default=suggested_number(order.id))
    return {"registration_number": number}, {"registration_number": number}


def _invoice(_order: Order, details: Mapping[str, str], now: str) -> Changes:
    text = _text(details, "amount").replace(" ", "").replace("\u00a0", "")
    if not AMOUNT.fullmatch(text) or not Decimal(text.replace(",", ".")):
        raise BadDetails("Вкажіть суму в гривнях, наприклад 1250,00.")
    amount = f"{Decimal(text.replace(',', '.')):.2f}"
    key = str(uuid.uuid4())
    return {"invoice_key": key, "invoice_amount": amount, "invoiced_at": now}, {"invoice_key": key}


def _pay(_order: Order, _details: Mapping[str, str], now: str) -> Changes:
    return {"paid_at": now}, {}


def _schedule(_order: Order, details: Mapping[str, str], _now: str) -> Changes:
    text = _text(details, "work_date")
    try:
        day = dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadDetails("Вкажіть дату виконання робіт.") from None
    return {"work_date": day}, {"work_date": day}


def _complete(_order: Order, _details: Mapping[str, str], _now: str) -> Changes:
    return {}, {}


def _refuse(_order: Order, details: Mapping[str, str], _now: str) -> Changes:
    reason = _text(details, "reason")
    return {"reason": reason}, {"reason": reason}


DETAILS: dict[Action, Callable[[Order, Mapping[str, str], str], Changes]] = {
    Action.REGISTER: _register,
    Action.INVOICE: _invoice,
    Action.PAY: _pay,
    Action.SCHEDULE: _schedule,
    Action.RESCHEDULE: _schedule,
    Action.COMPLETE: _complete,
    Action.REFUSE: _refuse,
}
TITLES_OF_DETAILS = {
    "registration_number": "реєстраційний номер",
    "amount": "суму",
    "work_date": "дату виконання робіт",
    "reason": "причину",
}


def _text(details: Mapping[str, str], name: str, default: str = "") -> str:
    text = details.get(name, default)
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_TEXT:
        raise BadDetails(f"Вкажіть {TITLES_OF_DETAILS[name]}.")
    return text.strip()
