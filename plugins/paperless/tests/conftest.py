"""A Paperless that plays a script, and adapters that talk to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias

import httpx
import pytest

from ztoe_hub.ports import AdapterContext
from ztoe_hub.testing.contexts import adapter_context
from ztoe_paperless.service import PaperlessService
from ztoe_paperless.settings import PaperlessSettings

CLIENT_ID = "00000000-0000-4000-8000-000000000001"
Reply: TypeAlias = httpx.Response | Exception

DOCUMENT = {"id": 7, "hash": "h/7", "name": "x", "status": 5, "signed": True, "shares": {}}


class Script:
    """Answers by the end of the path. Of several replies each is played once, the last one for ever."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []
        self.now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
        self._tokens = 0
        self._replies: dict[str, list[Callable[[], Reply]]] = {}
        self.on("/oauth/authorize", json={"state": "ok", "code": "c0de"})
        self.on("/checked/login", json={"login": "utility@example.com"})
        self.on("/checked/upload", json={"state": "ok", "resourceDTO": [DOCUMENT]})
        self.on("/resource/search", json=[])
        self.on("/share/7", json=[])
        self.on("/resource/7", json=DOCUMENT)

    def on(self, path: str, status: int = 200, *, again: bool = False, **reply: Any) -> None:
        """Answer `path` so from now on; `again` adds another answer after those already there."""
        replies = self._replies.setdefault(path, [])
        if not again:
            replies.clear()
        replies.append(lambda: httpx.Response(status, **reply))

    def lose(self, path: str) -> None:
        """Break the connection instead of answering."""
        self._replies[path] = [lambda: httpx.ReadError("broken")]

    def called(self, path: str) -> list[httpx.Request]:
        """The requests whose path ends so."""
        return [request for request in self.requests if request.url.path.endswith(path)]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if request.url.path.endswith("/oauth/token") and "/oauth/token" not in self._replies:
            self._tokens += 1
            return httpx.Response(200, json={"access_token": f"t{self._tokens}", "refresh_token": "r"})
        replies = next(found for path, found in self._replies.items() if request.url.path.endswith(path))
        reply = (replies.pop(0) if len(replies) > 1 else replies[0])()
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.fixture
def paperless() -> Script:
    return Script()


@pytest.fixture
def wiring(paperless: Script) -> Iterator[AdapterContext]:
    built = adapter_context(
        transport=httpx.MockTransport(paperless), clock=lambda: paperless.now, sleep=paperless.slept.append
    )
    yield built
    built.http.close()


@pytest.fixture
def make(wiring: AdapterContext) -> Callable[..., PaperlessService]:
    def make_service(**changes: Any) -> PaperlessService:
        table = {"base_url": "https://paperless.example", "client_id": CLIENT_ID, "client_secret": "s3cret"}
        return PaperlessService(PaperlessSettings.model_validate(table | changes), wiring)

    return make_service


@pytest.fixture
def service(make: Callable[..., PaperlessService]) -> PaperlessService:
    return make()
