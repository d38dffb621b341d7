"""Signs documents in Paperless (paperless.com.ua) for ztoe-hub."""

from __future__ import annotations

from collections.abc import Sequence

from ztoe_hub import AdapterType, hookimpl
from ztoe_hub.outgoing import Limits
from ztoe_hub.ports import SigningService

from .service import PaperlessService
from .settings import PaperlessSettings

# Paperless may block an account that asks more than ten times a second.
LIMITS = Limits(rate_per_s=10)


@hookimpl
def signing_services() -> Sequence[AdapterType[SigningService]]:
    return [
        AdapterType(name="paperless", settings=PaperlessSettings, build=PaperlessService, limits=LIMITS),
    ]
