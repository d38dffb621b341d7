"""The exchange plan: real feeds are understood, and nothing is confirmed before the hub has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from ztoe_billing_1c.atom import changes_of
from ztoe_billing_1c.exchange import CURSOR
from ztoe_billing_1c.service import OneCSource
from ztoe_hub.errors import HubError, OperatorNeeded, TransientError, UnexpectedAnswer
from ztoe_hub.testing.billing import records_of
from ztoe_hub.values import ConsumerRecord, ImportOutcome, Page, Stream

MakeSource = Callable[..., OneCSource]
DATA = Path(__file__).parent / "data"
CATALOG_FEED = (DATA / "02_selectchanges_catalog_8.5.atom.xml").read_bytes()
REGISTERS_FEED = (DATA / "03_selectchanges_document_and_registers_8.5.atom.xml").read_bytes()
CONSUMERS = "Catalog_Контрагенты"
PLAN = "ExchangePlan_ОбменСКабинетом"
NODE = "70000000-0000-4000-8000-000000000000"
TRADE = """
streams:
  districts: null
  accounts: null
  metering_points: null
  statement_lines: null
  invoices: null
  consumers:
    folder: null
    order: []
    fields: {code: null, address: null, email: null, phone: null, user_code: null, tax_code: ИНН}
"""


# --- feeds -------------------------------------------------------------------------------------------


def test_a_real_feed_of_a_catalog() -> None:
    one, other = changes_of(CATALOG_FEED, "feed")
    assert (one.set, one.key) == (CONSUMERS, "ff564c10-a268-11e5-92f1-0050568b35ac")
    assert one.values is not None
    assert one.values["ИНН"] == "4825005381"
    assert one.values["НаименованиеПолное"] == "АВИКА"
    assert one.values["НалоговыйНомер"] == ""
    assert "ДополнительныеРеквизиты" not in one.values  # an empty tabular part is no text
    assert other.values is not None
    assert other.values["DeletionMark"] == "true"


def test_a_real_feed_of_a_document_and_registers() -> None:
    """Pitfall 7: tabular parts with rows, and record sets, which have no reference of their own."""
    document, *registers = changes_of(REGISTERS_FEED, "feed")
    assert (document.set, document.key) == (
        "Document_ЗаказКлиента",
        "8d1d7287-6240-11f1-9296-08002761f3c5",
    )
    assert document.values is not None
    assert document.values["ДокументОснование_Type"] == "StandardODATA.Undefined"
    assert "Товары" not in document.values
    assert len(registers) == 2
    assert all(change.key is None for change in registers)
    assert all("Register_" in change.set for change in registers)


HEAD = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0" '
    'xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" '
    'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)


def entry(properties: str, set_name: str = CONSUMERS, key: str = NODE) -> str:
    return (
        f"<entry><id>http://x/odata/{set_name}(guid'{key}')</id>"
        f'<category term="StandardODATA.{set_name}"/><content><m:properties>{properties}</m:properties></content>'
        "</entry>"
    )


def feed(*entries: str) -> bytes:
    return f"{HEAD}{''.join(entries)}</feed>".encode()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("<d:А/>", ""),
        ('<d:А m:null="true"/>', None),
        ('<d:А xsi:nil="true"/>', None),
        ("<d:А>x</d:А>", "x"),
    ],
)
def test_nothing_has_several_forms(written: str, value: str | None) -> None:
    """Pitfall 7."""
    [change] = changes_of(feed(entry(written)), "feed")
    assert change.values == {"А": value}


def test_an_empty_tabular_part_is_told_by_its_type() -> None:
    """Pitfall 7: the fourth form."""
    [change] = changes_of(feed(entry('<d:А m:type="Collection(StandardODATA.X_RowType)"/>')), "feed")
    assert change.values == {}


XXE = '<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "content",
    [
        XXE.encode() + feed(entry("<d:А>&x;</d:А>")),
        feed(entry("<d:А>\x02</d:А>")),
        CATALOG_FEED[: len(CATALOG_FEED) // 2],
        b"<service/>",
        b"",
    ],
)
def test_what_is_no_whole_feed_is_refused(content: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        list(changes_of(content, "feed"))


# --- a scripted base ---------------------------------------------------------------------------------


class Plan:
    """A base with one node; `feed` is what SelectChanges gives."""

    def __init__(self, metadata: bytes, feed: bytes) -> None:
        self.metadata = metadata
        self.feed = feed
        self.received = 0
        self.confirmed: list[str] = []
        self.asked: list[str] = []
        self.lose_confirmation = False

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.rpartition("/")[2]
        if path == "$metadata":
            return httpx.Response(200, content=self.metadata)
        if path == "SelectChanges":
            self.asked.append(request.url.params["MessageNo"])
            return httpx.Response(200, content=self.feed)
        if path == "NotifyChangesReceived":
            self.confirmed.append(request.url.params["MessageNo"])
            self.received = int(request.url.params["MessageNo"])
            if self.lose_confirmation:
                raise httpx.ReadError("lost")
            return httpx.Response(200)
        nodes = [
            {
                "Ref_Key": "60000000-0000-4000-8000-000000000000",
                "Code": "ЦБ",
                "ReceivedNo": "0",
                "ThisNode": True,
            },
            {"Ref_Key": NODE, "Code": "КАБ      ", "ReceivedNo": str(self.received), "ThisNode": False},
        ]
        return httpx.Response(200, json={"value": nodes})


@pytest.fixture
def planned(
    make_source: MakeSource, edmx: Callable[..., bytes], mapping_file: Callable[[str], Path]
) -> Callable[..., tuple[OneCSource, Plan]]:
    def make(feed: bytes, **settings: Any) -> tuple[OneCSource, Plan]:
        mapping = mapping_file(TRADE)
        plan = Plan(edmx(mapping), feed)
        transport = httpx.MockTransport(plan.handle)
        settings = {"exchange_plan": PLAN, **settings}
        return make_source("https://1c.example.com", transport=transport, mapping=mapping, **settings), plan

    return make


Planned = Callable[..., tuple[OneCSource, Plan]]


def changes(source: OneCSource, stream: Stream = Stream.CONSUMERS) -> Page:
    [page] = source.read(stream, CURSOR)
    return page


def done(source: OneCSource, stream: Stream = Stream.CONSUMERS, status: str = "done") -> None:
    source.acknowledge(ImportOutcome(stream=stream, status=status, cursor=CURSOR, report=""))


def test_a_real_feed_becomes_records_and_keys_that_are_gone(planned: Planned) -> None:
    source, plan = planned(CATALOG_FEED)
    page = changes(source)
    assert list(page.records) == [
        ConsumerRecord(key="ff564c10-a268-11e5-92f1-0050568b35ac", name="АВИКА", tax_code="4825005381")
    ]
    assert list(page.gone) == ["624595b8-2d34-11e1-afd3-0015e9b8c48d"]
    assert (page.complete, page.changes_only, page.cursor) == (True, True, CURSOR)
    assert plan.confirmed == []
    done(source)
    assert plan.confirmed == ["1"]


def test_classes_that_are_not_mapped_are_reported_and_not_lost(planned: Planned) -> None:
    """Pitfall 15."""
    source, plan = planned(REGISTERS_FEED)
    page = changes(source)
    assert page.rejected[0].reason == "Document_ЗаказКлиента is not in the mapping"
    assert len(page.rejected) == 3
    assert page.rejected[0].place == f"{PLAN}, message 1, entry 0"
    done(source)
    assert plan.confirmed == ["1"]  # the report has them


@pytest.mark.parametrize("status", ["held", "failed"])
def test_what_the_hub_did_not_take_is_not_confirmed(planned: Planned, status: str) -> None:
    source, plan = planned(CATALOG_FEED)
    changes(source)
    done(source, status=status)
    assert plan.confirmed == []
    assert len(changes(source).records) == 1
    assert plan.asked == ["1", "1"]


def test_an_empty_feed_is_not_confirmed(planned: Planned) -> None:
    """Pitfall 15: to confirm a message that was empty would confirm what came since."""
    source, plan = planned(feed())
    page = changes(source)
    assert (page.records, page.gone, page.complete) == ([], [], True)
    done(source)
    assert plan.confirmed == []


def test_a_confirmation_that_is_lost_costs_nothing(planned: Planned) -> None:
    """Pitfall 15: 1C is asked where it stands; if it had the word, the next message follows."""
    source, plan = planned(CATALOG_FEED)
    changes(source)
    plan.lose_confirmation = True
    with pytest.raises(TransientError):
        done(source)
    plan.feed = feed()
    assert changes(source).records == []
    assert plan.asked == ["1", "2"]


def test_a_crash_between_commit_and_confirmation_repeats_the_message(planned: Planned) -> None:
    """Pitfall 15: another process knows nothing of the open message."""
    source, plan = planned(CATALOG_FEED)
    changes(source)
    other, _ = planned(CATALOG_FEED)
    assert len(changes(other).records) == 1
    assert plan.confirmed == []


def test_an_acknowledgement_of_nothing_is_harmless(planned: Planned) -> None:
    source, plan = planned(CATALOG_FEED)
    done(source)
    changes(source)
    done(source)
    done(source)
    assert plan.confirmed == ["1"]


@pytest.mark.parametrize("node", ["КАБ", NODE, None])
def test_the_node_is_found_by_code_reference_or_by_being_the_only_one(
    planned: Planned, node: str | None
) -> None:
    source, _ = planned(CATALOG_FEED, exchange_node=node)
    assert len(changes(source).records) == 1


def test_a_node_that_is_not_there_is_told(planned: Planned) -> None:
    source, _ = planned(CATALOG_FEED, exchange_node="ІНШИЙ")
    with pytest.raises(OperatorNeeded, match="0 nodes"):
        changes(source)


def test_an_entry_that_cannot_be_a_record_is_rejected_by_its_key(planned: Planned) -> None:
    name = "<d:НаименованиеПолное/><d:Description/><d:ИНН/>"
    source, _ = planned(feed(entry(name)))
    [rejected] = changes(source).rejected
    assert (rejected.key, rejected.field) == (NODE, "НаименованиеПолное")


# --- the sandbox -------------------------------------------------------------------------------------


@pytest.fixture
def base(own_sandbox: str, make_source: MakeSource) -> OneCSource:
    return make_source(own_sandbox, exchange_plan=PLAN)


def write(url: str, set_name: str, key: str, **values: Any) -> None:
    httpx.post(f"{url}/sandbox/records/{set_name}/{key}", json=values).raise_for_status()


def received(url: str) -> str:
    address = f"{url}/utility/odata/standard.odata/{PLAN}?$format=json"
    nodes = httpx.get(address, auth=("odata", "demo")).json()["value"]
    return next(str(node["ReceivedNo"]) for node in nodes if not node["ThisNode"])


def test_a_full_read_comes_first_and_changes_follow(base: OneCSource, own_sandbox: str) -> None:
    *_, last = base.read(Stream.CONSUMERS, None)
    assert (last.cursor, last.changes_only) == (CURSOR, False)
    one, other = [record.key for record in records_of(base, Stream.CONSUMERS)][:2]
    write(own_sandbox, CONSUMERS, one, phone="+380410000099")
    httpx.delete(f"{own_sandbox}/sandbox/records/{CONSUMERS}/{other}").raise_for_status()
    page = changes(base)
    assert [getattr(record, "phone", "") for record in page.records] == ["+380410000099"]
    assert list(page.gone) == [other]
    done(base)
    assert received(own_sandbox) == "1"
    assert changes(base).records == []


def test_a_message_is_confirmed_when_all_its_streams_are_in(base: OneCSource, own_sandbox: str) -> None:
    consumer = records_of(base, Stream.CONSUMERS)[0].key
    account = records_of(base, Stream.ACCOUNTS)[0].key
    write(own_sandbox, CONSUMERS, consumer, phone="1")
    write(own_sandbox, "Catalog_ЛицевыеСчета", account, contract_number="2")
    assert len(changes(base).records) == 1
    done(base)
    assert received(own_sandbox) == "0"
    assert len(changes(base, Stream.ACCOUNTS).records) == 1
    done(base, Stream.ACCOUNTS)
    assert received(own_sandbox) == "1"


def test_a_change_that_comes_while_a_message_is_open_is_in_the_next_one(
    base: OneCSource, own_sandbox: str
) -> None:
    """Pitfall 15: asking again brings more; only what was handed out is confirmed."""
    one, other = [record.key for record in records_of(base, Stream.CONSUMERS)][:2]
    write(own_sandbox, CONSUMERS, one, phone="1")
    assert len(changes(base).records) == 1
    write(own_sandbox, CONSUMERS, other, phone="2")
    done(base)
    assert [record.key for record in changes(base).records] == [other]


def test_a_poisoned_message_is_left_alone_and_told(base: OneCSource, own_sandbox: str) -> None:
    """Pitfall 15: one 0x02 in one text, and the whole message is refused until 1C is cleaned."""
    one, other = [record.key for record in records_of(base, Stream.CONSUMERS)][:2]
    write(own_sandbox, CONSUMERS, one, phone="\x02")
    write(own_sandbox, CONSUMERS, other, phone="2")
    with pytest.raises(OperatorNeeded, match="nothing of the message was taken"):
        changes(base)
    assert received(own_sandbox) == "0"
    write(own_sandbox, CONSUMERS, one, phone="3")
    assert len(changes(base).records) == 2


def test_streams_that_are_not_planned_are_read_as_ever(own_sandbox: str, make_source: MakeSource) -> None:
    source = make_source(own_sandbox, exchange_plan=PLAN, exchange_streams=["consumers"])
    *_, last = source.read(Stream.ACCOUNTS, CURSOR)
    assert not last.changes_only
    write(own_sandbox, "Catalog_ЛицевыеСчета", records_of(source, Stream.ACCOUNTS)[0].key)
    assert changes(source).rejected == []  # it is mapped, only not awaited


def test_a_plan_that_is_not_published_is_told(own_sandbox: str, make_source: MakeSource) -> None:
    source = make_source(own_sandbox, exchange_plan="ExchangePlan_Інший")
    assert "ExchangePlan_Інший" in source.check().detail
    with pytest.raises(HubError):
        changes(source)
