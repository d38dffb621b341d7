"""The OData client: what goes out, byte by byte, and what each kind of answer becomes."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs, quote, unquote

import httpx
import pytest

from ztoe_billing_1c.faults import (
    KeyExists,
    NoLicence,
    NoSuchObject,
    QueryRefused,
    ServerOutOfMemory,
)
from ztoe_billing_1c.metadata import MetadataCache
from ztoe_billing_1c.odata import ODataClient
from ztoe_hub import AdapterContext
from ztoe_hub.errors import HubError, OperatorNeeded, ProviderMisconfigured, TransientError, UnexpectedAnswer
from ztoe_hub.testing.contexts import adapter_context

BASE = "https://1c.example.com/utility"
ROOT = "/utility/odata/standard.odata/"
Answers = Callable[[httpx.Request], httpx.Response]


@dataclass
class Base:
    """A scripted 1C: `answer` decides, `requests` remembers."""

    answer: Answers
    requests: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    contexts: list[AdapterContext] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    def client(self, *, username: str = "odata", sessions: bool = False) -> ODataClient:
        context = adapter_context(transport=httpx.MockTransport(self.handle), sleep=self.slept.append)
        self.contexts.append(context)
        return ODataClient(context.http, BASE, (username, "demo"), sessions=sessions)


@pytest.fixture
def base() -> Iterator[Base]:
    found = Base(lambda _: httpx.Response(200, json={"value": []}))
    yield found
    for context in found.contexts:
        context.http.close()


def answer_with(status: int, content: str | bytes, media_type: str = "application/json") -> Answers:
    return lambda _: httpx.Response(status, content=content, headers={"Content-Type": media_type})


# --- what goes out -----------------------------------------------------------------------------------


def test_spaces_are_percent_20_and_options_begin_with_a_plain_dollar(base: Base) -> None:
    base.client().values("X", {"$filter": "A eq 'б в&+г''ґ'"}, asked="X")
    sent = base.requests[0].url.raw_path.decode("ascii")
    assert "+" not in sent
    assert sent.startswith(ROOT + "X?$filter=A%20eq%20")
    assert parse_qs(sent.partition("?")[2])["$filter"] == ["A eq 'б в&+г''ґ'"]


def test_cyrillic_set_names_are_sent_as_utf8(base: Base) -> None:
    base.client().values(quote("Catalog_РЭМ"), {}, asked="X")
    path = base.requests[0].url.raw_path.decode("ascii").partition("?")[0]
    assert unquote(path) == ROOT + "Catalog_РЭМ"


def test_a_cyrillic_login_is_sent_as_utf8(base: Base) -> None:
    base.client(username="Адміністратор").values("X", {}, asked="X")
    scheme, _, encoded = base.requests[0].headers["Authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(encoded).decode("utf-8") == "Адміністратор:demo"


def test_json_without_metadata_is_asked_for(base: Base) -> None:
    base.client().values("X", {}, asked="X")
    assert base.requests[0].url.params["$format"] == "application/json;odata=nometadata"


# --- what comes back ---------------------------------------------------------------------------------

HANDLER = '{"odata.error":{"code":"-1","message":{"lang":"ru","value":"Операция не разрешена"}}}'
XML = '<?xml version="1.0"?><m:error xmlns:m="urn:m"><m:code>%s</m:code><m:message>Ні</m:message></m:error>'
EXCEPTION = '{"exception":{"descr":"Ошибка","inner":{"descr":"%s"}}}'
XHTML = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>Роботи</body></html>'
HTML = "<!DOCTYPE html><html><body>Ведуться роботи</body></html>"


def odata_error(code: str) -> str:
    return json.dumps({"odata.error": {"code": code, "message": {"lang": "ru", "value": "текст Іваненко"}}})


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, HTML, ProviderMisconfigured),
        (401, odata_error("20"), ProviderMisconfigured),
        (500, odata_error("20"), ProviderMisconfigured),
        (403, HTML, ProviderMisconfigured),
        (404, odata_error("8"), QueryRefused),
        (404, XML % "8", QueryRefused),
        (404, HTML, QueryRefused),
        (400, odata_error("6"), QueryRefused),
        (400, HTML, QueryRefused),
        (405, odata_error("19"), UnexpectedAnswer),
        (500, HANDLER, OperatorNeeded),
        (500, XML % "-1", OperatorNeeded),
        (200, HTML, UnexpectedAnswer),
        (200, XML % "20", ProviderMisconfigured),
        (200, odata_error("20"), ProviderMisconfigured),
        (200, '{"d": []}', UnexpectedAnswer),
        (200, "[]", UnexpectedAnswer),
        (200, "", TransientError),
        (500, EXCEPTION % "На сервере 1С:Предприятия не найдена лицензия.", NoLicence),
        (500, EXCEPTION % "Недостаточно памяти", ServerOutOfMemory),
        (500, EXCEPTION % "Щось інше", TransientError),
        (500, HTML, TransientError),
        (502, HTML, TransientError),
        (503, "", TransientError),
        (404, odata_error("9"), NoSuchObject),
        (400, odata_error("15"), KeyExists),
        (200, XHTML, UnexpectedAnswer),
        (406, "", TransientError),
        (200, '{"value": [{"Ref_Key": "a"', TransientError),
        (200, '{"value": [{"Ref_Key": "a"}', TransientError),
    ],
)
def test_an_error_body_becomes_the_error_of_the_next_action(
    base: Base, status: int, body: str, error: type[HubError]
) -> None:
    media_type = "text/html" if body.startswith("<") else "application/json"
    base.answer = answer_with(status, body, media_type)
    with pytest.raises(HubError) as caught:
        base.client().values("X", {}, asked="Catalog_X")
    assert type(caught.value) is error
    assert "Catalog_X" in str(caught.value)
    assert "Іваненко" not in str(caught.value)  # 1C's own text may repeat personal data


@pytest.mark.parametrize("status", [500, 400, 404, 401])
def test_a_refusal_is_not_asked_again(base: Base, status: int) -> None:
    base.answer = answer_with(status, odata_error("-1" if status == 500 else "6"))
    with pytest.raises(OperatorNeeded):
        base.client().values("X", {}, asked="X")
    assert len(base.requests) == 1


@pytest.mark.parametrize("text", ["Недостаточно памяти", "не найдена лицензия"])
def test_an_exhausted_server_is_left_alone_for_a_while(base: Base, text: str) -> None:
    base.answer = answer_with(500, EXCEPTION % text)
    with pytest.raises(TransientError) as caught:
        base.client().values("X", {}, asked="X")
    assert len(base.requests) == 1
    assert caught.value.retry_after_s == 60


def test_an_answer_that_breaks_off_is_asked_for_again(base: Base) -> None:
    bodies = iter(['{"value": [{"Ref_Key": "a"', '{"value": []}'])
    base.answer = lambda _: httpx.Response(200, content=next(bodies))
    assert base.client().values("X", {}, asked="X") == []
    assert len(base.slept) == 1


def test_a_byte_order_mark_is_no_obstacle(base: Base) -> None:
    base.answer = answer_with(200, b'\xef\xbb\xbf{"value": [{}]}')
    assert len(base.client().values("X", {}, asked="X")) == 1


def test_a_raw_control_character_costs_no_row(base: Base) -> None:
    base.answer = answer_with(200, '{"value": [{"Ref_Key": "a", "Code": "x\x02y"}]}')
    [value] = base.client().values("X", {}, asked="X")
    assert json.loads(bytes(value))["Code"] == "x y"


@pytest.mark.parametrize("body", [HTML, XHTML, XML % "20", "{}", '<?xml version="1.0"?><edmx:Edmx>'])
def test_metadata_is_no_page_and_no_error(base: Base, body: str) -> None:
    base.answer = answer_with(200, body, "application/xml")
    with pytest.raises(HubError):
        MetadataCache(frozenset(), lambda: datetime.now(UTC)).current(base.client())


def test_a_gzip_body_that_breaks_off_is_asked_for_again(base: Base) -> None:
    """Pitfall 8."""
    whole = gzip.compress(b'{"value": []}')
    bodies = iter([whole[: len(whole) // 2], whole])
    base.answer = lambda _: httpx.Response(
        200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(next(bodies))
    )
    assert base.client().values("X", {}, asked="X") == []
    assert len(base.requests) == 2


# --- sessions ----------------------------------------------------------------------------------------


class SessionServer:
    """A publication with sessions; `refuse` answers instead, once each."""

    def __init__(self) -> None:
        self.sessions = 0
        self.refuse: list[tuple[int, str]] = []
        self.heard: list[tuple[str | None, str | None]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        word, cookie = request.headers.get("IBSession"), request.headers.get("Cookie")
        self.heard.append((word, cookie))
        if self.refuse and (cookie or self.refuse[0][0] == 406):
            status, body = self.refuse.pop(0)
            return httpx.Response(status, content=body)
        if word == "start":
            self.sessions += 1
            cookies = {"Set-Cookie": f"ibsession=s{self.sessions}; path=/utility"}
            return httpx.Response(200, json={"value": []}, headers=cookies)
        return httpx.Response(200, json={"value": []})


@pytest.fixture
def sessions(base: Base) -> SessionServer:
    server = SessionServer()
    base.answer = server.answer
    return server


def ask(client: ODataClient, times: int) -> None:
    for _ in range(times):
        client.values("X", {}, asked="X")


def test_a_session_is_started_kept_and_finished(base: Base, sessions: SessionServer) -> None:
    with base.client(sessions=True).in_session() as client:
        ask(client, 3)
    cookie = "ibsession=s1"
    assert sessions.heard == [("start", None), (None, cookie), (None, cookie), ("finish", cookie)]


def test_a_session_is_finished_when_the_read_fails(base: Base, sessions: SessionServer) -> None:
    base.answer = lambda request: (
        sessions.answer(request) if len(base.requests) != 2 else httpx.Response(403, content=HTML)
    )
    with base.client(sessions=True).in_session() as client:
        ask(client, 1)
        with pytest.raises(ProviderMisconfigured):
            ask(client, 1)
    assert sessions.heard[-1] == ("finish", "ibsession=s1")


@pytest.mark.parametrize("status", [400, 404])
def test_a_dead_session_is_started_again(base: Base, sessions: SessionServer, status: int) -> None:
    """Pitfall 9."""
    with base.client(sessions=True).in_session() as client:
        ask(client, 1)
        sessions.refuse = [(status, HTML)]
        ask(client, 2)
    assert sessions.heard[2] == ("start", None)
    assert sessions.heard[-2:] == [(None, "ibsession=s2"), ("finish", "ibsession=s2")]


def test_what_1c_itself_refuses_is_no_dead_session(base: Base, sessions: SessionServer) -> None:
    with base.client(sessions=True).in_session() as client:
        ask(client, 1)
        sessions.refuse = [(404, odata_error("8"))]
        with pytest.raises(QueryRefused):
            ask(client, 1)
    assert sessions.sessions == 1


def test_where_no_session_can_be_had_it_goes_without(base: Base, sessions: SessionServer) -> None:
    """Pitfall 9: 406 means that no session can be started."""
    sessions.refuse = [(406, "")]
    with base.client(sessions=True).in_session() as client:
        ask(client, 2)
    assert sessions.heard == [("start", None), (None, None), (None, None)]


def test_a_publication_without_sessions_is_not_bothered(base: Base) -> None:
    with base.client(sessions=True).in_session() as client:
        ask(client, 2)
    assert ["IBSession" in request.headers for request in base.requests] == [True, False]
