"""The adapter against a simulated Paperless over a real socket, in good days and bad."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from ztoe_hub.errors import HubError, OperatorNeeded, OutcomeUnknown, TransientError
from ztoe_hub.outgoing import Limits
from ztoe_hub.testing.contexts import adapter_context
from ztoe_hub.testing.signing import (
    CUSTOMER,
    MemorySteps,
    SigningServiceContract,
    a_document,
)
from ztoe_hub.values import RecipientState, RemoteRef, Rendition
from ztoe_paperless import LIMITS
from ztoe_paperless.service import PaperlessService
from ztoe_paperless.settings import PaperlessSettings
from ztoe_sandbox.process import Counterparty

STEP_PATHS = {"upload": "POST/api2/checked/upload", "share": "POST/api2/checked/share/"}
SECOND_LOOK_S = 0.8
LATE_S = 0.5  # later than the time-out, earlier than the second look
IMPATIENT = Limits(timeout_s=0.3)


class Sandbox:
    """The other side: the sandbox's own HTTP interface."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, trust_env=False)

        self._client.delete("/sandbox/requests")

    def close(self) -> None:
        self._client.delete("/sandbox/faults")
        self._client.close()

    def view(self, ref: RemoteRef, email: str) -> None:
        self._act("view", ref, email)

    def sign(self, ref: RemoteRef, email: str) -> None:
        self._act("sign", ref, email)

    def documents(self) -> list[str]:
        # The service lists names without their extension.
        return [f"{record['name']}.pdf" for record in self._client.get("/sandbox/documents").json()]

    def lose_next_answer(self, step: str) -> None:
        self.fault("lost", "1", where=STEP_PATHS[step], times=1)

    def refuse_us(self) -> None:
        self.fault("status", "403")

    def fault(self, name: str, value: str, **scope: Any) -> None:
        self._client.post("/sandbox/faults", json={"name": name, "value": value, **scope}).raise_for_status()

    def calls(self) -> list[str]:
        return [f"{call['method']} {call['path']}" for call in self._client.get("/sandbox/requests").json()]

    def _act(self, deed: str, ref: RemoteRef, email: str) -> None:
        wish = {"email": email, "password": "demo", "document": ref.data["id"]}
        self._client.post(f"/sandbox/{deed}", json=wish).raise_for_status()


def _settings(url: str, **changes: Any) -> PaperlessSettings:
    table = {
        "base_url": url,
        "client_id": "00000000-0000-4000-8000-000000000001",
        "client_secret": "demo",
        "look_again_after_s": SECOND_LOOK_S,
    }
    return PaperlessSettings.model_validate(table | changes)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Counterparty("paperless", "--rate", "0") as counterparty:
        yield counterparty.url


@pytest.fixture
def act(url: str) -> Iterator[Sandbox]:
    sandbox = Sandbox(url)
    yield sandbox
    sandbox.close()


@pytest.fixture
def service(url: str) -> Iterator[PaperlessService]:
    context = adapter_context()
    yield PaperlessService(_settings(url), context)
    context.http.close()


class TestPaperlessService(SigningServiceContract):
    pass


def test_a_submit_is_two_calls_after_the_login(service: PaperlessService, act: Sandbox) -> None:
    ref = service.submit(a_document(), MemorySteps())
    assert act.calls() == [
        "POST /PplsService/oauth/authorize",
        "POST /PplsService/oauth/token",
        "POST /api2/checked/upload",
        f"POST /api2/checked/share/{ref.data['id']}",
    ]


@pytest.mark.parametrize("step", [*STEP_PATHS])
@pytest.mark.parametrize(
    "fault",
    [
        ("delay", str(LATE_S)),
        ("status", "429"),
        ("status", "500"),
        ("status", "503"),
        ("status", "403"),
        ("html", "1"),
        ("reset", "1"),
        ("lost", "1"),
        ("truncate", "1"),
    ],
    ids="=".join,
)
def test_whatever_happens_at_a_step_one_document_arrives(
    url: str, act: Sandbox, step: str, fault: tuple[str, str]
) -> None:
    document, steps = a_document(), MemorySteps()
    act.fault(*fault, where=STEP_PATHS[step], times=1)
    context = adapter_context(limits=IMPATIENT)
    service = PaperlessService(_settings(url), context)
    ref = _keep_trying(lambda: service.submit(document, steps))
    time.sleep(LATE_S if fault[0] == "delay" else 0)  # whatever was on its way has arrived
    assert act.documents().count(document.file_name) == 1
    assert service.fetch(ref).recipients[CUSTOMER].state is RecipientState.SENT
    assert service.download(ref, Rendition.ORIGINAL).content == document.content
    context.http.close()


@pytest.mark.parametrize("step", [*STEP_PATHS])
def test_an_outage_in_the_middle_of_a_submit_costs_nothing_but_time(step: str, tmp_path: Path) -> None:
    document, steps = a_document(), MemorySteps()
    context = adapter_context(limits=Limits(attempts=1))
    with Counterparty("paperless", "--state", str(tmp_path / "state.sqlite")) as counterparty:
        sandbox = Sandbox(counterparty.url)
        service = PaperlessService(_settings(counterparty.url), context)
        sandbox.lose_next_answer(step)
        with pytest.raises(OutcomeUnknown):
            service.submit(document, steps)
        counterparty.kill()
        with pytest.raises(TransientError):
            service.submit(document, steps)
        counterparty.restart()
        ref = _keep_trying(lambda: service.submit(document, steps))
        assert sandbox.documents() == [document.file_name]
        assert set(service.fetch(ref).recipients) == {CUSTOMER}
        sandbox.close()
    context.http.close()


def test_many_documents_at_once_stay_within_the_limit_and_arrive_once() -> None:
    documents = [a_document() for _ in range(12)]
    context = adapter_context(limits=LIMITS)
    with Counterparty("paperless") as counterparty, ThreadPoolExecutor(4) as pool:
        service = PaperlessService(_settings(counterparty.url), context)
        sandbox = Sandbox(counterparty.url)

        def submit(number: int) -> RemoteRef:
            steps = MemorySteps()
            return _keep_trying(lambda: service.submit(documents[number], steps))

        refs = [*pool.map(submit, range(len(documents)))]
        assert len({ref.data["id"] for ref in refs}) == len(documents)
        assert sorted(sandbox.documents()) == sorted(document.file_name for document in documents)
        sandbox.close()
    context.http.close()


def test_raw_uploads_and_base64_downloads_work_when_the_service_wants_them() -> None:
    document = a_document()
    context = adapter_context()
    with Counterparty("paperless", "--raw-upload", "--withsign-format", "base64") as counterparty:
        service = PaperlessService(_settings(counterparty.url, upload_encoding="raw"), context)
        ref = service.submit(document, MemorySteps())
        sandbox = Sandbox(counterparty.url)
        sandbox.sign(ref, CUSTOMER)
        assert service.download(ref, Rendition.ORIGINAL).content == document.content
        assert service.download(ref, Rendition.SIGNED).content[:1] == b"\x30"
        sandbox.close()
    context.http.close()


def test_the_wrong_encoding_is_the_operators_matter() -> None:
    context = adapter_context()
    with Counterparty("paperless") as counterparty:
        service = PaperlessService(_settings(counterparty.url, upload_encoding="raw"), context)
        with pytest.raises(OperatorNeeded, match="base64"):
            service.submit(a_document(), MemorySteps())
    context.http.close()


def test_a_session_that_expires_is_renewed_without_anybody_noticing() -> None:
    context = adapter_context()
    with Counterparty("paperless", "--token-lifetime", "0.2") as counterparty:
        service = PaperlessService(_settings(counterparty.url), context)
        ref = service.submit(a_document(), MemorySteps())
        time.sleep(0.3)
        assert set(service.fetch(ref).recipients) == {CUSTOMER}
    context.http.close()


def _keep_trying(submit: Callable[[], RemoteRef]) -> RemoteRef:
    """What the hub's queue does, without its hours."""
    for _ in range(9):
        try:
            return submit()
        except (TransientError, OutcomeUnknown, OperatorNeeded) as error:
            last: HubError = error
    raise last
