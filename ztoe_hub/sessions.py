"""Logged-in browsers. The cookie holds a random token; the table only its hash, so that a copy of it opens nothing."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col

from .accounts import own_account
from .storage.database import Database
from .storage.tables import WebSession
from .users import User, user_by_id

SEEN_EVERY = timedelta(minutes=1)  # a page view writes at most so often


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """A valid session: who, and which account they chose."""

    user: User
    account_id: int | None
    remember: bool


class Sessions:
    """Starts, finds and ends sessions."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime],
        idle: timedelta,
        longest: timedelta,
        remembered: timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._idle = idle
        self._longest = longest
        self._remembered = remembered

    def start(self, user: User, *, remember: bool, ip: str, user_agent: str) -> str:
        """A new session; returns the token for the cookie (256 random bits)."""
        now = self._clock()
        token = secrets.token_urlsafe(32)
        with self._database.write() as session:
            session.add(
                WebSession(
                    id_hash=_hash(token),
                    user_id=user.id,
                    remember=remember,
                    created_at=now,
                    seen_at=now,
                    expires_at=now + (self._remembered if remember else self._longest),
                    ip=ip[:45],
                    user_agent=user_agent[:200],
                )
            )
        return token

    def find(self, token: str) -> LoggedIn | None:
        """The session of this token, unless it ended, expired, idled away, or its user is blocked."""
        now = self._clock()
        with self._database.read() as session:
            row = session.get(WebSession, _hash(token))
            user = user_by_id(session, row.user_id) if row else None
        if row is None or user is None or user.blocked or row.expires_at <= now:
            return None
        if not row.remember and row.seen_at + self._idle <= now:
            return None
        if row.seen_at + SEEN_EVERY <= now:
            self._update(token, seen_at=now)
        return LoggedIn(user=user, account_id=row.account_id, remember=row.remember)

    def choose_account(self, token: str, user: User, account_id: int) -> None:
        """Make this the session's account. Raises NotFound when it is not the user's."""
        with self._database.read() as session:
            own_account(session, user, account_id)
        self._update(token, account_id=account_id)

    def end(self, token: str) -> None:
        """Log out: the token opens nothing any more."""
        with self._database.write() as session:
            session.connection().execute(sa.delete(WebSession).where(col(WebSession.id_hash) == _hash(token)))

    def forget_expired(self) -> None:
        """Delete what has expired."""
        with self._database.write() as session:
            session.connection().execute(
                sa.delete(WebSession).where(col(WebSession.expires_at) <= self._clock())
            )

    def _update(self, token: str, **values: object) -> None:
        with self._database.write() as session:
            session.connection().execute(
                sa.update(WebSession).where(col(WebSession.id_hash) == _hash(token)).values(**values)
            )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
