"""`ztoe-hub demo`: plays the whole story by itself, and starts and stops cleanly for a person."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]
DEMO = [sys.executable, "-m", "ztoe_hub.cli.main", "demo"]
STATES = ("Прийнято", "Зареєстровано", "Сформовано рахунок", "Сплановано дату", "Виконано")


def five_free_ports() -> int:
    """The first of five ports in a row that nobody uses now; other test runs on this machine look elsewhere."""
    start = 20_000 + os.getpid() * 5 % 9_000
    for first in range(start, start + 2_000, 5):
        try:
            for port in range(first, first + 5):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")


def test_the_check_plays_the_whole_story(tmp_path: Path) -> None:
    done = subprocess.run(
        [*DEMO, "--check", "--port", str(five_free_ports())],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything is as it should be." in done.stdout
    for state in STATES:
        assert state in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_stops_everything_and_leaves_no_process(tmp_path: Path) -> None:
    port = five_free_ports()
    process = subprocess.Popen(
        [*DEMO, "--port", str(port), "--folder", str(tmp_path / "hub")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    assert process.stdout is not None
    with process.stdout as output:
        try:
            for line in output:
                said.append(line)
                if "Ctrl-C" in line:
                    break
            else:
                pytest.fail("the demonstration did not start:\n" + "".join(said))
            for offset in (0, 1, 2, 4):
                with httpx.Client(trust_env=False) as client:
                    assert client.get(f"http://127.0.0.1:{port + offset}/").status_code in (200, 302)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0

    until = time.monotonic() + 10
    while time.monotonic() < until and any(is_open(port + offset) for offset in range(5)):
        time.sleep(0.1)
    assert [offset for offset in range(5) if is_open(port + offset)] == []


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
