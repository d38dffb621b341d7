"""The OData client: what goes out, byte by byte, and what each kind of answer becomes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

import httpx
import pytest

from ztoe_billing_1c.faults import NoLicence, QueryRefused, ServerOutOfMemory
from ztoe_billing_1c.odata import Completeness, ODataClient, RawRow, SetQuery
from ztoe_hub import AdapterContext
from ztoe_hub.errors import HubError, OperatorNeeded, ProviderMisconfigured, TransientError, UnexpectedAnswer
from ztoe_hub.testing.contexts import adapter_context

BASE = "https://1c.example.com/utility"
ROOT = "/utility/odata/standard.odata/"
QUERY = SetQuery(set="Catalog_РЭМ", select=["Ref_Key", "Code"], order=["Code", "Ref_Key"])
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

    def client(self, *, page_size: int = 3, username: str = "odata") -> ODataClient:
        context = adapter_context(transport=httpx.MockTransport(self.handle), sleep=self.slept.append)
        self.contexts.append(context)
        return ODataClient(context.http, BASE, (username, "demo"), page_size)


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
    list(base.client().pages(QUERY, Completeness()))
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


# --- paging ------------------------------------------------------------------------------------------


@dataclass
class Set:
    """A set that pages as 1C does; `before_page` lets something happen, `most` is the server's own limit."""

    keys: list[str]
    most: int = 1000
    counts: bool = True
    before_page: Callable[[int], None] = lambda _: None
    pages: int = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/$count"):
            return httpx.Response(200, content=str(len(self.keys))) if self.counts else httpx.Response(404)
        self.before_page(self.pages)
        self.pages += 1
        skip, top = (int(request.url.params[name]) for name in ("$skip", "$top"))
        page = self.keys[skip : skip + min(top, self.most)]
        return httpx.Response(200, json={"value": [{"Ref_Key": key} for key in page]})


def read(client: ODataClient) -> tuple[list[str | None], bool]:
    completeness = Completeness()
    rows: list[RawRow] = [row for page in client.pages(QUERY, completeness) for row in page]
    return [row.key for row in rows], completeness.proven


def letters(count: int) -> list[str]:
    return [f"{number:03d}" for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 6, 7, 20])
def test_every_row_is_read_once(base: Base, count: int) -> None:
    base.answer = Set(letters(count)).answer
    assert read(base.client()) == (letters(count), True)


@pytest.mark.parametrize("most", [2, 3, 7])
def test_a_server_that_gives_fewer_rows_than_asked_loses_none(base: Base, most: int) -> None:
    base.answer = Set(letters(20), most=most).answer
    assert read(base.client(page_size=10)) == (letters(20), True)


def test_a_server_without_count_is_believed_when_nothing_moved(base: Base) -> None:
    base.answer = Set(letters(20), counts=False).answer
    assert read(base.client()) == (letters(20), True)


def test_an_order_is_always_asked_for(base: Base) -> None:
    base.answer = Set(letters(5)).answer
    read(base.client())
    pages = [request for request in base.requests if "$top" in request.url.params]
    assert {request.url.params["$orderby"] for request in pages} == {"Code,Ref_Key"}
    assert {request.url.params["$select"] for request in pages} == {"Ref_Key,Code"}


@pytest.mark.parametrize("counts", [True, False])
def test_a_row_that_is_removed_while_reading_hides_no_other(base: Base, counts: bool) -> None:
    rows = Set(letters(10), counts=counts)
    rows.before_page = lambda number: rows.keys.remove("000") if number == 2 else None
    base.answer = rows.answer
    keys, proven = read(base.client())
    assert sorted(key for key in keys if key) == letters(10)
    assert len(keys) == 10
    assert proven


@pytest.mark.parametrize("counts", [True, False])
def test_a_row_that_is_added_while_reading_is_found_and_none_comes_twice(base: Base, counts: bool) -> None:
    rows = Set(letters(10), counts=counts)
    rows.before_page = lambda number: rows.keys.insert(0, "new") if number == 2 else None
    base.answer = rows.answer
    keys, proven = read(base.client())
    assert sorted(key for key in keys if key) == [*letters(10), "new"]
    assert proven


@pytest.mark.parametrize("page_size", [2, 3, 4, 50])
def test_a_duplicated_row_comes_once_and_leaves_the_read_incomplete(base: Base, page_size: int) -> None:
    base.answer = Set([*letters(5), "001", *letters(8)[5:]]).answer
    keys, proven = read(base.client(page_size=page_size))
    assert keys == letters(8)
    assert not proven


def test_rows_that_never_stand_still_leave_the_read_incomplete(base: Base) -> None:
    rows = Set(letters(9))
    rows.before_page = lambda _: rows.keys.reverse()
    base.answer = rows.answer
    assert read(base.client())[1] is False


def test_a_count_that_says_more_than_was_read_leaves_the_read_incomplete(base: Base) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content="7") if "$count" in request.url.path else rows.answer(request)

    rows = Set(letters(5))
    base.answer = answer
    assert read(base.client()) == (letters(5), False)
    assert sum("$count" in request.url.path for request in base.requests) == 2  # it is read once more


def test_a_server_that_ignores_skip_does_not_keep_us_for_ever(base: Base) -> None:
    base.answer = lambda _: httpx.Response(200, json={"value": [{"Ref_Key": "a"}, {"Ref_Key": "b"}]})
    assert read(base.client()) == (["a", "b"], False)


def test_a_server_that_ignores_top_gives_all_at_once(base: Base) -> None:
    rows = Set(letters(30))

    def answer(request: httpx.Request) -> httpx.Response:
        url = request.url.copy_set_param("$top", "1000") if "$top" in request.url.params else request.url
        return rows.answer(httpx.Request("GET", url))

    base.answer = answer
    assert read(base.client()) == (letters(30), True)


def test_a_page_that_is_too_heavy_is_asked_for_in_halves(base: Base) -> None:
    rows = Set(letters(300))

    def answer(request: httpx.Request) -> httpx.Response:
        if int(request.url.params.get("$top", "0")) > 100:
            return httpx.Response(500, content=EXCEPTION % "Недостаточно памяти")
        return rows.answer(request)

    base.answer = answer
    assert read(base.client(page_size=350)) == (letters(300), True)


def test_the_place_of_a_row_names_set_page_and_index(base: Base) -> None:
    base.answer = Set(letters(4)).answer
    rows = [row for page in base.client().pages(QUERY, Completeness()) for row in page]
    assert [row.place for row in rows][-1] == "Catalog_РЭМ, page 1, row 1"
