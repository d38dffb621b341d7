"""Pages of a set: no row is lost, whatever happens meanwhile, and no page is heavier than it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
import pytest

from ztoe_billing_1c.faults import ServerOutOfMemory
from ztoe_billing_1c.keys import key_reader
from ztoe_billing_1c.odata import ODataClient
from ztoe_billing_1c.paging import Completeness, Pager, RawRow, SetQuery
from ztoe_billing_1c.windows import Window, windows_between, windows_since
from ztoe_hub import AdapterContext
from ztoe_hub.testing.contexts import adapter_context

EXCEPTION = '{"exception":{"descr":"Ошибка","inner":{"descr":"Недостаточно памяти"}}}'
QUERY = SetQuery(
    set="Catalog_РЭМ", select=["Ref_Key", "Code"], order=["Code", "Ref_Key"], key_of=key_reader(["Ref_Key"])
)
Answers = Callable[[httpx.Request], httpx.Response]


@dataclass
class Base:
    """A scripted 1C: `answer` decides, `requests` remembers."""

    answer: Answers
    requests: list[httpx.Request] = field(default_factory=list)
    contexts: list[AdapterContext] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    def pager(self, *, page_size: int = 3, page_bytes: int = 10**6) -> Pager:
        context = adapter_context(transport=httpx.MockTransport(self.handle), sleep=lambda _: None)
        self.contexts.append(context)
        client = ODataClient(context.http, "https://1c.example.com/utility", ("odata", "demo"))
        return Pager(client, most_rows=page_size, most_bytes=page_bytes)

    @property
    def tops(self) -> list[int]:
        """How many rows each page was asked for."""
        return [int(each.url.params["$top"]) for each in self.requests if "$top" in each.url.params]


@pytest.fixture
def base() -> Iterator[Base]:
    found = Base(lambda _: httpx.Response(200, json={"value": []}))
    yield found
    for context in found.contexts:
        context.http.close()


@dataclass
class Set:
    """A set that pages as 1C does; `before_page` lets something happen, `most` is the server's own limit."""

    keys: list[str]
    most: int = 1000
    counts: bool = True
    before_page: Callable[[int], None] = lambda _: None
    pages: int = 0
    filler: str = ""

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/$count"):
            return httpx.Response(200, content=str(len(self.keys))) if self.counts else httpx.Response(404)
        self.before_page(self.pages)
        self.pages += 1
        skip, top = (int(request.url.params[name]) for name in ("$skip", "$top"))
        page = self.keys[skip : skip + min(top, self.most)]
        return httpx.Response(200, json={"value": [{"Ref_Key": key, "Code": self.filler} for key in page]})


def read(pager: Pager) -> tuple[list[str | None], bool]:
    completeness = Completeness()
    rows: list[RawRow] = [row for page in pager.pages(QUERY, completeness) for row in page]
    return [row.key for row in rows], completeness.proven


def letters(count: int) -> list[str]:
    return [f"{number:03d}" for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 6, 7, 20])
def test_every_row_is_read_once(base: Base, count: int) -> None:
    base.answer = Set(letters(count)).answer
    assert read(base.pager()) == (letters(count), True)


@pytest.mark.parametrize("most", [2, 3, 7])
def test_a_server_that_gives_fewer_rows_than_asked_loses_none(base: Base, most: int) -> None:
    base.answer = Set(letters(20), most=most).answer
    assert read(base.pager(page_size=10)) == (letters(20), True)


def test_a_server_without_count_is_believed_when_nothing_moved(base: Base) -> None:
    base.answer = Set(letters(20), counts=False).answer
    assert read(base.pager()) == (letters(20), True)


def test_an_order_is_always_asked_for(base: Base) -> None:
    base.answer = Set(letters(5)).answer
    read(base.pager())
    pages = [request for request in base.requests if "$top" in request.url.params]
    assert {request.url.params["$orderby"] for request in pages} == {"Code,Ref_Key"}
    assert {request.url.params["$select"] for request in pages} == {"Ref_Key,Code"}


@pytest.mark.parametrize("counts", [True, False])
def test_a_row_that_is_removed_while_reading_hides_no_other(base: Base, counts: bool) -> None:
    rows = Set(letters(10), counts=counts)
    rows.before_page = lambda number: rows.keys.remove("000") if number == 2 else None
    base.answer = rows.answer
    keys, proven = read(base.pager())
    assert sorted(key for key in keys if key) == letters(10)
    assert len(keys) == 10
    assert proven


@pytest.mark.parametrize("counts", [True, False])
def test_a_row_that_is_added_while_reading_is_found_and_none_comes_twice(base: Base, counts: bool) -> None:
    rows = Set(letters(10), counts=counts)
    rows.before_page = lambda number: rows.keys.insert(0, "new") if number == 2 else None
    base.answer = rows.answer
    keys, proven = read(base.pager())
    assert sorted(key for key in keys if key) == [*letters(10), "new"]
    assert proven


@pytest.mark.parametrize("page_size", [2, 3, 4, 50])
def test_a_duplicated_row_comes_once_and_leaves_the_read_incomplete(base: Base, page_size: int) -> None:
    base.answer = Set([*letters(5), "001", *letters(8)[5:]]).answer
    keys, proven = read(base.pager(page_size=page_size))
    assert keys == letters(8)
    assert not proven


def test_rows_that_never_stand_still_leave_the_read_incomplete(base: Base) -> None:
    rows = Set(letters(9))
    rows.before_page = lambda _: rows.keys.reverse()
    base.answer = rows.answer
    assert read(base.pager())[1] is False


def test_a_count_that_says_more_than_was_read_leaves_the_read_incomplete(base: Base) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content="7") if "$count" in request.url.path else rows.answer(request)

    rows = Set(letters(5))
    base.answer = answer
    assert read(base.pager()) == (letters(5), False)
    assert sum("$count" in request.url.path for request in base.requests) == 2  # it is read once more


def test_a_server_that_ignores_skip_does_not_keep_us_for_ever(base: Base) -> None:
    base.answer = lambda _: httpx.Response(200, json={"value": [{"Ref_Key": "a"}, {"Ref_Key": "b"}]})
    assert read(base.pager()) == (["a", "b"], False)


def test_a_server_that_ignores_top_gives_all_at_once(base: Base) -> None:
    rows = Set(letters(30))

    def answer(request: httpx.Request) -> httpx.Response:
        url = request.url.copy_set_param("$top", "1000") if "$top" in request.url.params else request.url
        return rows.answer(httpx.Request("GET", url))

    base.answer = answer
    assert read(base.pager()) == (letters(30), True)


def test_a_page_that_is_too_heavy_is_asked_for_in_halves(base: Base) -> None:
    rows = Set(letters(300))

    def answer(request: httpx.Request) -> httpx.Response:
        if int(request.url.params.get("$top", "0")) > 100:
            return httpx.Response(500, content=EXCEPTION)
        return rows.answer(request)

    base.answer = answer
    assert read(base.pager(page_size=350)) == (letters(300), True)


def test_the_place_of_a_row_names_set_page_and_index(base: Base) -> None:
    base.answer = Set(letters(4)).answer
    rows = [row for page in base.pager().pages(QUERY, Completeness()) for row in page]
    assert [row.place for row in rows][-1] == "Catalog_РЭМ, page 1, row 1"


def test_pages_grow_to_what_is_asked_for_and_no_further(base: Base) -> None:
    base.answer = Set(letters(900)).answer
    assert read(base.pager(page_size=500)) == (letters(900), True)
    assert base.tops[:3] == [100, 500, 500]


def test_heavy_rows_make_small_pages(base: Base) -> None:
    """Pitfall 11: $top counts rows and not bytes."""
    base.answer = Set(letters(300), filler="х" * 5000).answer
    assert read(base.pager(page_size=500, page_bytes=100_000)) == (letters(300), True)
    assert base.tops[0] == 100
    assert set(base.tops[1:]) == {9}  # a row has 10 kB


def test_a_page_that_never_fits_is_given_up(base: Base) -> None:
    base.answer = lambda _: httpx.Response(500, content=EXCEPTION)
    with pytest.raises(ServerOutOfMemory):
        read(base.pager(page_size=500))
    assert base.tops[-1] == 2


def days_of(request: httpx.Request) -> tuple[str, str]:
    """The window that a request asks for."""
    parts = request.url.params.get("$filter", "").split("'")
    return (parts[1][:10], parts[3][:10]) if len(parts) > 4 else ("", "")


def test_a_window_that_is_too_much_is_halved(base: Base) -> None:
    """Pitfall 11: out of memory whatever the page, until less is asked for."""

    def answer(request: httpx.Request) -> httpx.Response:
        first, end = days_of(request)
        if first and (date.fromisoformat(end) - date.fromisoformat(first)).days > 8:
            return httpx.Response(500, content=EXCEPTION)
        if "$count" in request.url.path:
            return httpx.Response(200, content="1" if first else "0")
        row = [{"Ref_Key": first}] if first else []
        return httpx.Response(200, json={"value": row})

    base.answer = answer
    completeness = Completeness()
    windows = windows_between(date(2018, 1, 1), date(2018, 1, 20), 30)
    pages = base.pager(page_size=500).windows(QUERY, windows, "Date", completeness)
    keys = [row.key for page in pages for row in page]
    assert keys == ["2018-01-01", "2018-01-08", "2018-01-16", "2018-01-23"]
    assert completeness.proven


def test_windows_leave_out_no_moment() -> None:
    windows = windows_between(date(2018, 1, 1), date(2018, 3, 1), 31)
    assert [(window.first, window.end) for window in windows] == [
        (None, date(2018, 1, 1)),
        (date(2018, 1, 1), date(2018, 2, 1)),
        (date(2018, 2, 1), date(2018, 3, 4)),
        (date(2018, 3, 4), None),
    ]
    assert windows_since(date(2018, 1, 1), date(2018, 3, 1), 31) == windows[1:]
    assert Window(None, date(2018, 1, 1)).halves() is None
    assert Window(date(2018, 1, 1), date(2018, 1, 2)).halves() is None


def test_a_condition_and_a_window_are_both_asked_for() -> None:
    query = SetQuery(**{**_fields(QUERY), "filter": "А eq 1 or Б eq 2"})
    found = query.within(Window(date(2018, 1, 1), None), "Date").filter
    assert found == "(А eq 1 or Б eq 2) and (Date ge datetime'2018-01-01T00:00:00')"


def _fields(query: SetQuery) -> dict[str, Any]:
    return {name: getattr(query, name) for name in SetQuery.__dataclass_fields__}


def test_a_row_in_two_windows_comes_once(base: Base) -> None:
    """Pitfall 10: a document whose date was changed while it was read."""
    base.answer = Set(["a", "b"]).answer
    windows = [Window(None, date(2018, 1, 1)), Window(date(2018, 1, 1), None)]
    pages = base.pager().windows(QUERY, windows, "Date", Completeness())
    assert [row.key for page in pages for row in page] == ["a", "b"]
