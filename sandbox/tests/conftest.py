"""A running Paperless and a client that has logged in as the utility."""

import base64
import hashlib
from collections.abc import Callable, Iterator

import httpx
import pytest

from ztoe_sandbox.process import Counterparty

CLIENT_ID = "00000000-0000-4000-8000-000000000001"
PDF = b"%PDF-1.4\n" + "Рахунок за спожиту електроенергію".encode() + b"\n%%EOF\n"
CUSTOMER = "clienttst@meta.ua"
SECRET, PASSWORD = "demo", "demo"


class Utility(httpx.Client):
    """The utility's program: httpx with the session cookie, and the few calls that most tests begin with."""

    def new_code(self) -> str:
        form = {"response_type": "code", "agentCheck": "true", "client_id": CLIENT_ID}
        answer = self.post(
            "/PplsService/oauth/authorize", data=form, headers={"Accept": "application/json"}
        ).json()
        return str(answer["code"])

    def ask_token(self, code: str, secret: str = SECRET) -> dict[str, str]:
        proof = hashlib.sha512((CLIENT_ID + secret + code).encode()).hexdigest()
        form = {
            "grant_type": "authorization_code",
            "client_id": CLIENT_ID,
            "code": code,
            "client_secret": proof,
        }
        answer: dict[str, str] = self.post("/PplsService/oauth/token", data=form).json()
        return answer

    def log_in(self) -> str:
        token = self.ask_token(self.new_code())["access_token"]
        self.headers["Cookie"] = f'sessionId="Bearer {token}, Id {CLIENT_ID}"'
        return token

    def upload(self, name: str = "Рахунок 59.pdf", content: bytes = PDF) -> httpx.Response:
        part = (name, base64.b64encode(content), "application/pdf")
        return self.post("/api2/checked/upload", files={"file": part})

    def send_document(self, name: str = "Рахунок 59.pdf", to: str = CUSTOMER) -> dict[str, object]:
        """Upload and share; the document as it is then."""
        number = self.upload(name).raise_for_status().json()["resourceDTO"][0]["id"]
        wish = {"email": to, "comment": "Підпишіть, будь ласка", "mode": 0}
        self.post(f"/api2/checked/share/{number}", json={"requestList": [wish]}).raise_for_status()
        return self.document(number)

    def document(self, number: object) -> dict[str, object]:
        answer: dict[str, object] = self.get(f"/api2/checked/resource/{number}").raise_for_status().json()
        return answer

    def customer_does(
        self, act: str, document: object, email: str = CUSTOMER, password: str = PASSWORD
    ) -> int:
        body = {"email": email, "password": password, "document": document}
        return self.post(f"/sandbox/{act}", json=body).status_code

    def add_fault(self, name: str, value: str = "1", **more: object) -> None:
        self.post("/sandbox/faults", json={"name": name, "value": value, **more}).raise_for_status()


@pytest.fixture(scope="module")
def service() -> Iterator[Counterparty]:
    """A Paperless without a rate limit, shared by the tests of a module."""
    extra = "other@example.com:secret:12500018:ФОП Інший Споживач"
    with Counterparty("paperless", "--rate", "0", "--customer", extra) as running:
        yield running


@pytest.fixture
def connect() -> Iterator[Callable[[Counterparty], Utility]]:
    """Opens clients and closes them after the test."""
    opened: list[Utility] = []

    def open_client(running: Counterparty) -> Utility:
        opened.append(Utility(base_url=running.url, timeout=20))
        return opened[-1]

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def utility(service: Counterparty, connect: Callable[[Counterparty], Utility]) -> Iterator[Utility]:
    """A client with a session on the shared service; the faults it set are gone after the test."""
    client = connect(service)
    client.log_in()
    yield client
    client.delete("/sandbox/faults")
    client.delete("/sandbox/requests")
