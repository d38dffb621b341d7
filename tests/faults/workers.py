"""A worker process that can be killed, frozen and ended."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from ztoe_demo.deployment import Deployment

from .waiting import wait_for

STOP_WITHIN_S = 20


class Worker:
    """`ztoe-hub work`, ready."""

    def __init__(self, deployment: Deployment, log: Path, *, is_usual: bool) -> None:
        self.is_usual = is_usual
        self._log = log
        self._process: subprocess.Popen[bytes] = deployment.start("work", log=log)
        try:
            wait_for(self._is_ready, "the worker becomes ready", report=self.log)
        except BaseException:
            self.kill()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def log(self) -> str:
        """The end of what it has said."""
        return self._log.read_text("utf-8", errors="replace")[-4000:]

    def kill(self) -> None:
        """kill -9, frozen or not."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """It stays, and does nothing: not even keep its leases."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._process.send_signal(signal.SIGCONT)

    def thaw_and_finish(self) -> None:
        """It goes on with what it was at, finishes it and ends."""
        self._process.send_signal(signal.SIGTERM)
        self._process.send_signal(signal.SIGCONT)
        assert self._process.wait(STOP_WITHIN_S) == 0, self.log()

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, f"the worker ended:\n{self.log()}"
        return "ready work" in self.log()
