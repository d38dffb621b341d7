"""Sends notices by e-mail (SMTP) for ztoe-hub."""

from __future__ import annotations

from collections.abc import Sequence

from ztoe_hub import AdapterType, hookimpl
from ztoe_hub.ports import NotificationChannel

from .channel import EmailChannel
from .settings import EmailSettings


@hookimpl
def notification_channels() -> Sequence[AdapterType[NotificationChannel]]:
    """One kind of channel: `type = "email"`."""
    return [AdapterType(name="email", settings=EmailSettings, build=EmailChannel)]
