"""The two commands: a server that stops cleanly, and a supervisor that keeps both processes going."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest

from ztoe_cabinet.commands import COMMANDS
from ztoe_cabinet.serving import address_of, make_server
from ztoe_cabinet.supervisor import Child, Supervisor

if TYPE_CHECKING:
    from webapp.tests.conftest import World

SLEEPER = "import time; time.sleep(60)"


def test_the_table_of_commands_imports_nothing_heavy() -> None:
    code = "import sys, ztoe_cabinet.commands; print([m for m in ('flask', 'sqlmodel', 'waitress') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
    assert [command.name for command in COMMANDS] == ["web", "run"]


def test_the_supervisor_imports_neither_flask_nor_the_hub() -> None:
    code = "import sys, ztoe_cabinet.supervisor; print([m for m in ('flask', 'sqlmodel', 'waitress') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(("proxies", "expected"), [(0, "127.0.0.1"), (1, "203.0.113.9")])
def test_forwarded_addresses_reach_the_cabinet_only_through_a_configured_proxy(
    make_world: Callable[..., World], proxies: int, expected: str
) -> None:
    world = make_world(proxies=proxies)
    seen: list[str | None] = []
    from flask import request

    world.app.before_request(lambda: seen.append(request.remote_addr))
    server = make_server(world.hub, port=0)
    server.application = world.app.wsgi_app
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    address = address_of(server)
    headers = {"X-Forwarded-For": "203.0.113.9"}
    with urlopen(Request(f"{address}/health/live", headers=headers), timeout=10) as answer:
        assert answer.read() == b"ok"
        assert answer.headers["Server"] is None
    server.trigger.pull_trigger(server.close)
    thread.join(10)
    server.task_dispatcher.shutdown()
    assert seen == [expected]


@pytest.fixture
def deployment(make_world: Callable[..., World]) -> Path:
    world = make_world()
    path = world.hub.settings.path
    text = path.read_text("utf-8")
    kept = text.partition("[billing.base]")[0]  # the fakes are not installed as plugins
    path.write_text(kept, "utf-8")
    world.hub.close()
    return path


def start(deployment: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ztoe_hub.cli.main", *arguments],
        env={**os.environ, "ZTOE_HUB_SETTINGS": str(deployment)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process: subprocess.Popen[str], begins: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(begins):
            return line.split()[-1]
    raise AssertionError(process.stderr and process.stderr.read())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_web_says_where_it_listens_and_stops_cleanly(deployment: Path, number: signal.Signals) -> None:
    with start(deployment, "web", "--port", "0") as process:
        address = wait_for(process, "ready http://")
        with urlopen(f"{address}/health/ready", timeout=10) as answer:
            assert answer.read() == b"ready"
        process.send_signal(number)
        process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.mark.slow
def test_run_keeps_both_going_and_takes_them_along(deployment: Path) -> None:
    with start(deployment, "run", "--port", "0") as process:
        first = wait_for(process, "ready http://")
        (web, *_) = children_of(process.pid, "web")
        os.kill(web, signal.SIGKILL)
        second = wait_for(process, "ready http://")
        assert second != first
        with urlopen(f"{second}/health/ready", timeout=10) as answer:
            assert answer.read() == b"ready"
        family = children_of(process.pid)
        assert len(family) == 2
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=40)
    assert process.returncode == 0
    assert "web died (signal 9); starting it again in 0.5 s" in errors
    assert not any(Path(f"/proc/{pid}").exists() for pid in family)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a parent-death signal is Linux's")
def test_children_go_even_when_the_supervisor_is_killed(deployment: Path) -> None:
    with start(deployment, "run", "--port", "0") as process:
        wait_for(process, "ready http://")
        family = children_of(process.pid)
        process.kill()
        process.communicate(timeout=20)
    assert eventually(lambda: not any(is_running(pid) for pid in family))


def test_a_wrong_configuration_is_not_tried_again(tmp_path: Path) -> None:
    process = start(tmp_path / "missing.toml", "run")
    _, errors = process.communicate(timeout=40)
    assert process.returncode == 2
    assert "missing.toml does not exist" in errors
    assert "again" not in errors


def supervise(
    commands: Sequence[str], told: list[str], **options: float
) -> tuple[Supervisor, threading.Thread]:
    children = [Child(f"child{place}", [sys.executable, "-c", code]) for place, code in enumerate(commands)]
    supervisor = Supervisor(children, tell=told.append, **options)  # type: ignore[arg-type]
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    return supervisor, thread


def test_restarts_back_off() -> None:
    told: list[str] = []
    supervisor, thread = supervise(["raise SystemExit(3)"], told)
    assert eventually(lambda: len(told) >= 2)
    supervisor.stop()
    thread.join(10)
    assert told[0] == "child0 died (exit status 3); starting it again in 0.5 s"
    assert told[1] == "child0 died (exit status 3); starting it again in 1 s"


def test_a_child_that_does_not_stop_is_killed_and_that_is_said(tmp_path: Path) -> None:
    told: list[str] = []
    mark = tmp_path / "deaf"
    deaf = f"import signal; signal.signal(15, signal.SIG_IGN); open({str(mark)!r}, 'w').close(); {SLEEPER}"
    supervisor, thread = supervise([deaf], told, stop_deadline_s=0.3)
    assert eventually(mark.exists)
    supervisor.stop()
    thread.join(10)
    assert told == ["child0 did not stop within 0.3 s and is killed"]


def children_of(pid: int, word: str = "") -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(each)
        for each in found
        if word in Path(f"/proc/{each}/cmdline").read_text().split("\0")[3:] or not word
    ]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(holds: Callable[[], bool], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False
