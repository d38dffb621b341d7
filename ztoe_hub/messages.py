"""Повідомлення: a user's inbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from .storage.database import Database
from .storage.tables import Message
from .users import User

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """One message; `link` is a path of the cabinet."""

    id: int
    subject: str
    text: str
    link: str
    created_at: datetime
    read: bool


class Messages:
    """Reads the inbox and marks what was read."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def of(
        self, user: User, *, unread_only: bool = False, page: int = 1
    ) -> tuple[Sequence[MessageView], int]:
        """A page of messages, newest first, and how many pages there are (at least 1)."""
        wanted = [col(Message.user_id) == user.id]
        if unread_only:
            wanted.append(col(Message.read_at).is_(None))
        with self._database.read() as session:
            count = session.exec(select(sa.func.count()).select_from(Message).where(*wanted)).one()
            rows = session.exec(
                select(Message)
                .where(*wanted)
                .order_by(col(Message.id).desc())
                .offset((max(page, 1) - 1) * PAGE_SIZE)
                .limit(PAGE_SIZE)
            ).all()
        return [_view(row) for row in rows], max(1, -(-count // PAGE_SIZE))

    def unread(self, user: User) -> int:
        """How many are unread."""
        with self._database.read() as session:
            return session.exec(
                select(sa.func.count())
                .select_from(Message)
                .where(Message.user_id == user.id, col(Message.read_at).is_(None))
            ).one()

    def mark_read(self, user: User, message_id: int | None = None) -> None:
        """Mark one message, or all of them; a foreign one is left alone."""
        wanted = [col(Message.user_id) == user.id, col(Message.read_at).is_(None)]
        if message_id is not None:
            wanted.append(col(Message.id) == message_id)
        with self._database.write() as session:
            session.connection().execute(sa.update(Message).where(*wanted).values(read_at=self._clock()))


def _view(row: Message) -> MessageView:
    return MessageView(
        id=row.id or 0,
        subject=row.subject,
        text=row.text,
        link=row.link,
        created_at=row.created_at,
        read=row.read_at is not None,
    )
