"""Reading again: rows that are the same are known by their fingerprints, documents are read from where it ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from ztoe_billing_1c.service import OneCSource
from ztoe_hub.testing.billing import records_of
from ztoe_hub.values import InvoiceRecord, Page, Stream

MakeSource = Callable[..., OneCSource]
INVOICES = "Document_СчетНаОплату"
CONSUMERS = "Catalog_Контрагенты"
APRIL_2018 = "2018-04-15"


def write(url: str, set_name: str, key: str, **changes: Any) -> str:
    """Change a record of the sandbox; its key."""
    answer = httpx.post(f"{url}/sandbox/records/{set_name}/{key}", json=changes)
    answer.raise_for_status()
    return str(answer.json()["key"])


def fingerprints(source: OneCSource, stream: Stream) -> dict[str, int]:
    found: dict[str, int] = {}
    for page in source.read(stream, None):
        if page.rows is not None:
            found |= {
                key or "": mark for key, mark in zip(page.rows.keys, page.rows.fingerprints, strict=True)
            }
    return found


@pytest.mark.parametrize("stream", [Stream.CONSUMERS, Stream.METERING_POINTS, Stream.INVOICES])
def test_the_same_rows_have_the_same_fingerprints(source: OneCSource, stream: Stream) -> None:
    first = fingerprints(source, stream)
    assert len(first) > 20
    assert fingerprints(source, stream) == first


def test_a_row_that_changed_has_another_fingerprint(make_source: MakeSource, own_sandbox: str) -> None:
    source = make_source(own_sandbox)
    before = fingerprints(source, Stream.CONSUMERS)
    key = next(iter(before))
    write(own_sandbox, CONSUMERS, key, phone="+380410000099")
    after = fingerprints(source, Stream.CONSUMERS)
    assert {each for each in before if before[each] != after[each]} == {key}


def test_a_row_that_was_only_saved_again_is_the_same(make_source: MakeSource, own_sandbox: str) -> None:
    """1C counts every save; only what is mapped counts here."""
    source = make_source(own_sandbox)
    before = fingerprints(source, Stream.CONSUMERS)
    write(own_sandbox, CONSUMERS, next(iter(before)))
    assert fingerprints(source, Stream.CONSUMERS) == before


@pytest.mark.parametrize(
    "text",
    [
        "words: {invoice_kinds: {ЗаАктивную: reactive, ЗаРеактивную: reactive, АвансПлановыйЗаАктивную: active}}",
        "streams: {invoices: {fields: {amount: {constant: '1'}}}}",
    ],
)
def test_another_mapping_makes_every_row_another(
    make_source: MakeSource, sandbox: str, mapping_file: Callable[[str], Path], text: str
) -> None:
    before = fingerprints(make_source(sandbox), Stream.INVOICES)
    after = fingerprints(make_source(sandbox, mapping=mapping_file(text)), Stream.INVOICES)
    assert not set(before.values()) & set(after.values())


def invoices(pages: list[Page]) -> dict[str, InvoiceRecord]:
    found = (
        page.rows.decode(place)
        for page in pages
        if page.rows is not None
        for place in range(len(page.rows.keys))
    )
    return {record.number: record for record in found if isinstance(record, InvoiceRecord)}


def test_a_full_read_of_documents_says_where_to_go_on(source: OneCSource) -> None:
    last = list(source.read(Stream.INVOICES, None))[-1]
    assert (last.complete, last.changes_only, last.cursor) == (True, False, APRIL_2018)


def test_the_next_read_of_documents_begins_some_days_before(
    make_source: MakeSource, own_sandbox: str
) -> None:
    """Pitfall 10: a document that was entered late, with a date behind the cursor, is found within the overlap."""
    source = make_source(own_sandbox, overlap_days=14)
    [old] = [
        record for record in records_of(source, Stream.INVOICES) if getattr(record, "number", "") == "1563"
    ]
    late = {"copy_of": old.key, "number": "9001", "formed_at": "2018-04-02T10:00:00"}
    early = {"copy_of": old.key, "number": "9002", "formed_at": "2018-03-30T10:00:00"}
    for changes in (late, early):
        write(own_sandbox, INVOICES, "new", **changes)
    pages = list(source.read(Stream.INVOICES, APRIL_2018))
    assert {"9001"} == {number for number in invoices(pages) if number.startswith("90")}
    assert pages[-1].changes_only
    assert pages[-1].cursor == APRIL_2018


@pytest.mark.parametrize("changes", [{"deleted": True, "posted": False}, {"posted": False}])
def test_a_document_that_is_none_any_more_is_named_as_gone(
    make_source: MakeSource, own_sandbox: str, changes: dict[str, bool]
) -> None:
    source = make_source(own_sandbox)
    record = max(records_of(source, Stream.INVOICES), key=lambda found: str(getattr(found, "formed_at", "")))
    write(own_sandbox, INVOICES, record.key, **changes)
    pages = list(source.read(Stream.INVOICES, APRIL_2018))
    assert record.key in [key for page in pages for key in page.gone]
    assert pages[-1].changes_only


def test_a_read_of_everything_names_nothing_as_gone(source: OneCSource) -> None:
    assert not any(page.gone for page in source.read(Stream.INVOICES, None))


@pytest.mark.parametrize("since", ["exchange plan", "сьогодні"])
def test_a_cursor_of_another_kind_means_everything(source: OneCSource, since: str) -> None:
    last = list(source.read(Stream.INVOICES, since))[-1]
    assert not last.changes_only


def test_catalogs_are_read_whole_every_time(source: OneCSource) -> None:
    last = list(source.read(Stream.ACCOUNTS, APRIL_2018))[-1]
    assert (last.complete, last.changes_only, last.cursor) == (True, False, None)


def test_a_weak_server_is_read_in_small_pieces(make_source: MakeSource, own_sandbox: str) -> None:
    """Pitfall 11, against a base over a socket."""
    expected = records_of(make_source(own_sandbox), Stream.INVOICES)
    httpx.post(f"{own_sandbox}/sandbox/switches", json={"most_rows": 7}).raise_for_status()
    source = make_source(own_sandbox, page_size=500, window_days=3660)
    found = records_of(source, Stream.INVOICES)
    assert {record.key: record for record in found} == {record.key: record for record in expected}


def test_a_read_has_one_session_and_finishes_it(make_source: MakeSource, own_sandbox: str) -> None:
    records_of(make_source(own_sandbox), Stream.ACCOUNTS)
    assert httpx.get(f"{own_sandbox}/sandbox/sessions").json() == {"living": 0, "started": 1}


def test_a_read_that_is_given_up_finishes_its_session(make_source: MakeSource, own_sandbox: str) -> None:
    pages = make_source(own_sandbox, page_size=2).read(Stream.ACCOUNTS, None)
    next(pages)
    assert httpx.get(f"{own_sandbox}/sandbox/sessions").json()["living"] == 1
    pages.close()  # type: ignore[attr-defined]  # a generator
    assert httpx.get(f"{own_sandbox}/sandbox/sessions").json()["living"] == 0


def test_sessions_that_die_midway_cost_no_row(make_source: MakeSource, own_sandbox: str) -> None:
    """Pitfall 9, against a base over a socket."""
    expected = len(records_of(make_source(own_sandbox), Stream.ACCOUNTS))
    seen = 0
    for page in make_source(own_sandbox, page_size=3).read(Stream.ACCOUNTS, None):
        seen += len(page.rows.keys) if page.rows else 0
        httpx.delete(f"{own_sandbox}/sandbox/sessions").raise_for_status()
    assert seen == expected


def test_sessions_may_be_switched_off(make_source: MakeSource, own_sandbox: str) -> None:
    records_of(make_source(own_sandbox, session="off"), Stream.ACCOUNTS)
    assert httpx.get(f"{own_sandbox}/sandbox/sessions").json()["started"] == 0


def test_today_is_the_servers(make_source: MakeSource, sandbox: str) -> None:
    """In Kyiv it is already May."""
    source = make_source(sandbox, now=datetime(2018, 4, 30, 21, 30, tzinfo=UTC))
    assert list(source.read(Stream.INVOICES, None))[-1].cursor == "2018-05-01"
