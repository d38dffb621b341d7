"""Reads billing data from 1C:Enterprise and BAS for ztoe-hub."""

from __future__ import annotations

from collections.abc import Sequence

from ztoe_hub import hookimpl
from ztoe_hub.outgoing import Limits
from ztoe_hub.ports import AdapterType, BillingSource

from .hub_source import HubServiceSource
from .service import OneCSource
from .settings import OneCSettings, ServiceSettings

# A request takes a session and a licence on the 1C side, hence two at once and no more.
LIMITS = Limits(concurrency=2, timeout_s=60, deadline_s=300, max_bytes=64 * 1024 * 1024)


@hookimpl
def billing_sources() -> Sequence[AdapterType[BillingSource]]:
    return [
        AdapterType(name="1c-odata", settings=OneCSettings, build=OneCSource, limits=LIMITS),
        AdapterType(name="1c-hs", settings=ServiceSettings, build=HubServiceSource, limits=LIMITS),
    ]
