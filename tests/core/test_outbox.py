"""The outbox: one row a wish, leases that are fenced, and what operators see and do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ztoe_hub import outbox
from ztoe_hub.storage.database import Database
from ztoe_hub.storage.states import WorkState
from ztoe_hub.testing.clocks import FrozenClock

LEASE = timedelta(seconds=30)


def ask(
    database: Database,
    clock: FrozenClock,
    subject: object = "1",
    *,
    after: timedelta = timedelta(0),
    priority: int = outbox.USUAL,
) -> int:
    """Ask for work of the kind `try` and return its id."""
    with database.write() as session:
        outbox.add_work(session, "try", subject, now=clock(), due_at=clock() + after, priority=priority)
    return next(row.id for row in outbox.list_work(database) if row.subject == str(subject))


def claim(database: Database, clock: FrozenClock, work_id: int) -> outbox.WorkItem:
    item = outbox.claim_work(database, work_id, now=clock(), lease=LEASE)
    assert item is not None
    return item


def states(database: Database) -> list[WorkState]:
    return [row.state for state in WorkState for row in outbox.list_work(database, state=state)]


def test_work_that_is_asked_for_twice_is_one_row(database: Database, clock: FrozenClock) -> None:
    assert ask(database, clock) == ask(database, clock)
    assert states(database) == [WorkState.DUE]


def test_the_earlier_time_counts(database: Database, clock: FrozenClock) -> None:
    ask(database, clock, after=timedelta(hours=2))
    ask(database, clock, after=timedelta(hours=1))
    ask(database, clock, after=timedelta(hours=3))
    [row] = outbox.list_work(database)
    assert row.due_at == clock() + timedelta(hours=1)


def test_work_is_part_of_the_transaction_it_belongs_to(database: Database, clock: FrozenClock) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as session:  # noqa: PT012
        outbox.add_work(session, "try", 1, now=clock())
        1 / 0  # noqa: B018
    assert outbox.list_work(database) == []


def test_work_can_be_claimed_once(database: Database, clock: FrozenClock) -> None:
    work_id = ask(database, clock)
    item = claim(database, clock, work_id)
    assert (item.kind, item.subject, item.attempts) == ("try", "1", 1)
    assert outbox.claim_work(database, work_id, now=clock(), lease=LEASE) is None
    assert outbox.due_work(database, now=clock(), limit=9) == []


def test_work_cannot_be_claimed_before_it_is_due(database: Database, clock: FrozenClock) -> None:
    work_id = ask(database, clock, after=timedelta(minutes=1))
    assert outbox.due_work(database, now=clock(), limit=9) == []
    assert outbox.claim_work(database, work_id, now=clock(), lease=LEASE) is None
    clock.advance(minutes=1)
    assert outbox.due_work(database, now=clock(), limit=9) == [work_id]


def test_done_work_is_not_run_again_by_itself(database: Database, clock: FrozenClock) -> None:
    outbox.finish_work(database, claim(database, clock, ask(database, clock)), now=clock())
    clock.advance(days=1)
    assert outbox.due_work(database, now=clock(), limit=9) == []
    assert outbox.list_work(database) == []
    assert states(database) == [WorkState.DONE]


@pytest.mark.parametrize("outcome", ["finish", "postpone"])
def test_work_that_is_asked_for_while_it_runs_is_run_again(
    database: Database, clock: FrozenClock, outcome: str
) -> None:
    item = claim(database, clock, ask(database, clock))
    assert ask(database, clock) == item.id
    if outcome == "finish":
        outbox.finish_work(database, item, now=clock())
    else:
        later = clock() + timedelta(hours=1)
        outbox.postpone_work(database, item, until=later, error=None, attempts=0)
    assert outbox.due_work(database, now=clock(), limit=9) == [item.id]


@pytest.mark.parametrize("end", ["done", "parked"])
def test_work_that_has_ended_is_due_when_it_is_asked_for_again(
    database: Database, clock: FrozenClock, end: str
) -> None:
    item = claim(database, clock, ask(database, clock))
    if end == "done":
        outbox.finish_work(database, item, now=clock())
    else:
        outbox.park_work(database, item, error="no")
    ask(database, clock)
    assert claim(database, clock, item.id).attempts == 1


def test_a_lapsed_lease_is_taken_over_and_its_old_holder_is_not_heard(
    database: Database, clock: FrozenClock
) -> None:
    dead = claim(database, clock, ask(database, clock))
    clock.advance(seconds=31)
    assert outbox.due_work(database, now=clock(), limit=9) == [dead.id]
    alive = claim(database, clock, dead.id)
    assert alive.attempts == 2

    outbox.finish_work(database, dead, now=clock())
    outbox.park_work(database, dead, error="from the grave")
    outbox.postpone_work(database, dead, until=clock(), error=None, attempts=0)
    outbox.extend_leases(database, [dead], until=clock() + timedelta(days=1))
    assert states(database) == [WorkState.RUNNING]
    clock.advance(seconds=31)
    assert outbox.due_work(database, now=clock(), limit=9) == [dead.id]

    outbox.finish_work(database, alive, now=clock())
    assert states(database) == [WorkState.DONE]


def test_a_lease_that_is_extended_stays(database: Database, clock: FrozenClock) -> None:
    item = claim(database, clock, ask(database, clock))
    clock.advance(seconds=20)
    outbox.extend_leases(database, [item], until=clock() + LEASE)
    clock.advance(seconds=20)
    assert outbox.due_work(database, now=clock(), limit=9) == []
    assert outbox.claim_work(database, item.id, now=clock(), lease=LEASE) is None


def test_the_urgent_goes_first_and_then_the_older(database: Database, clock: FrozenClock) -> None:
    bulk = ask(database, clock, "bulk", priority=outbox.BULK)
    clock.advance(seconds=1)
    late, urgent = ask(database, clock, "late"), ask(database, clock, "u", priority=outbox.PERSON_WAITS)
    early = ask(database, clock, "early", after=timedelta(seconds=-1))
    assert outbox.due_work(database, now=clock(), limit=9) == [urgent, early, late, bulk]
    assert outbox.due_work(database, now=clock(), limit=2) == [urgent, early]


def test_a_dead_workers_row_is_not_starved_by_new_ones(database: Database, clock: FrozenClock) -> None:
    dead = claim(database, clock, ask(database, clock, "dead", priority=outbox.BULK))
    clock.advance(minutes=1)
    for number in range(5):
        ask(database, clock, number, priority=outbox.PERSON_WAITS)
    assert dead.id in outbox.due_work(database, now=clock(), limit=2)


def test_parked_work_can_be_retried_alone_or_together(database: Database, clock: FrozenClock) -> None:
    ids = [ask(database, clock, number) for number in range(3)]
    for work_id in ids:
        outbox.park_work(database, claim(database, clock, work_id), error=f"reason {work_id}")
    assert {row.last_error for row in outbox.list_work(database, state=WorkState.PARKED)} == {
        f"reason {work_id}" for work_id in ids
    }

    assert outbox.retry_work(database, work_id=ids[1], now=clock()) == 1
    assert outbox.retry_work(database, work_id=ids[1], now=clock()) == 0
    assert outbox.due_work(database, now=clock(), limit=9) == [ids[1]]
    assert outbox.retry_work(database, work_id=None, now=clock()) == 2
    assert claim(database, clock, ids[0]).attempts == 1


def test_recurring_rows_are_made_kept_and_removed(database: Database, clock: FrozenClock) -> None:
    later = clock() + timedelta(hours=1)
    with database.write() as session:
        outbox.schedule_work(session, [("poll", "a", clock()), ("poll", "b", clock())], ["poll", "tidy"])
        outbox.add_work(session, "other", "a", now=clock())
    with database.write() as session:
        outbox.schedule_work(session, [("poll", "b", later), ("tidy", "x", later)], ["poll", "tidy"])
    rows = {(row.kind, row.subject): row.due_at for row in outbox.list_work(database)}
    assert rows == {("poll", "b"): clock(), ("tidy", "x"): later, ("other", "a"): clock()}
