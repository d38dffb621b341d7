"""The engine that needs nothing but the database: a thread pool over the work table."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from ztoe_hub import outbox
from ztoe_hub.outbox import WorkItem
from ztoe_hub.storage.database import Database

from .running import WorkRunner

log = logging.getLogger(__name__)


class EmbeddedEngine:
    """Looks for due work every `poll_s` seconds and runs up to `threads` pieces at once."""

    def __init__(
        self,
        database: Database,
        runner: WorkRunner,
        *,
        clock: Callable[[], datetime],
        lease: timedelta,
        threads: int,
        poll_s: float,
    ) -> None:
        self._database = database
        self._runner = runner
        self._clock = clock
        self._lease = lease
        self._threads = threads
        self._poll_s = poll_s
        self._held: dict[int, WorkItem] = {}
        self._lock = threading.Lock()
        runner.holding = self._holding

    def serve(self, stop: threading.Event) -> None:
        """Run work until `stop` is set; what is running then is finished first."""
        over = threading.Event()
        keeper = threading.Thread(target=self._keep_leases, args=(over,), name="leases", daemon=True)
        keeper.start()
        running: dict[int, Future[bool]] = {}
        with ThreadPoolExecutor(self._threads, thread_name_prefix="work") as pool:
            while not stop.is_set():
                running = {work_id: future for work_id, future in running.items() if not future.done()}
                started = self._start(pool, running)
                if not started:
                    stop.wait(self._poll_s)
        over.set()
        keeper.join()

    def drain(self) -> int:
        """Run what is due now, here, one after another, and return how many pieces. For tests and tools."""
        count = 0
        while ids := outbox.due_work(self._database, now=self._clock(), limit=100):
            count += sum(self._runner.run_work(work_id) for work_id in ids)
        return count

    def _start(self, pool: ThreadPoolExecutor, running: dict[int, Future[bool]]) -> int:
        free = self._threads - len(running)
        if free <= 0:
            return 0
        try:
            ids = outbox.due_work(self._database, now=self._clock(), limit=free + len(running))
        except SQLAlchemyError:
            log.exception("the work table cannot be read")
            return 0
        fresh = [work_id for work_id in ids if work_id not in running][:free]
        for work_id in fresh:
            running[work_id] = pool.submit(self._run, work_id)
        return len(fresh)

    def _run(self, work_id: int) -> bool:
        try:
            return self._runner.run_work(work_id)
        except SQLAlchemyError:
            log.exception("an outcome could not be recorded; the lease will lapse", extra={"work": work_id})
            return False

    @contextmanager
    def _holding(self, item: WorkItem) -> Iterator[None]:
        with self._lock:
            self._held[item.id] = item
        try:
            yield
        finally:
            with self._lock:
                del self._held[item.id]

    def _keep_leases(self, over: threading.Event) -> None:
        while not over.wait(self._lease.total_seconds() / 3):
            with self._lock:
                held = list(self._held.values())
            if not held:
                continue
            try:
                outbox.extend_leases(self._database, held, until=self._clock() + self._lease)
            except SQLAlchemyError:
                log.exception("leases could not be extended")
