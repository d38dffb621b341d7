"""run_work: what each outcome and each error does to the row."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from ztoe_hub import outbox
from ztoe_hub.engine.running import LONGEST_RETRY_S, MOST_ATTEMPTS, MOST_SURPRISES, WorkKind, WorkRunner
from ztoe_hub.errors import (
    HubError,
    ItemRejected,
    NotFound,
    OperatorNeeded,
    OutcomeUnknown,
    ProviderMisconfigured,
    TransientError,
    UnexpectedAnswer,
)
from ztoe_hub.outbox import Again, WorkItem
from ztoe_hub.outgoing import request_id
from ztoe_hub.storage.database import Database
from ztoe_hub.storage.states import WorkState
from ztoe_hub.testing.clocks import FrozenClock

LEASE, HOUR = timedelta(seconds=30), timedelta(hours=1)
Handler = Callable[[WorkItem], Again | None]


class Bench:
    """One row of work and the handler that runs it; the kind `recurring` comes back every ten minutes."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self.database = database
        self.clock = clock
        self.handler: Handler = lambda _: None
        kinds = {
            "once": WorkKind(handler=lambda item: self.handler(item)),
            "recurring": WorkKind(handler=lambda item: self.handler(item), every=timedelta(minutes=10)),
        }
        self.runner = WorkRunner(database, kinds, clock=clock, lease=LEASE)

    def ask(self, kind: str = "once") -> int:
        with self.database.write() as session:
            outbox.add_work(session, kind, 1, now=self.clock())
        return next(row.id for row in outbox.list_work(self.database) if row.kind == kind)

    def fail_with(self, error: BaseException) -> None:
        def handler(_: WorkItem) -> None:
            raise error

        self.handler = handler

    def row(self) -> outbox.WorkLine:
        [row] = [row for state in WorkState for row in outbox.list_work(self.database, state=state)]
        return row

    def wait(self) -> timedelta:
        """How long until the row is due."""
        return self.row().due_at - self.clock()

    def run_when_due(self, work_id: int) -> None:
        self.clock.advance(seconds=max(0.0, self.wait().total_seconds()))
        assert self.runner.run_work(work_id)


@pytest.fixture
def bench(database: Database, clock: FrozenClock) -> Bench:
    return Bench(database, clock)


def test_what_succeeds_is_done(bench: Bench) -> None:
    work_id = bench.ask()
    assert bench.runner.run_work(work_id)
    assert not bench.runner.run_work(work_id)
    assert bench.row().state is WorkState.DONE


def test_what_is_not_over_comes_again(bench: Bench) -> None:
    bench.handler = lambda _: Again(HOUR)
    bench.runner.run_work(bench.ask())
    assert (bench.row().state, bench.wait(), bench.row().attempts) == (WorkState.DUE, HOUR, 0)


def test_recurring_work_comes_again_by_itself(bench: Bench) -> None:
    bench.runner.run_work(bench.ask("recurring"))
    assert (bench.row().state, bench.wait()) == (WorkState.DUE, timedelta(minutes=10))


@pytest.mark.parametrize("error", [TransientError("away"), OutcomeUnknown("lost")])
def test_what_may_succeed_later_is_tried_again_ever_later_up_to_an_hour(
    bench: Bench, error: HubError
) -> None:
    bench.fail_with(error)
    work_id = bench.ask()
    waits = []
    for _ in range(20):
        bench.run_when_due(work_id)
        waits.append(bench.wait().total_seconds())
    assert bench.row().last_error == str(error)
    for place, wait in enumerate(waits):
        usual = min(LONGEST_RETRY_S, 2.0 * 2**place)
        assert usual * 0.75 <= wait <= usual * 1.25


def test_what_never_succeeds_is_parked_in_the_end(bench: Bench) -> None:
    bench.fail_with(TransientError("away"))
    work_id = bench.ask()
    for _ in range(MOST_ATTEMPTS):
        assert bench.row().state is WorkState.DUE
        bench.run_when_due(work_id)
    assert (bench.row().state, bench.row().last_error) == (WorkState.PARKED, "away")


def test_the_providers_own_hint_is_honoured(bench: Bench) -> None:
    bench.fail_with(TransientError("busy", retry_after_s=7200))
    bench.runner.run_work(bench.ask())
    assert bench.wait() == timedelta(seconds=7200)


@pytest.mark.parametrize("hint", [1e9, 1e30, float("inf")])
def test_an_absurd_hint_does_not_put_work_off_for_ever(bench: Bench, hint: float) -> None:
    bench.fail_with(TransientError("busy", retry_after_s=hint))
    assert bench.runner.run_work(bench.ask())
    assert bench.row().state is WorkState.DUE
    assert timedelta(0) < bench.wait() <= timedelta(days=1)


@pytest.mark.parametrize(
    "error",
    [
        ItemRejected("too large"),
        OperatorNeeded("no reader"),
        ProviderMisconfigured("refused"),
        UnexpectedAnswer("HTML"),
        NotFound("немає"),
    ],
)
def test_what_a_person_must_mend_is_parked_with_the_reason(bench: Bench, error: HubError) -> None:
    bench.fail_with(error)
    bench.runner.run_work(bench.ask())
    assert (bench.row().state, bench.row().last_error) == (WorkState.PARKED, str(error))


def test_a_surprise_is_logged_tried_again_and_parked_in_the_end(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.fail_with(KeyError("personal data"))
    work_id = bench.ask()
    with caplog.at_level(logging.ERROR):
        for _ in range(MOST_SURPRISES):
            assert bench.row().state is WorkState.DUE
            bench.run_when_due(work_id)
    assert bench.row().state is WorkState.PARKED
    assert bench.row().last_error == f"KeyError: see the log of work {work_id}"
    assert len([record for record in caplog.records if record.exc_info]) == MOST_SURPRISES


@pytest.mark.parametrize("error", [OperatorNeeded("no"), ItemRejected("no"), ValueError("no")])
def test_recurring_work_is_never_parked(bench: Bench, error: Exception) -> None:
    bench.fail_with(error)
    work_id = bench.ask("recurring")
    for _ in range(MOST_SURPRISES + 2):
        bench.run_when_due(work_id)
        assert bench.row().state is WorkState.DUE
    bench.handler = lambda _: None
    bench.run_when_due(work_id)
    assert (bench.row().last_error, bench.wait()) == (None, timedelta(minutes=10))


def test_a_success_forgets_earlier_failures(bench: Bench) -> None:
    bench.fail_with(TransientError("away"))
    work_id = bench.ask()
    bench.runner.run_work(work_id)
    bench.handler = lambda _: Again(HOUR)
    bench.run_when_due(work_id)
    assert (bench.row().attempts, bench.row().last_error) == (0, None)


def test_work_of_an_unknown_kind_is_parked(bench: Bench) -> None:
    with bench.database.write() as session:
        outbox.add_work(session, "from a later version", 1, now=bench.clock())
    assert bench.runner.run_work(bench.row().id)
    assert bench.row().state is WorkState.PARKED
    assert "from a later version" in str(bench.row().last_error)


def test_a_worker_that_dies_leaves_its_row_to_the_next(bench: Bench) -> None:
    class Killed(BaseException):
        pass

    bench.fail_with(Killed())
    work_id = bench.ask()
    with pytest.raises(Killed):
        bench.runner.run_work(work_id)
    assert bench.row().state is WorkState.RUNNING
    bench.handler = lambda _: None
    assert not bench.runner.run_work(work_id)
    bench.clock.advance(seconds=31)
    assert bench.runner.run_work(work_id)
    assert bench.row().state is WorkState.DONE


def test_two_holders_of_one_row_in_one_process_do_not_disturb_each_other(bench: Bench) -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(item: WorkItem) -> None:
        if item.attempts == 1:
            started.set()
            assert go_on.wait(10)

    bench.handler = slow
    work_id = bench.ask()
    failures: list[BaseException] = []

    def run_slowly() -> None:
        try:
            bench.runner.run_work(work_id)
        except BaseException as error:  # noqa: BLE001  the test looks at it
            failures.append(error)

    thread = threading.Thread(target=run_slowly)
    thread.start()
    assert started.wait(10)
    bench.clock.advance(seconds=31)  # the lease lapses before it is extended
    assert bench.runner.run_work(work_id)
    go_on.set()
    thread.join(10)
    assert failures == []
    assert bench.row().state is WorkState.DONE


def test_what_runs_is_known_by_its_request_id(bench: Bench) -> None:
    seen: list[str | None] = []
    bench.handler = lambda _: seen.append(request_id.get())
    work_id = bench.ask()
    bench.runner.run_work(work_id)
    assert seen == [f"work-{work_id}-1"]
    assert request_id.get() is None


def test_running_by_hand_is_refused_beside_a_running_one(bench: Bench) -> None:
    refused: list[bool] = []

    def handler(_: WorkItem) -> None:
        refused.append(bench.runner.run_here("recurring", "1", lambda _: None))

    bench.handler = handler
    bench.runner.run_work(bench.ask("recurring"))
    assert refused == [False]


def test_running_by_hand_needs_no_row_and_leaves_one_that_is_due_as_usual(bench: Bench) -> None:
    ran: list[str] = []
    assert bench.runner.run_here("recurring", "new", lambda item: ran.append(item.subject))
    assert ran == ["new"]
    assert (bench.row().state, bench.wait()) == (WorkState.DUE, timedelta(minutes=10))


def test_an_error_by_hand_is_seen_by_whoever_asked_and_the_row_stays_due(bench: Bench) -> None:
    def call(_: WorkItem) -> None:
        raise TransientError("away")

    with pytest.raises(TransientError):
        bench.runner.run_here("recurring", "1", call)
    assert bench.row().state is WorkState.DUE
    assert bench.runner.run_here("recurring", "1", lambda _: None)
