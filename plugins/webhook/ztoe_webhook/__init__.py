"""Posts events as Standard Webhooks for ztoe-hub."""

from __future__ import annotations

from collections.abc import Sequence

from ztoe_hub import AdapterType, hookimpl
from ztoe_hub.outgoing import Limits

from .listener import WebhookListener
from .settings import WebhookSettings

# A receiver answers at once and works afterwards; longer repeats belong to the hub's queue.
LIMITS = Limits(timeout_s=10.0, deadline_s=20.0, concurrency=4, attempts=2, max_bytes=1024 * 1024)


@hookimpl
def listeners() -> Sequence[AdapterType[object]]:
    """One kind of listener: `type = "webhook"`."""
    return [AdapterType(name="webhook", settings=WebhookSettings, build=WebhookListener, limits=LIMITS)]
