"""The embedded engine: many rows in threads, leases of long work, a clean stop, several processes on one table."""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from ztoe_hub import outbox
from ztoe_hub.engine.embedded import EmbeddedEngine
from ztoe_hub.engine.running import WorkKind, WorkRunner
from ztoe_hub.outbox import WorkItem
from ztoe_hub.storage.database import Database, open_database
from ztoe_hub.storage.states import WorkState
from ztoe_hub.testing.clocks import FrozenClock

Handler = Callable[[WorkItem], None]
LONG = 20.0  # seconds that no test needs


def now() -> datetime:
    return datetime.now(UTC)


def engine_of(
    database: Database, handler: Handler, *, lease_s: float = 30.0, threads: int = 4
) -> EmbeddedEngine:
    runner = WorkRunner(
        database, {"try": WorkKind(handler=handler)}, clock=now, lease=timedelta(seconds=lease_s)
    )
    return EmbeddedEngine(database, runner, clock=now, threads=threads, poll_s=0.02)


def ask(database: Database, *subjects: object) -> None:
    with database.write() as session:
        for subject in subjects:
            outbox.add_work(session, "try", subject, now=now())


def count(database: Database, state: WorkState) -> int:
    return len(outbox.list_work(database, state=state, limit=10_000))


def until(condition: Callable[[], bool]) -> None:
    """Wait for it, looking often; a test that waits in vain fails."""
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        threading.Event().wait(0.01)


@contextmanager
def serving(engine: EmbeddedEngine) -> Iterator[threading.Event]:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(engine.serve, stop)
        try:
            yield stop
        finally:
            stop.set()
            served.result(LONG)


def test_many_rows_are_run_once_each_by_several_threads(database: Database) -> None:
    ran: Counter[str] = Counter()
    together = threading.Barrier(4)
    names: set[str] = set()

    def handler(item: WorkItem) -> None:
        if item.subject in {"0", "1", "2", "3"}:
            together.wait(LONG)  # four at once, or this breaks
        ran[item.subject] += 1
        names.add(threading.current_thread().name)

    ask(database, *range(100))
    with serving(engine_of(database, handler)):
        until(lambda: count(database, WorkState.DONE) == 100)
    assert set(ran.values()) == {1}
    assert len(ran) == 100
    assert len(names) == 4


def test_work_that_comes_later_is_found(database: Database) -> None:
    ran: list[str] = []
    with serving(engine_of(database, lambda item: ran.append(item.subject))):
        ask(database, "a")
        until(lambda: ran == ["a"])
        ask(database, "b")
        until(lambda: ran == ["a", "b"])


def test_long_work_keeps_its_lease(database: Database) -> None:
    starts: list[int] = []
    go_on = threading.Event()

    def handler(item: WorkItem) -> None:
        starts.append(item.attempts)
        assert go_on.wait(LONG)

    ask(database, "long")
    first, second = (engine_of(database, handler, lease_s=0.3) for _ in range(2))
    with serving(first), serving(second):
        until(lambda: bool(starts))
        threading.Event().wait(1.0)  # more than three leases: there is nothing to wait for, only time
        go_on.set()
        until(lambda: count(database, WorkState.DONE) == 1)
    assert starts == [1]


def test_the_row_of_a_dead_worker_goes_to_a_living_one(database: Database) -> None:
    ask(database, "orphan")
    [work_id] = outbox.due_work(database, now=now(), limit=1)
    outbox.claim_work(database, work_id, now=now(), lease=timedelta(seconds=0.2))
    attempts: list[int] = []
    with serving(engine_of(database, lambda item: attempts.append(item.attempts))):
        until(lambda: attempts == [2])


def test_stopping_finishes_what_runs_and_starts_nothing_new(database: Database) -> None:
    started, go_on = threading.Event(), threading.Event()
    ran: list[str] = []

    def handler(item: WorkItem) -> None:
        started.set()
        assert go_on.wait(LONG)
        ran.append(item.subject)

    ask(database, *range(10))
    with serving(engine_of(database, handler, threads=1)) as stop:
        assert started.wait(LONG)
        stop.set()
        go_on.set()
    assert ran == ["0"]
    assert (count(database, WorkState.DONE), count(database, WorkState.DUE)) == (1, 9)
    assert count(database, WorkState.RUNNING) == 0


def test_one_row_that_fails_disturbs_no_other(database: Database) -> None:
    def handler(item: WorkItem) -> None:
        if item.subject == "bad":
            raise ValueError("whatever")

    ask(database, "bad", *range(20))
    with serving(engine_of(database, handler)):
        until(lambda: count(database, WorkState.DONE) == 20)
    assert count(database, WorkState.DUE) == 1


def test_a_database_that_is_away_for_a_moment_stops_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    ask(database, "a")
    ran: list[str] = []
    engine = engine_of(database, lambda item: ran.append(item.subject))
    away = database.engine.url.database or ""
    hidden = Path(f"{away}.hidden")
    database.close()
    Path(away).rename(hidden)
    Path(away).mkdir()  # not a database
    with caplog.at_level(logging.ERROR), serving(engine):
        until(lambda: "the work table cannot be read" in caplog.text)
        Path(away).rmdir()
        hidden.rename(away)
        until(lambda: ran == ["a"])


def test_draining_runs_what_is_due_and_what_that_brings_and_nothing_else(
    database: Database, clock: FrozenClock
) -> None:
    def handler(item: WorkItem) -> None:
        if item.subject == "first":
            with database.write() as session:
                outbox.add_work(session, "try", "second", now=clock())
                outbox.add_work(session, "try", "later", now=clock(), due_at=clock() + timedelta(seconds=1))

    runner = WorkRunner(
        database, {"try": WorkKind(handler=handler)}, clock=clock, lease=timedelta(seconds=30)
    )
    engine = EmbeddedEngine(database, runner, clock=clock, threads=1, poll_s=1)
    with database.write() as session:
        outbox.add_work(session, "try", "first", now=clock())
    assert engine.drain() == 2
    assert engine.drain() == 0
    assert [row.subject for row in outbox.list_work(database)] == ["later"]


def _work_in_a_process(url: str, folder: str, number: int) -> None:
    """A worker process: each run adds a line to its own file; it stops when nothing is left to do."""
    database = open_database(url)
    mine = Path(folder) / f"{number}.ran"

    def handler(item: WorkItem) -> None:
        with mine.open("a") as file:
            file.write(f"{item.subject}\n")
        with database.write() as session:  # a handler writes too
            outbox.add_work(session, "never run", item.subject, now=now() + timedelta(days=1))

    engine = engine_of(database, handler, threads=3)
    errors: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            errors.append(f"{record.getMessage()} {record.exc_info}")

    logging.getLogger("ztoe_hub").addHandler(Collect())
    try:
        with serving(engine):
            until(lambda: not outbox.due_work(database, now=now(), limit=1))
    except OperationalError as error:
        errors.append(str(error))
    (Path(folder) / f"{number}.errors").write_text("\n".join(errors))
    database.close()


@pytest.mark.slow
def test_three_processes_run_each_row_exactly_once(database: Database, tmp_path: Path) -> None:
    rows = 300
    ask(database, *range(rows))
    url = database.engine.url.render_as_string(hide_password=False)
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(target=_work_in_a_process, args=(url, str(tmp_path), number)) for number in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert [file.read_text() for file in tmp_path.glob("*.errors")] == ["", "", ""]
    ran = Counter(line for file in tmp_path.glob("*.ran") for line in file.read_text().split())
    assert len(ran) == rows
    assert set(ran.values()) == {1}
    done = outbox.list_work(database, state=WorkState.DONE, limit=10_000)
    assert len(done) == rows
