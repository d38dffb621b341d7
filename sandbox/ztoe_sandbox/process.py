"""Starts a counterparty as a process of its own and waits until it accepts connections."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from queue import Empty, Queue
from types import TracebackType
from typing import Self

STOP_AT_EOF = (
    "ZTOE_SANDBOX_STOP_AT_EOF"  # read by ztoe_sandbox.serving, which would import Flask's server here
)


class CounterpartyFailed(RuntimeError):
    """The process ended or stayed silent; the text carries what it wrote to standard error."""


class Counterparty:
    """One simulated counterparty, `Counterparty("paperless", "--fault", "status=429#1")`, as a context manager.

    It takes a free port unless `--port` is among the arguments, keeps that port over `restart()`, and ends with this
    process even when this one is killed.
    """

    def __init__(self, name: str, *arguments: str, deadline: float = 30) -> None:
        self._name = name
        self._arguments = arguments
        self._deadline = deadline
        self._process: subprocess.Popen[str] | None = None
        self._addresses: dict[str, str] = {}
        self._lines: Queue[str] = Queue()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:N`, or `smtp://127.0.0.1:N` for mail."""
        return self._addresses["ready"]

    @property
    def inbox_url(self) -> str:
        """The inbox page of the mail server."""
        return self._addresses["inbox"]

    @property
    def port(self) -> int:
        """The port of `url`."""
        return _port_of(self.url)

    @property
    def pid(self) -> int | None:
        """The process id, None while it does not run."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Start it and return once it is ready; CounterpartyFailed when that takes longer than the deadline."""
        self._errors = tempfile.TemporaryFile(mode="w+", encoding="utf-8")  # noqa: SIM115 - closed by _forget
        self._lines = Queue()
        self._process = subprocess.Popen(  # noqa: S603 - our own command, arguments from a test or the demo
            [sys.executable, "-m", "ztoe_sandbox", self._name, *self._arguments, *self._ports()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, STOP_AT_EOF: "1"},
        )
        self._reader = threading.Thread(target=self._read_lines, args=(self._process,), daemon=True)
        self._reader.start()
        self._wait_until_ready()
        return self

    def stop(self) -> int | None:
        """End it as Ctrl-C would; the exit code, None when it was not running."""
        if self._process is None:
            return None
        self._process.terminate()
        return self._forget()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._forget()

    def restart(self) -> Self:
        """Start it again on the same port, stopping it first when it runs. Only `--state` survives."""
        self.stop()
        return self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _ports(self) -> list[str]:
        """The ports of the previous run, as the last word on the command line."""
        options = {"ready": "--port", "inbox": "--web-port"}
        return [
            word
            for key, address in self._addresses.items()
            for word in (options[key], str(_port_of(address)))
        ]

    def _read_lines(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        for line in process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _wait_until_ready(self) -> None:
        expected = {"ready", "inbox"} if self._name == "mail" else {"ready"}
        until = time.monotonic() + self._deadline
        seen: dict[str, str] = {}
        while not expected <= seen.keys():
            try:
                line = self._lines.get(timeout=max(0, until - time.monotonic()))
            except Empty:
                line = ""
            if not line:
                self._fail()
            word, _, address = line.strip().partition(" ")
            seen[word] = address
        self._addresses = seen

    def _fail(self) -> None:
        assert self._process is not None  # noqa: S101 - it was just started
        self._process.kill()
        self._process.wait()
        self._errors.seek(0)
        errors = self._errors.read()
        code = self._forget()
        raise CounterpartyFailed(f"{self._name} did not become ready (exit code {code}):\n{errors}")

    def _forget(self) -> int:
        """Wait for the end and close every pipe; a process that does not end in time is killed."""
        process, self._process = self._process, None
        assert process is not None  # noqa: S101 - callers have looked
        try:
            code = process.wait(self._deadline)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        self._reader.join()
        for pipe in (process.stdin, process.stdout, self._errors):
            if pipe is not None:
                pipe.close()
        return code


def _port_of(address: str) -> int:
    return int(address.rpartition(":")[2])
