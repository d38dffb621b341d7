"""The exchange plan, sessions, a shrunken composition and a weak server: what a 1C base does on a bad day."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from ztoe_sandbox.onec.app import create_app
from ztoe_sandbox.process import Counterparty
from ztoe_sandbox.serving import Server

ROOT = "/utility/odata/standard.odata/"
PLAN = "ExchangePlan_ОбменСКабинетом"
ATOM = "{http://www.w3.org/2005/Atom}"
TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
CONSUMERS = "Catalog_Контрагенты"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(create_app(consumers=6, state_path=None, faults=None), 0)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def base(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url + ROOT, auth=("odata", "demo")) as client:
        yield client


def control(server: Server, method: str, path: str, **body: object) -> httpx.Response:
    response = httpx.request(method, f"{server.url}/sandbox/{path}", json=body)
    response.raise_for_status()
    return response


def rows(base: httpx.Client, address: str) -> list[dict[str, object]]:
    sign = "&" if "?" in address else "?"
    response = base.get(f"{address}{sign}$format=json")
    assert response.status_code == 200, response.text
    return list(response.json()["value"])


def node(base: httpx.Client) -> dict[str, object]:
    return next(row for row in rows(base, PLAN) if not row["ThisNode"])


def call(base: httpx.Client, method: str, message: int, key: object = None) -> httpx.Response:
    point = quote(f"'{base.base_url}{PLAN}(guid'{key or node(base)['Ref_Key']}')'", safe="")
    return base.post(f"{method}?DataExchangePoint={point}&MessageNo={message}")


def keys(feed: httpx.Response) -> list[str]:
    root = ET.fromstring(feed.content)  # noqa: S314 - our own server
    entries = [entry.findtext(f"{ATOM}id", "") for entry in root.iter(f"{ATOM}entry")]
    return [*entries, *(entry.get("ref", "") for entry in root.iter(TOMBSTONE))]


def consumer(base: httpx.Client, place: int) -> str:
    return str(rows(base, f"{CONSUMERS}?$filter=IsFolder eq false&$orderby=Code")[place]["Ref_Key"])


def test_a_message_repeated_brings_the_old_and_the_new(server: Server, base: httpx.Client) -> None:
    one, other = consumer(base, 1), consumer(base, 2)
    assert keys(call(base, "SelectChanges", 1)) == []
    control(server, "POST", f"records/{CONSUMERS}/{one}", phone="+380410000099")
    assert [one in key for key in keys(call(base, "SelectChanges", 1))] == [True]
    control(server, "POST", f"records/{CONSUMERS}/{other}")
    assert len(keys(call(base, "SelectChanges", 1))) == 2


def test_only_what_was_sent_is_confirmed(server: Server, base: httpx.Client) -> None:
    one, other = consumer(base, 1), consumer(base, 2)
    control(server, "POST", f"records/{CONSUMERS}/{one}")
    call(base, "SelectChanges", 1)
    control(server, "POST", f"records/{CONSUMERS}/{other}")
    assert call(base, "NotifyChangesReceived", 1).status_code == 200
    assert node(base)["ReceivedNo"] == "1"
    assert [other in key for key in keys(call(base, "SelectChanges", 2))] == [True]


def test_a_deleted_record_is_a_tombstone(server: Server, base: httpx.Client) -> None:
    key = consumer(base, 1)
    control(server, "DELETE", f"records/{CONSUMERS}/{key}")
    feed = call(base, "SelectChanges", 1)
    assert b"deleted-entry" in feed.content
    assert keys(feed)[0].endswith(f"{CONSUMERS}(guid'{key}')")


def test_one_bad_character_spoils_the_whole_message(server: Server, base: httpx.Client) -> None:
    control(server, "POST", f"records/{CONSUMERS}/{consumer(base, 1)}", phone="\x02")
    control(server, "POST", f"records/{CONSUMERS}/{consumer(base, 2)}")
    assert call(base, "SelectChanges", 1).status_code == 400


def test_another_node_or_message_is_refused(base: httpx.Client) -> None:
    assert call(base, "SelectChanges", 1, key="00000000-0000-4000-8000-000000000000").status_code == 400
    assert base.post("SelectChanges?MessageNo=1").status_code == 400


def test_a_session_is_started_used_and_finished(server: Server, base: httpx.Client) -> None:
    started = base.get("Catalog_РЭМ?$top=1", headers={"IBSession": "start"})
    assert "ibsession=" in started.headers["Set-Cookie"]
    assert control(server, "GET", "sessions").json() == {"living": 1, "started": 1}
    base.get("Catalog_РЭМ?$top=1", headers={"IBSession": "finish"})
    assert control(server, "GET", "sessions").json() == {"living": 0, "started": 1}


def test_a_dead_session_is_404_and_too_many_are_406(server: Server, base: httpx.Client) -> None:
    base.get("Catalog_РЭМ?$top=1", headers={"IBSession": "start"})
    control(server, "DELETE", "sessions")
    assert base.get("Catalog_РЭМ?$top=1").status_code == 404
    control(server, "POST", "switches", most_sessions=0)
    base.cookies.clear()
    assert base.get("Catalog_РЭМ?$top=1", headers={"IBSession": "start"}).status_code == 406


def test_metadata_has_an_etag(server: Server, base: httpx.Client) -> None:
    etag = base.get("$metadata").headers["ETag"]
    assert base.get("$metadata", headers={"If-None-Match": etag}).status_code == 304
    control(server, "POST", "switches", metadata_drop=[f"{CONSUMERS}.Телефон"])
    assert base.get("$metadata", headers={"If-None-Match": etag}).status_code == 200


def test_the_composition_may_shrink(server: Server, base: httpx.Client) -> None:
    dropped = [f"{CONSUMERS}.Телефон", "Catalog_РЭМ", "Document_СчетНаОплату.СуммаДокумента=Edm.String"]
    control(server, "POST", "switches", metadata_drop=dropped)
    assert "Телефон" not in rows(base, f"{CONSUMERS}?$top=1")[0]
    assert base.get(f"{CONSUMERS}?$select=Телефон").status_code == 400
    assert base.get("Catalog_РЭМ").status_code == 404
    assert isinstance(rows(base, "Document_СчетНаОплату?$top=1")[0]["СуммаДокумента"], str)


def test_memory_ends_above_so_many_rows(server: Server, base: httpx.Client) -> None:
    control(server, "POST", "switches", most_rows=3)
    assert base.get("Catalog_ТочкиУчета?$top=4&$format=json").status_code == 500
    assert len(rows(base, "Catalog_ТочкиУчета?$top=3")) == 3


def test_an_unknown_switch_is_refused(server: Server) -> None:
    response = httpx.post(f"{server.url}/sandbox/switches", json={"mostrows": 1})
    assert response.status_code == 400


def test_a_record_may_be_copied(server: Server, base: httpx.Client) -> None:
    original = consumer(base, 1)
    answer = control(server, "POST", f"records/{CONSUMERS}/new", copy_of=original, phone="+380410000077")
    [found] = rows(base, f"{CONSUMERS}?$filter=Телефон eq '%2B380410000077'")
    assert found["Ref_Key"] == answer.json()["key"]


def test_the_command_line_has_the_switches() -> None:
    with (
        Counterparty(
            "1c", "--consumers", "6", "--metadata-drop", f"{CONSUMERS}.Телефон", "--most-rows", "5"
        ) as counterparty,
        httpx.Client(base_url=counterparty.url + ROOT, auth=("odata", "demo")) as base,
    ):
        assert "Телефон" not in rows(base, f"{CONSUMERS}?$top=1")[0]
        assert base.get(f"{CONSUMERS}?$top=6&$format=json").status_code == 500
