"""The transactional outbox: what has to be done, written in the transaction of the state it belongs to.

A piece of work is known by its kind and subject, so that asking twice makes one row. The row is the
truth; an engine only runs it. `wish` counts how often it was asked for: work that is asked for again
while it runs is due again when it has finished.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from .errors import TransientError
from .storage.database import Database
from .storage.states import WorkState
from .storage.tables import Work
from .storage.upserts import insert_into

PERSON_WAITS, USUAL, BULK = 0, 5, 9  # priorities

work = Work.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """A claimed piece of work. `attempts` counts this one."""

    id: int
    kind: str
    subject: str
    payload: dict[str, Any]
    attempts: int
    wish: int
    lease_token: str


@dataclass(frozen=True, slots=True)
class Again:
    """A handler's wish to be called again after a while: nothing failed, it is just not over."""

    after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLine:
    """A piece of work as operators see it."""

    id: int
    kind: str
    subject: str
    state: WorkState
    due_at: datetime
    attempts: int
    last_error: str | None


def add_work(
    session: Session,
    kind: str,
    subject: object,
    *,
    now: datetime,
    due_at: datetime | None = None,
    priority: int = USUAL,
    payload: dict[str, Any] | None = None,
) -> None:
    """Ask for work in the caller's transaction. Asked for again, it is due again, at the earlier time."""
    due = due_at or now
    fresh = {"kind": kind, "subject": str(subject), "payload": payload or {}, "priority": priority}
    fresh |= {"state": WorkState.DUE, "due_at": due, "attempts": 0, "wish": 1, "created_at": now}
    connection = session.connection()
    while not (_ask_again(connection, kind, str(subject), due) or _insert(connection, fresh)):
        pass  # somebody else asked for it at this very moment: theirs is there now


def _ask_again(connection: sa.Connection, kind: str, subject: str, due: datetime) -> bool:
    again = sa.update(work).where(work.c.kind == kind, work.c.subject == subject)
    waiting = again.where(work.c.state == WorkState.DUE).values(
        wish=work.c.wish + 1, due_at=sa.case((work.c.due_at > due, due), else_=work.c.due_at)
    )
    other = again.values(
        wish=work.c.wish + 1,
        due_at=due,
        attempts=0,
        state=sa.case((work.c.state == WorkState.RUNNING, work.c.state), else_=WorkState.DUE.value),
    )
    return bool(connection.execute(waiting).rowcount or connection.execute(other).rowcount)


def _insert(connection: sa.Connection, values: dict[str, Any]) -> bool:
    row = insert_into(connection, work).values(**values)
    row = row.on_conflict_do_nothing(index_elements=["kind", "subject"]).returning(work.c.id)
    return connection.execute(row).first() is not None


def schedule_work(
    session: Session, wanted: Sequence[tuple[str, str, datetime]], kinds: Sequence[str]
) -> None:
    """Make the rows of these recurring kinds be just the `wanted` ones: (kind, subject, first due)."""
    connection = session.connection()
    subjects = {(kind, subject): due_at for kind, subject, due_at in wanted}
    known = {
        (row.kind, row.subject): row.id
        for row in connection.execute(
            sa.select(work.c.id, work.c.kind, work.c.subject).where(work.c.kind.in_(kinds))
        )
    }
    gone = [work_id for pair, work_id in known.items() if pair not in subjects]
    connection.execute(sa.delete(work).where(work.c.id.in_(gone)))
    for (kind, subject), due_at in subjects.items():
        ensure_work(session, kind, subject, due_at=due_at)


def ensure_work(session: Session, kind: str, subject: str, *, due_at: datetime) -> None:
    """Make sure that there is such a row; one that is there stays as it is."""
    if not is_known(session, kind, subject):
        add_work(session, kind, subject, now=due_at)


def is_known(session: Session, kind: str, subject: str) -> bool:
    """Whether this was ever asked for, or noted as done."""
    known = sa.select(work.c.id).where(work.c.kind == kind, work.c.subject == subject)
    return session.connection().execute(known).first() is not None


def note_done(session: Session, kind: str, subject: str, *, now: datetime) -> None:
    """Remember that this was done without waiting, so that it is known when it comes again."""
    done = Work(kind=kind, subject=subject, state=WorkState.DONE, due_at=now, created_at=now, finished_at=now)
    session.add(done)
    session.flush()


def due_work(database: Database, *, now: datetime, limit: int) -> Sequence[int]:
    """The ids of what can be run now, most urgent first, expired leases included."""
    due = (
        sa.select(work.c.id)
        .where(work.c.state == WorkState.DUE, work.c.due_at <= now)
        .order_by(work.c.priority, work.c.due_at)
        .limit(limit)
    )
    lapsed = (
        sa.select(work.c.id).where(work.c.state == WorkState.RUNNING, work.c.lease_until < now).limit(limit)
    )
    with database.read() as session:
        connection = session.connection()
        return [*connection.execute(lapsed).scalars(), *connection.execute(due).scalars()][:limit]


def claim_work(database: Database, work_id: int, *, now: datetime, lease: timedelta) -> WorkItem | None:
    """Take a due (or lapsed) row for the length of the lease; None when somebody else has it."""
    due = sa.and_(work.c.state == WorkState.DUE, work.c.due_at <= now)
    return _claim(database, work.c.id == work_id, sa.or_(due, _lapsed(now)), now=now, lease=lease)


def claim_now(
    database: Database, kind: str, subject: str, *, now: datetime, lease: timedelta
) -> WorkItem | None:
    """Take this row before it is due; None when somebody has it, or when there is none."""
    this = sa.and_(work.c.kind == kind, work.c.subject == subject)
    free = sa.or_(work.c.state != WorkState.RUNNING, _lapsed(now))
    return _claim(database, this, free, now=now, lease=lease)


def _lapsed(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(work.c.state == WorkState.RUNNING, work.c.lease_until < now)


def _claim(
    database: Database,
    which: sa.ColumnElement[bool],
    free: sa.ColumnElement[bool],
    *,
    now: datetime,
    lease: timedelta,
) -> WorkItem | None:
    token = secrets.token_hex(8)
    taken = (
        sa.update(work)
        .where(which, free)
        .values(
            state=WorkState.RUNNING,
            lease_token=token,
            lease_until=now + lease,
            attempts=work.c.attempts + 1,
        )
        .returning(work.c.id, work.c.kind, work.c.subject, work.c.payload, work.c.attempts, work.c.wish)
    )
    with database.write() as session:
        row = session.connection().execute(taken).one_or_none()
    return None if row is None else WorkItem(**row._mapping, lease_token=token)


def extend_leases(database: Database, items: Sequence[WorkItem], *, until: datetime) -> None:
    """Say that these are still being worked on."""
    tokens = [item.lease_token for item in items]
    with database.write() as session:
        session.connection().execute(
            sa.update(work)
            .where(work.c.lease_token.in_(tokens), work.c.state == WorkState.RUNNING)
            .values(lease_until=until)
        )


def require_lease(session: Session, item: WorkItem) -> None:
    """Go on in the caller's transaction only while this piece of work is still this worker's.

    A process that stood still for longer than its lease (a suspended machine) wakes up with stale knowledge,
    while another has done the work. Raises TransientError then; the outcome is the other's to record.
    """
    held = sa.select(work.c.id).where(work.c.id == item.id, work.c.lease_token == item.lease_token)
    if session.connection().execute(held.with_for_update()).first() is None:
        raise TransientError("the lease was lost: another worker has taken this over")


def finish_work(database: Database, item: WorkItem, *, now: datetime) -> None:
    """Record that it is done; when it was asked for again meanwhile, it is due again."""
    asked_again = work.c.wish > item.wish
    _settle(
        database,
        item,
        state=sa.case((asked_again, WorkState.DUE.value), else_=WorkState.DONE.value),
        attempts=0,
        finished_at=now,
        last_error=None,
    )


def postpone_work(
    database: Database, item: WorkItem, *, until: datetime, error: str | None, attempts: int
) -> None:
    """Record that it is to be run again at `until`, or now when it was asked for again meanwhile."""
    asked_again = work.c.wish > item.wish
    _settle(
        database,
        item,
        state=WorkState.DUE.value,
        due_at=sa.case((asked_again, work.c.due_at), else_=until),
        attempts=attempts,
        last_error=error,
    )


def put_back_work(database: Database, item: WorkItem) -> None:
    """Let go of it: it is due when it was before it was claimed, or when it was asked for meanwhile."""
    _settle(database, item, state=WorkState.DUE.value, attempts=0, last_error=None)


def park_work(database: Database, item: WorkItem, *, error: str) -> None:
    """Record that a person has to look at it."""
    _settle(database, item, state=WorkState.PARKED.value, last_error=error)


def _settle(database: Database, item: WorkItem, **values: Any) -> None:
    """Write an outcome, unless the lease was lost to another worker in the meantime."""
    with database.write() as session:
        session.connection().execute(
            sa.update(work)
            .where(work.c.id == item.id, work.c.lease_token == item.lease_token)
            .values(lease_token=None, lease_until=None, **values)
        )


def payloads_before(database: Database, item: WorkItem) -> Sequence[dict[str, Any]]:
    """The payloads of older work of the same kind that is going to be tried (again) by itself."""
    waits = work.c.state.in_((WorkState.DUE, WorkState.RUNNING))
    older = sa.select(work.c.payload).where(work.c.kind == item.kind, work.c.id < item.id, waits)
    with database.read() as session:
        return list(session.connection().execute(older).scalars())


def list_work(database: Database, *, state: WorkState | None = None, limit: int = 200) -> list[WorkLine]:
    """Work as operators see it, newest first; without a state, all that is not done."""
    wanted = work.c.state == state if state else work.c.state != WorkState.DONE
    columns = [work.c[name] for name in WorkLine.__dataclass_fields__]
    with database.read() as session:
        rows = session.connection().execute(
            sa.select(*columns).where(wanted).order_by(work.c.id.desc()).limit(limit)
        )
        return [WorkLine(**row._mapping) for row in rows]


def retry_work(database: Database, *, work_id: int | None, now: datetime) -> int:
    """Make parked work due again: one row, or all of it. Returns how many."""
    parked = sa.update(work).where(work.c.state == WorkState.PARKED)
    if work_id is not None:
        parked = parked.where(work.c.id == work_id)
    with database.write() as session:
        done = session.connection().execute(parked.values(state=WorkState.DUE, due_at=now, attempts=0))
        return int(done.rowcount)
