"""How a service order moves at the utility: a table, as in the hub's domain, and the Ukrainian words for it."""

from enum import StrEnum


class State(StrEnum):
    ACCEPTED = "accepted"
    REGISTERED = "registered"
    INVOICED = "invoiced"
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Action(StrEnum):
    REGISTER = "register"
    INVOICE = "invoice"
    PAY = "pay"
    SCHEDULE = "schedule"
    RESCHEDULE = "reschedule"
    COMPLETE = "complete"
    REFUSE = "refuse"


TRANSITIONS: dict[tuple[State, Action], State] = {
    (State.ACCEPTED, Action.REGISTER): State.REGISTERED,
    (State.REGISTERED, Action.INVOICE): State.INVOICED,
    (State.INVOICED, Action.PAY): State.INVOICED,
    (State.INVOICED, Action.SCHEDULE): State.SCHEDULED,
    (State.SCHEDULED, Action.RESCHEDULE): State.SCHEDULED,
    (State.SCHEDULED, Action.COMPLETE): State.COMPLETED,
    (State.ACCEPTED, Action.REFUSE): State.REFUSED,
    (State.REGISTERED, Action.REFUSE): State.REFUSED,
}
EVENTS = {
    Action.REGISTER: "registered",
    Action.INVOICE: "invoiced",
    Action.PAY: "paid",
    Action.SCHEDULE: "scheduled",
    Action.RESCHEDULE: "rescheduled",
    Action.COMPLETE: "completed",
    Action.REFUSE: "refused",
}
CANCELLABLE = (State.ACCEPTED, State.REGISTERED, State.INVOICED)
OVER = (State.REFUSED, State.CANCELLED)

TITLES = {
    State.ACCEPTED: "Прийнято",
    State.REGISTERED: "Зареєстровано",
    State.INVOICED: "Сформовано рахунок, очікування оплати",
    State.SCHEDULED: "Сплановано дату виконання робіт",
    State.COMPLETED: "Виконано",
    State.REFUSED: "Відмовлено",
    State.CANCELLED: "Скасовано споживачем",
}


def next_state(state: State, action: Action, *, paid: bool) -> State | None:
    """Where the action leads, or None when it is not allowed now: work is planned only once it is paid for."""
    if (action is Action.PAY and paid) or (action is Action.SCHEDULE and not paid):
        return None
    return TRANSITIONS.get((state, action))


def allowed(state: State, *, paid: bool) -> list[Action]:
    return [action for action in Action if next_state(state, action, paid=paid)]
