"""`ztoe-hub run`: the cabinet and a worker as two processes; whatever dies is started again."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
HEALTHY_AFTER_S = 60.0
STOP_DEADLINE_S = 15.0
LOOK_EVERY_S = 0.1
CONFIGURATION = 2  # the exit status that starting again cannot mend
PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """One process and its history."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0


@dataclass(slots=True)
class Supervisor:
    """Keeps its children running until it is told to stop. Children stop in the order in which they are given."""

    children: Sequence[Child]
    tell: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    stop_deadline_s: float = STOP_DEADLINE_S
    stopping: bool = False
    _status: int = field(default=0, init=False)

    def run(self) -> int:
        """The exit status: 0, or that of a child whose configuration is wrong."""
        try:
            while not self.stopping:
                for child in self.children:
                    self._look_after(child)
                time.sleep(LOOK_EVERY_S)
        finally:
            for child in self.children:
                self._stop(child)
        return self._status

    def stop(self) -> None:
        """Ask it to stop; safe to call from a signal handler."""
        self.stopping = True

    def _look_after(self, child: Child) -> None:
        now = self.clock()
        if child.process is None:
            if now >= child.start_at and not self.stopping:
                child.process = _start(child.command)
                child.started_at = now
            return
        status = child.process.poll()
        if status is not None:
            child.process = None
            self._plan_restart(child, status, now)

    def _plan_restart(self, child: Child, status: int, now: float) -> None:
        if status == CONFIGURATION:
            self.tell(f"{child.name} cannot start: see above")
            self._status = CONFIGURATION
            self.stopping = True
            return
        child.failures = 1 if now - child.started_at >= HEALTHY_AFTER_S else child.failures + 1
        wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(child.failures - 1, 10))
        child.start_at = now + wait
        self.tell(f"{child.name} died ({_ending(status)}); starting it again in {wait:g} s")

    def _stop(self, child: Child) -> None:
        process, child.process = child.process, None
        if process is None or process.poll() is not None:
            return
        _signal_group(process, signal.SIGTERM)
        try:
            process.wait(self.stop_deadline_s)
        except subprocess.TimeoutExpired:
            self.tell(f"{child.name} did not stop within {self.stop_deadline_s:g} s and is killed")
            _signal_group(process, signal.SIGKILL)
            process.wait()


def run(host: str | None = None, port: int | None = None) -> None:
    """Run the cabinet and a worker until SIGINT or SIGTERM, starting again what dies."""
    options = [
        *(["--host", host] if host is not None else []),
        *(["--port", str(port)] if port is not None else []),
    ]
    children = [
        Child("web", _ourselves("web", *options)),
        Child("work", _ourselves("work")),
    ]
    supervisor = Supervisor(children, tell=_tell)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: supervisor.stop())
    if status := supervisor.run():
        sys.exit(status)


def _ourselves(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ztoe_hub.cli.main", *arguments]


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """In a group of its own, so that Ctrl-C reaches us alone; it dies with us even when we are killed."""
    if sys.platform != "linux":
        return subprocess.Popen(command, start_new_session=True)  # noqa: S603  our own command line
    parent, libc = os.getpid(), ctypes.CDLL(None, use_errno=True)

    def die_with_parent() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)

    return subprocess.Popen(command, start_new_session=True, preexec_fn=die_with_parent)  # noqa: S603


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _ending(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def _tell(text: str) -> None:
    sys.stderr.write(f"ztoe-hub: {text}\n")
    sys.stderr.flush()
