"""Work to be done, how far sources were read, what imports found, and the audit."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from ztoe_hub.storage.column_types import UtcDateTime, Words
from ztoe_hub.storage.states import ImportStatus, WorkState


class Work(SQLModel, table=True):
    """The transactional outbox: one row a piece of work, known by its kind and subject."""

    __table_args__ = (
        sa.UniqueConstraint("kind", "subject"),
        sa.Index("ix_work_due", "state", "priority", "due_at"),
        sa.Index("ix_work_lease", "state", "lease_until"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=40)
    subject: str = Field(max_length=200)
    payload: dict[str, object] = Field(default_factory=dict, sa_type=sa.JSON)
    state: WorkState = Field(sa_type=Words(WorkState))
    priority: int = 0  # smaller goes first
    due_at: datetime = Field(sa_type=UtcDateTime)
    attempts: int = 0
    wish: int = 1  # grows when the same work is asked for again, also while it runs
    lease_token: str | None = Field(default=None, max_length=40)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Cursor(SQLModel, table=True):
    """How far something was read, by name."""

    name: str = Field(primary_key=True, max_length=120)
    value: str
    changed_at: datetime = Field(sa_type=UtcDateTime)


class ImportRun(SQLModel, table=True):
    """The report of one read of one stream."""

    __tablename__ = "import_run"
    __table_args__ = (sa.Index(None, "source", "stream", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(max_length=40)
    stream: str = Field(max_length=40)
    status: ImportStatus = Field(sa_type=Words(ImportStatus))
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime = Field(sa_type=UtcDateTime)
    counts: dict[str, int] = Field(default_factory=dict, sa_type=sa.JSON)
    problems: list[dict[str, str | None]] = Field(default_factory=list, sa_type=sa.JSON)
    reason: str | None = None


class AuditLine(SQLModel, table=True):
    """Who did what to what, when. Lines are only ever added."""

    __tablename__ = "audit_line"
    __table_args__ = (sa.Index(None, "subject", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str = Field(max_length=80)
    action: str = Field(max_length=60)
    subject: str = Field(max_length=80)
    before: str | None = None
    after: str | None = None
    request_id: str | None = Field(default=None, max_length=40)
