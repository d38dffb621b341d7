"""A whole hub imports a 1C base, and again: what is the same is not touched, what changed arrives, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import ztoe_billing_1c
from ztoe_hub.errors import OperatorNeeded
from ztoe_hub.hub import Hub
from ztoe_hub.testing.clocks import FrozenClock
from ztoe_hub.testing.hubs import hub_with
from ztoe_hub.values import Stream

CONSUMERS = "Catalog_Контрагенты"
INVOICES = "Document_СчетНаОплату"
PLAN = "ExchangePlan_ОбменСКабинетом"
SETTINGS = """
[billing.odata]
type = "1c-odata"
base_url = "{url}/utility"
username = "Адміністратор"
password = "demo"
history_from = "2018-01-01"
[billing.planned]
type = "1c-odata"
base_url = "{url}/utility"
username = "odata"
password = "demo"
history_from = "2018-01-01"
exchange_plan = "{plan}"
[billing.service]
type = "1c-hs"
service_url = "{url}/utility/hs/ztoe"
username = "odata"
password = "demo"
"""


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(datetime(2018, 4, 15, tzinfo=UTC))


@pytest.fixture
def hub(own_sandbox: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    opened = hub_with(
        ztoe_billing_1c,
        folder=tmp_path,
        settings_text=SETTINGS.format(url=own_sandbox, plan=PLAN),
        clock=clock,
    )
    yield opened
    opened.close()


def sync(hub: Hub, source: str) -> dict[Stream, dict[str, Any]]:
    """What each stream's import counted."""
    reports = hub.sync.import_by_hand(source)
    assert {report.status.value for report in reports} == {"done"}, [report.reason for report in reports]
    return {report.stream: report.counts() for report in reports}


def write(url: str, set_name: str, key: str, **changes: Any) -> None:
    httpx.post(f"{url}/sandbox/records/{set_name}/{key}", json=changes).raise_for_status()


def keys(url: str, set_name: str) -> list[str]:
    address = f"{url}/utility/odata/standard.odata/{set_name}?$format=json&$orderby=Ref_Key"
    rows = httpx.get(address, auth=("odata", "demo")).json()["value"]
    return [row["Ref_Key"] for row in rows if not row.get("IsFolder")]


@pytest.mark.parametrize("source", ["odata", "planned", "service"])
def test_the_second_import_changes_nothing(hub: Hub, source: str) -> None:
    first, again = sync(hub, source), sync(hub, source)
    assert first[Stream.INVOICES]["new"] > 20
    assert {stream: counts["new"] for stream, counts in first.items() if not counts["new"]} == {}
    for stream, counts in again.items():
        changed = {name: counts[name] for name in ("new", "changed", "vanished", "rejected")}
        assert changed == dict.fromkeys(changed, 0), stream


@pytest.mark.parametrize("source", ["odata", "planned", "service"])
def test_a_change_arrives_and_a_deleted_record_goes(hub: Hub, own_sandbox: str, source: str) -> None:
    sync(hub, source)
    first, second, *_ = keys(own_sandbox, "Catalog_ТочкиУчета")
    write(own_sandbox, "Catalog_ТочкиУчета", first, title="Новий склад")
    httpx.delete(f"{own_sandbox}/sandbox/records/Catalog_ТочкиУчета/{second}").raise_for_status()
    counts = sync(hub, source)[Stream.METERING_POINTS]
    assert (counts["changed"], counts["vanished"], counts["new"]) == (1, 1, 0)
    again = sync(hub, source)[Stream.METERING_POINTS]
    assert (again["changed"], again["vanished"], again["new"]) == (0, 0, 0)


@pytest.mark.parametrize("source", ["odata", "planned", "service"])
def test_an_invoice_is_added_and_one_is_unposted(hub: Hub, own_sandbox: str, source: str) -> None:
    sync(hub, source)
    original = keys(own_sandbox, INVOICES)[0]
    late = {"copy_of": original, "number": "9001", "formed_at": "2018-04-10T10:00:00"}
    write(own_sandbox, INVOICES, "new", **late, deleted=False, posted=True)
    assert sync(hub, source)[Stream.INVOICES]["new"] == 1
    address = f"{own_sandbox}/utility/odata/standard.odata/{INVOICES}?$format=json&$filter=Number eq '9001'"
    [added] = httpx.get(address, auth=("odata", "demo")).json()["value"]
    write(own_sandbox, INVOICES, added["Ref_Key"], posted=False)
    assert sync(hub, source)[Stream.INVOICES]["vanished"] == 1


def test_a_message_is_confirmed_after_the_last_stream(hub: Hub, own_sandbox: str) -> None:
    sync(hub, "planned")
    write(own_sandbox, CONSUMERS, keys(own_sandbox, CONSUMERS)[0], phone="+380410000099")
    sync(hub, "planned")
    address = f"{own_sandbox}/utility/odata/standard.odata/{PLAN}?$format=json"
    nodes = httpx.get(address, auth=("odata", "demo")).json()["value"]
    assert {node["ReceivedNo"] for node in nodes if not node["ThisNode"]} == {"1"}


def test_a_shrunken_composition_leaves_everything_as_it_was(
    hub: Hub, own_sandbox: str, clock: FrozenClock
) -> None:
    """Pitfall 13, to the end; when 1C is mended, nothing has to be waited for."""
    before = sync(hub, "odata")
    switches = {"metadata_drop": [f"{CONSUMERS}.Телефон"]}
    httpx.post(f"{own_sandbox}/sandbox/switches", json=switches).raise_for_status()
    clock.advance(minutes=16)
    with pytest.raises(OperatorNeeded, match="Телефон"):
        sync(hub, "odata")
    httpx.post(f"{own_sandbox}/sandbox/switches", json={"metadata_drop": []}).raise_for_status()
    after = sync(hub, "odata")
    assert after[Stream.CONSUMERS]["unchanged"] == before[Stream.CONSUMERS]["new"]
