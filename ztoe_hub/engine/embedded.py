"""The engine that needs nothing but the database: a thread pool over the work table."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from ztoe_hub import outbox
from ztoe_hub.storage.database import Database

from .running import WorkRunner

log = logging.getLogger(__name__)

PAUSE_S = 1.0  # after a failure of the database, which would fail again at once (a full disk)


class EmbeddedEngine:
    """Looks for due work every `poll_s` seconds and runs up to `threads` pieces at once."""

    def __init__(
        self,
        database: Database,
        runner: WorkRunner,
        *,
        clock: Callable[[], datetime],
        threads: int,
        poll_s: float,
    ) -> None:
        self._database = database
        self._runner = runner
        self._clock = clock
        self._threads = threads
        self._poll_s = poll_s

    def serve(self, stop: threading.Event) -> None:
        """Run work until `stop` is set; what is running then is finished first."""
        running: dict[int, Future[bool]] = {}
        with ThreadPoolExecutor(self._threads, thread_name_prefix="work") as pool:
            while not stop.is_set():
                running = {work_id: future for work_id, future in running.items() if not future.done()}
                started = self._start(pool, running)
                if not started:
                    stop.wait(self._poll_s)

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
        except Exception:
            log.exception("an outcome could not be recorded; the lease will lapse", extra={"work": work_id})
            time.sleep(PAUSE_S)
            return False
