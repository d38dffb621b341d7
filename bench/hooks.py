"""A hub call through a hook against a direct call of the same function.

Two ways lead from the hub to a plugin: events go to listeners (pluggy finds them, deliveries call them one at a time),
and everything else goes through an instance that a hand-over hook gave at start-up, which is then an attribute.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from ztoe_hub import hookimpl
from ztoe_hub.exchange.deliveries import Deliveries
from ztoe_hub.hub import Hub
from ztoe_hub.outbox import WorkItem
from ztoe_hub.plugin_manager import build_plugin_manager
from ztoe_hub.ports import AdapterType, NotificationChannel
from ztoe_hub.testing.hubs import FAKE_INSTANCES, FakePlugin, FakeSettings, hub_with
from ztoe_hub.values import ChannelCapabilities, DeliveryReceipt, Health, Notice, OrderStatusChanged

from .figures import middle, ratio, table

EVENT = OrderStatusChanged(
    event_id="order-1-2",
    at=datetime(2018, 3, 3, 9, 15, tzinfo=UTC),
    order_id=1,
    consumer_code="125000632",
    service_code="meter-check",
    old_state="collecting",
    new_state="awaiting_signature",
)
NOTICE = Notice(
    key="n-1",
    to="clienttst@meta.ua",
    language="uk",
    subject="Статус змінено",
    text="Прийнято.",
    html=None,
    created_at=EVENT.at,
)
DIRECT_EVENT, DIRECT_SEND = "event: direct call", "adapter: direct call"


class Listener:
    """Receives an event and only counts it."""

    def __init__(self) -> None:
        self.calls = 0

    @hookimpl
    def order_status_changed(self, event: OrderStatusChanged) -> None:
        """Count it."""
        self.calls += event.order_id


class Channel:
    """A channel that only makes its receipt."""

    capabilities = ChannelCapabilities(address_kind="email", html=True)

    def check(self) -> Health:
        """Always well."""
        return Health(ok=True, detail="in memory")

    def send(self, notice: Notice) -> DeliveryReceipt:
        """Give the notice's key back."""
        return DeliveryReceipt(reference=notice.key, detail="250")


class ChannelPlugin(FakePlugin):
    """The fakes, and a channel that costs next to nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.quick = Channel()

    @hookimpl
    def notification_channels(self) -> Sequence[AdapterType[NotificationChannel]]:
        """The quick channel in place of the fake one."""
        return [AdapterType(name="fake", settings=FakeSettings, build=lambda *_: self.quick)]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Number of rounds and calls."""
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=20_000, help="of each contender in each round")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Time every contender in each round, one after the other, in CPU nanoseconds a call."""
    with tempfile.TemporaryDirectory(prefix="ztoe-bench-") as folder:
        plugin = ChannelPlugin()
        hub = hub_with(plugin, folder=Path(folder), settings_text=FAKE_INSTANCES)
        try:
            contenders = {**_events(hub), **_hand_overs(hub, plugin)}
            spent: dict[str, list[float]] = {name: [] for name in contenders}
            for call in contenders.values():
                _nanoseconds(call, options.calls // 10)
            for _ in range(options.rounds):
                for name, call in contenders.items():
                    spent[name].append(_nanoseconds(call, options.calls))
        finally:
            hub.close()
    base_of = {name: DIRECT_EVENT if name.startswith("event") else DIRECT_SEND for name in spent}
    return {
        "benchmark": "hooks",
        "rounds": options.rounds,
        "calls": options.calls,
        "ways": {
            name: {"ns_per_call": middle(values), "ratio_to_direct": ratio(values, spent[base_of[name]])}
            for name, values in spent.items()
        },
    }


def _events(hub: Hub) -> dict[str, Callable[[], object]]:
    one, three = Listener(), [Listener() for _ in range(3)]
    first = build_plugin_manager([("one", one)])
    many = build_plugin_manager([(f"listener_{place}", each) for place, each in enumerate(three)])
    deliveries = Deliveries(hub.database, hub.settings, hub.instances.notifications, first)
    fields = {name: getattr(EVENT, name) for name in EVENT.__dataclass_fields__}
    item = WorkItem(
        id=1,
        kind="deliver_event",
        subject="order-1-2",
        payload={
            "hook": "order_status_changed",
            "listener": "one",
            "event": {**fields, "at": EVENT.at.isoformat()},
        },
        attempts=1,
        wish=1,
        lease_token="",
    )
    return {
        DIRECT_EVENT: lambda: one.order_status_changed(EVENT),
        "event: pluggy fan-out, 1 listener": lambda: first.hook.order_status_changed(event=EVENT),
        "event: pluggy fan-out, 3 listeners": lambda: many.hook.order_status_changed(event=EVENT),
        "event: as deliveries do it, from the work row on": lambda: deliveries.deliver_event(item),
    }


def _hand_overs(hub: Hub, plugin: ChannelPlugin) -> dict[str, Callable[[], object]]:
    channel = plugin.quick
    return {
        DIRECT_SEND: lambda: channel.send(NOTICE),
        "adapter: hub → instance → adapter": lambda: hub.instances.notifications["mail"].adapter.send(NOTICE),
    }


def _nanoseconds(call: Callable[[], object], calls: int) -> float:
    """CPU time of one call, the loop and the lambda around it included for all contenders alike."""
    gc.disable()
    try:
        started = time.process_time_ns()
        for _ in range(calls):
            call()
        return (time.process_time_ns() - started) / calls
    finally:
        gc.enable()


def tables(result: dict[str, Any]) -> list[Table]:
    """One row a way."""
    rows = [(name, way["ns_per_call"], way["ratio_to_direct"]) for name, way in result["ways"].items()]
    return [
        table(
            f"Hooks: CPU time of a call, medians of {result['rounds']} interleaved rounds",
            ("way", "ns/call", "÷ direct"),
            rows,
        )
    ]
