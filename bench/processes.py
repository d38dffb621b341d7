"""Processes under measurement: their CPU time, their peak memory, and servers that say when they are ready."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
STOP_WITHIN_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that accepts connections."""

    url: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one finished command took. `cpu_s` is user and system time."""

    wall_s: float
    cpu_s: float
    output: str


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours, with the repository on the path, so that children find `bench`."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **(changes or {})}


def cpu_seconds(pid: int) -> float:
    """User and system time of a running process so far, all threads; a resolution of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def peak_mb() -> float:
    """The largest resident size of this process so far; ru_maxrss would begin with the parent's."""
    return _memory_mb("VmHWM:")


def resident_mb() -> float:
    """The resident size of this process now."""
    return _memory_mb("VmRSS:")


def _memory_mb(name: str) -> float:
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise LookupError(f"the kernel tells no {name}")


def run_command(command: Sequence[str], env: Mapping[str, str] | None = None) -> Run:
    """Run it to its end. Raises RuntimeError with its standard error when it fails."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment(env), cwd=ROOT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            raise RuntimeError(
                f"{' '.join(command)} ended with {process.returncode}:\n{errors.read()[-3000:]}"
            )
        return Run(wall_s=wall_s, cpu_s=usage.ru_utime + usage.ru_stime, output=output.read())


@contextmanager
def serving(command: Sequence[str], env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server that prints `ready URL`, stopped at the end."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment(env),
            cwd=ROOT,
        )
        assert process.stdout is not None
        try:
            word, _, url = process.stdout.readline().strip().partition(" ")
            if word != "ready":
                errors.seek(0)
                raise RuntimeError(f"{' '.join(command)} did not become ready:\n{errors.read()[-3000:]}")
            yield Server(url=url, pid=process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


def hub_command(*arguments: str) -> list[str]:
    """A `ztoe-hub` command of this interpreter."""
    return [sys.executable, "-m", "ztoe_hub.cli.main", *arguments]


def bench_command(module: str, *arguments: str) -> list[str]:
    """A module of this package as a process."""
    return [sys.executable, "-m", f"bench.{module}", *arguments]
