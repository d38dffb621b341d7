"""Builds what an adapter is given, for tests: an AdapterContext over real or injected HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..outgoing import Limits, Outgoing
from ..ports import AdapterContext
from ..values import Title

if TYPE_CHECKING:
    import httpx


def adapter_context(
    name: str = "tested",
    *,
    limits: Limits | None = None,
    transport: httpx.BaseTransport | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> AdapterContext:
    """A context for one instance. Close `context.http` when the test ends."""
    return AdapterContext(
        name=name,
        title=Title(uk=name, en=name),
        http=Outgoing(name, limits or Limits(), sleep=sleep, transport=transport),
        clock=clock,
        sleep=sleep,
    )
