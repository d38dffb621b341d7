"""Users of the cabinet, their sessions and their failed attempts to log in."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from ztoe_hub.storage.column_types import UtcDateTime, Words
from ztoe_hub.storage.states import Role


class CabinetUser(SQLModel, table=True):
    """Somebody who can log in. The e-mail is the agreement's: notices and documents go there."""

    __tablename__ = "cabinet_user"

    id: int | None = Field(default=None, primary_key=True)
    login: str = Field(unique=True, max_length=64)
    password_hash: str | None = None
    email: str = Field(max_length=254)
    role: Role = Field(sa_type=Words(Role))
    language: str = Field(default="uk", max_length=2)
    consumer_id: int | None = Field(default=None, foreign_key="consumer.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    blocked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WebSession(SQLModel, table=True):
    """One logged-in browser. The cookie holds a random id, this row only its hash."""

    __tablename__ = "web_session"

    id_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="cabinet_user.id", index=True)
    account_id: int | None = Field(default=None, foreign_key="account.id")
    remember: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ip: str = Field(max_length=45)
    user_agent: str = Field(max_length=200)


class FailedLogin(SQLModel, table=True):
    """One wrong password. Counted per login and per address, across all processes."""

    __tablename__ = "failed_login"
    __table_args__ = (sa.Index(None, "subject", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    subject: str = Field(max_length=120)
    at: datetime = Field(sa_type=UtcDateTime)
