"""Tells people and listeners what happened, in the transaction in which it happens.

An inbox message is written at once; e-mails and events become work, a row for each channel and listener,
so that a broken one keeps nobody else waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlmodel import Session

from . import outbox
from .storage.tables import Message
from .values import DocumentCompleted, OrderStatusChanged

SEND_NOTICE, DELIVER_EVENT = "send_notice", "deliver_event"


class Announcer:
    """Knows the names of the channels and of the listeners of each event hook."""

    def __init__(self, *, channels: Sequence[str], listeners: Callable[[str], Sequence[str]]) -> None:
        self._channels = channels
        self._listeners = listeners

    def tell(
        self, session: Session, *, key: str, user_id: int, subject: str, text: str, link: str, now: datetime
    ) -> None:
        """One inbox message and one notice by each channel. `key` names the happening: it is told once."""
        session.add(Message(key=key, user_id=user_id, subject=subject, text=text, link=link, created_at=now))
        for channel in self._channels:
            outbox.add_work(
                session,
                SEND_NOTICE,
                f"{key}/{channel}",
                now=now,
                payload={"message": key, "channel": channel},
            )

    def broadcast(
        self, session: Session, hook: str, event: OrderStatusChanged | DocumentCompleted, *, now: datetime
    ) -> None:
        """One piece of work for each listener of the hook."""
        facts = {**asdict(event), "at": event.at.isoformat()}
        for listener in self._listeners(hook):
            outbox.add_work(
                session,
                DELIVER_EVENT,
                f"{event.event_id}/{listener}",
                now=now,
                payload={"hook": hook, "listener": listener, "event": facts},
            )
