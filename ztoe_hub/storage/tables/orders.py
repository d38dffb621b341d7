"""Service orders, the documents that people sign, their files, and the inbox."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from ztoe_hub.storage.column_types import Scaled, UtcDateTime, Words
from ztoe_hub.storage.states import DocumentState, OrderState


class ServiceOrder(SQLModel, table=True):
    """Замовлення послуги. `state` is written by lifecycle.advance alone."""

    __tablename__ = "service_order"
    __table_args__ = (sa.Index(None, "account_id", "id"), sa.Index(None, "user_id", "id"))

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id")
    metering_point_id: int = Field(foreign_key="metering_point.id")
    user_id: int = Field(foreign_key="cabinet_user.id")
    service_code: str = Field(max_length=40)
    voltage_class_kv: Decimal | None = Field(default=None, sa_type=Scaled(3))
    device_count: int
    contact_name: str = Field(max_length=120)
    contact_phone: str = Field(max_length=40)
    state: OrderState = Field(sa_type=Words(OrderState))
    version: int = 1  # grows with every move
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    registration_number: str | None = Field(default=None, max_length=40)
    paid_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    work_date: date | None = None
    refusal_reason: str | None = None


class Document(SQLModel, table=True):
    """A document to be signed. It stays with the `service` instance it went to until it ends."""

    __table_args__ = (sa.Index(None, "origin", "subject_id"), sa.Index(None, "user_id", "id"))

    id: int | None = Field(default=None, primary_key=True)
    origin: str = Field(max_length=20)
    subject_id: int
    account_id: int = Field(foreign_key="account.id")
    user_id: int = Field(foreign_key="cabinet_user.id")
    recipient_email: str = Field(max_length=254)
    recipient_tax_code: str | None = Field(default=None, max_length=20)
    name: str = Field(max_length=200)
    service: str = Field(max_length=40)
    state: DocumentState = Field(sa_type=Words(DocumentState))
    version: int = 1  # grows with every move
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    attempt_started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    steps: dict[str, object] = Field(default_factory=dict, sa_type=sa.JSON)
    remote_ref: str | None = Field(default=None, max_length=500)
    snapshot: str | None = None
    verdict: dict[str, object] | None = Field(default=None, sa_type=sa.JSON)
    problem: str | None = None
    replaces_id: int | None = Field(default=None, foreign_key="document.id")


class StoredFile(SQLModel, table=True):
    """Gives access to bytes in the blob store; a hash alone gives none."""

    __tablename__ = "stored_file"
    __table_args__ = (sa.UniqueConstraint("owner", "owner_id", "role"), sa.Index(None, "sha256"))

    id: int | None = Field(default=None, primary_key=True)
    owner: str = Field(max_length=20)  # order, document, invoice
    owner_id: int
    role: str = Field(max_length=40)
    name: str = Field(max_length=255)
    media_type: str = Field(max_length=120)
    size: int
    sha256: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Message(SQLModel, table=True):
    """One message of a user's inbox. `key` makes a repeat of the same event write nothing."""

    __table_args__ = (sa.Index(None, "user_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=120)
    user_id: int = Field(foreign_key="cabinet_user.id")
    subject: str
    text: str
    link: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
