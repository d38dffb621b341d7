"""Faults over real sockets, and the processes that play them."""

import signal
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from ztoe_sandbox.faults import Fault, Faults
from ztoe_sandbox.process import Counterparty, CounterpartyFailed

LOGIN = "/api2/checked/login"


@pytest.mark.parametrize(
    ("written", "subject", "hit"),
    [
        ("status=500", "GET/anything", True),
        ("status=500@/api2/checked/upload", "POST/api2/checked/upload", True),
        ("status=500@/api2/checked/upload", "POST/api2/checked/share/1", False),
        ("status=500@POST/api2/checked/share", "POST/api2/checked/share/1", True),
        ("status=500@POST/api2/checked/share", "GET/api2/checked/share/1", False),
    ],
)
def test_a_fault_is_scoped_by_method_and_path(written: str, subject: str, hit: bool) -> None:
    assert (Faults([written]).take("status", subject) == "500") is hit


def test_a_fault_counts_down() -> None:
    faults = Faults(["status=429#2"])
    assert [faults.take("status") for _ in range(3)] == ["429", "429", None]
    assert faults.as_json()[0]["used"] == 2


@pytest.mark.parametrize(
    "written", ["status", "status=abc", "sttus=500", "lost=yes", "status=500#0", "delay=-1"]
)
def test_a_misspelt_fault_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="fault"):
        Faults([written])


def test_faults_of_one_name_are_removed() -> None:
    faults = Faults(["status=500", "delay=1"])
    faults.add(Fault(name="html", value="1"))
    faults.remove("delay")
    assert [each["name"] for each in faults.as_json()] == ["status", "html"]
    faults.remove()
    assert faults.as_json() == []


def test_a_status_is_answered_instead_of_processing(utility: Any) -> None:
    utility.add_fault("status", "429", where="/api2/checked/upload", times=1)
    answer = utility.upload("ніколи.pdf")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert utility.upload().json()["state"] == "ok"
    assert all(each["name"] != "ніколи" for each in utility.get("/sandbox/documents").json())


def test_a_maintenance_page_comes_with_200(utility: Any) -> None:
    utility.add_fault("html", times=1)
    answer = utility.get(LOGIN)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_delay_comes_before_the_answer(utility: Any) -> None:
    utility.add_fault("delay", "0.3", times=1)
    started = time.monotonic()
    assert utility.get(LOGIN).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_a_reset_connection_processes_nothing(utility: Any) -> None:
    utility.add_fault("reset", where="POST/api2/checked/upload", times=1)
    # Whether the client's kernel tells of the reset or of the end first is chance.
    with pytest.raises(httpx.TransportError, match=r"reset|Broken pipe|disconnected"):
        utility.upload("скинуто.pdf")
    assert all(each["name"] != "скинуто" for each in utility.get("/sandbox/documents").json())


def test_a_lost_answer_was_processed(utility: Any) -> None:
    utility.add_fault("lost", where="POST/api2/checked/upload", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        utility.upload("загублено.pdf")
    assert utility.get("/sandbox/documents").json()[0]["name"] == "загублено"
    assert utility.get("/sandbox/requests").json()[-1]["fault"] == "lost"


def test_a_truncated_answer_breaks_off(utility: Any) -> None:
    utility.add_fault("truncate", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without sending complete"):
        utility.get(LOGIN)


def test_the_control_routes_are_never_hit(utility: Any) -> None:
    utility.add_fault("status", "500")
    assert utility.get(LOGIN).status_code == 500
    assert [each["name"] for each in utility.get("/sandbox/faults").json()] == ["status"]
    assert utility.delete("/sandbox/faults?name=status").status_code == 204
    assert utility.get(LOGIN).status_code == 200


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "nonsense", "value": "1"},
        {"name": "status"},
        {"name": "status", "value": "500", "path": "/"},
        {"name": "status", "value": "500", "times": 0},
        [],
    ],
)
def test_a_fault_out_of_shape_is_refused(utility: Any, fault: object) -> None:
    assert utility.post("/sandbox/faults", json=fault).status_code == 400


def test_requests_are_logged_with_what_became_of_them(utility: Any) -> None:
    utility.delete("/sandbox/requests")
    utility.add_fault("reset", where=LOGIN, times=1)
    with pytest.raises(httpx.ReadError):
        utility.get(LOGIN)
    utility.get("/api2/checked/resource/1")
    seen = utility.get("/sandbox/requests").json()
    assert [(each["method"], each["path"], each["status"], each["fault"]) for each in seen] == [
        ("GET", LOGIN, None, "reset"),
        ("GET", "/api2/checked/resource/1", 404, None),
    ]


def test_connections_are_kept_alive(service: Counterparty) -> None:
    with httpx.Client(base_url=service.url) as client:
        ports = {client.get("/").extensions["network_stream"].get_extra_info("client_addr") for _ in range(3)}
    assert len(ports) == 1


def test_a_fault_can_be_given_on_the_command_line() -> None:
    with Counterparty("paperless", "--fault", "status=503@/api2#1") as running:
        assert httpx.get(running.url + LOGIN).status_code == 503
        assert httpx.get(running.url + LOGIN).status_code == 403


def test_a_misspelt_fault_ends_the_command_with_a_message() -> None:
    with pytest.raises(CounterpartyFailed, match="nonsense"):
        Counterparty("paperless", "--fault", "nonsense=1").start()


@pytest.mark.parametrize("name", ["paperless", "mail", "1c"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_cleanly(name: str, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "ztoe_sandbox", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready ")
        if name == "mail":
            process.stdout.readline()
        process.send_signal(number)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0


def test_a_counterparty_keeps_its_port_over_a_restart() -> None:
    with Counterparty("mail") as running:
        before = (running.url, running.inbox_url)
        running.kill()
        assert (running.restart().url, running.inbox_url) == before
        assert running.stop() == 0
