"""The state machines: tables of moves, and the one function that makes a move.

docs/explanation/states.md draws them. Nothing else writes a `state` column of an order or a document.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session, col

from .errors import WrongMoment
from .request_ids import request_id
from .storage.states import DocumentState as D
from .storage.states import OrderState as O
from .storage.tables import AuditLine, Document, ServiceOrder


class OrderEvent(enum.StrEnum):
    """What can happen to a service order."""

    SUBMIT = "submit"
    ACCEPT = "accept"  # the application's document reached COMPLETED
    RETURN = "return"  # it was declined, expired, recalled or failed, and not replaced
    REGISTER = "register"
    INVOICE = "invoice"
    PAY = "pay"
    SCHEDULE = "schedule"
    RESCHEDULE = "reschedule"
    COMPLETE = "complete"
    DELETE = "delete"
    REFUSE = "refuse"


class DocumentEvent(enum.StrEnum):
    """What can happen to a document that is to be signed."""

    SUBMIT = "submit"
    VIEW = "view"
    SIGN = "sign"
    DECLINE = "decline"
    EXPIRE = "expire"
    RECALL = "recall"
    ARCHIVE = "archive"
    MISMATCH = "mismatch"
    APPROVE = "approve"
    REFUSE = "refuse"
    REJECT = "reject"  # the service refuses this very item
    RETRY = "retry"


E = OrderEvent
ORDER_MOVES: Mapping[tuple[O, OrderEvent], O] = {
    (O.COLLECTING, E.SUBMIT): O.AWAITING_SIGNATURE,
    (O.AWAITING_SIGNATURE, E.ACCEPT): O.ACCEPTED,
    (O.AWAITING_SIGNATURE, E.RETURN): O.COLLECTING,
    (O.ACCEPTED, E.REGISTER): O.REGISTERED,
    (O.REGISTERED, E.INVOICE): O.INVOICED,
    (O.INVOICED, E.PAY): O.INVOICED,
    (O.INVOICED, E.SCHEDULE): O.SCHEDULED,
    (O.SCHEDULED, E.RESCHEDULE): O.SCHEDULED,
    (O.SCHEDULED, E.COMPLETE): O.COMPLETED,
    (O.COLLECTING, E.DELETE): O.DELETED,
    (O.AWAITING_SIGNATURE, E.DELETE): O.DELETED,
    (O.ACCEPTED, E.DELETE): O.DELETED,
    (O.REGISTERED, E.DELETE): O.DELETED,
    (O.INVOICED, E.DELETE): O.DELETED,
    (O.ACCEPTED, E.REFUSE): O.REFUSED,
    (O.REGISTERED, E.REFUSE): O.REFUSED,
}

V = DocumentEvent
DOCUMENT_MOVES: Mapping[tuple[D, DocumentEvent], D] = {
    (D.PREPARED, V.SUBMIT): D.SUBMITTED,
    (D.PREPARED, V.REJECT): D.FAILED,
    (D.PREPARED, V.RECALL): D.RECALLED,
    (D.SUBMITTED, V.VIEW): D.VIEWED,
    (D.SUBMITTED, V.SIGN): D.SIGNED,
    (D.SUBMITTED, V.DECLINE): D.DECLINED,
    (D.SUBMITTED, V.EXPIRE): D.EXPIRED,
    (D.SUBMITTED, V.RECALL): D.RECALLED,
    (D.VIEWED, V.SIGN): D.SIGNED,
    (D.VIEWED, V.DECLINE): D.DECLINED,
    (D.VIEWED, V.EXPIRE): D.EXPIRED,
    (D.VIEWED, V.RECALL): D.RECALLED,
    (D.SIGNED, V.ARCHIVE): D.COMPLETED,
    (D.SIGNED, V.MISMATCH): D.NEEDS_OPERATOR,
    (D.NEEDS_OPERATOR, V.APPROVE): D.COMPLETED,
    (D.NEEDS_OPERATOR, V.REFUSE): D.DECLINED,
    (D.FAILED, V.RETRY): D.PREPARED,
}

#: Columns that stand in the row itself: they hold codes of people, which the audit has no need of.
NOT_AUDITED = frozenset({"snapshot", "verdict", "remote_ref"})

Row = TypeVar("Row", ServiceOrder, Document)


def next_state(moves: Mapping[tuple[Any, Any], Any], state: Any, event: Any) -> Any:
    """Where `event` leads from `state`. Raises WrongMoment when it leads nowhere."""
    try:
        return moves[state, event]
    except KeyError:
        raise WrongMoment("Зараз ця дія неможлива: стан уже змінився. Оновіть сторінку.") from None


def advance(
    session: Session,
    row: Row,
    event: OrderEvent | DocumentEvent,
    *,
    now: datetime,
    actor: str,
    **changes: Any,
) -> None:
    """Apply `event` to `row` atomically, with an audit line in the same transaction.

    The row moves only if its state is still the one that was read; `changes` are written with it.
    Raises WrongMoment when the move is not in the table or somebody was faster.
    """
    table, moves = (
        (ServiceOrder, ORDER_MOVES) if isinstance(row, ServiceOrder) else (Document, DOCUMENT_MOVES)
    )
    old = row.state
    new = next_state(moves, old, event)
    moved = session.connection().execute(
        sa.update(table)
        .where(col(table.id) == row.id, col(table.state) == old, col(table.version) == row.version)
        .values(state=new, version=row.version + 1, changed_at=now, **changes)
    )
    if moved.rowcount != 1:
        raise WrongMoment("Зараз ця дія неможлива: стан уже змінився. Оновіть сторінку.")
    session.refresh(row)
    audit(
        session,
        now=now,
        actor=actor,
        action=f"{table.__tablename__}.{event}",
        subject=f"{table.__tablename__}:{row.id}",
        before=old,
        after=new,
        **{name: value for name, value in changes.items() if name not in NOT_AUDITED},
    )


def audit(
    session: Session,
    *,
    now: datetime,
    actor: str,
    action: str,
    subject: str,
    before: str | None = None,
    after: str | None = None,
    **facts: Any,
) -> None:
    """Add one line to the audit, in the caller's transaction. `facts` may hold no secrets and no file contents."""
    detail = json.dumps(facts, ensure_ascii=False, default=str, sort_keys=True) if facts else ""
    session.add(
        AuditLine(
            at=now,
            actor=actor,
            action=action,
            subject=subject,
            before=before,
            after=f"{after or ''} {detail}".strip() or None,
            request_id=request_id.get(),
        )
    )
