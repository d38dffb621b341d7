"""Carries notices to channels and events to listeners, one at a time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pluggy
from sqlmodel import select

from ztoe_hub.notices import make_notice
from ztoe_hub.outbox import WorkItem
from ztoe_hub.plugin_manager import Instance
from ztoe_hub.ports import NotificationChannel
from ztoe_hub.settings import Settings
from ztoe_hub.storage.database import Database
from ztoe_hub.storage.tables import CabinetUser, Message
from ztoe_hub.values import DocumentCompleted, OrderStatusChanged

log = logging.getLogger(__name__)

EVENTS: dict[str, type[OrderStatusChanged] | type[DocumentCompleted]] = {
    "order_status_changed": OrderStatusChanged,
    "document_completed": DocumentCompleted,
}


class Deliveries:
    """The handlers of `send_notice` and `deliver_event`."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        channels: Mapping[str, Instance[NotificationChannel]],
        manager: pluggy.PluginManager,
    ) -> None:
        self._database = database
        self._settings = settings
        self._channels = channels
        self._manager = manager

    def send_notice(self, item: WorkItem) -> None:
        """Hand one message to one channel. Repeats carry the same key."""
        channel = self._channels.get(item.payload["channel"])
        if channel is None:
            log.warning("a channel is no longer configured", extra={"channel": item.payload["channel"]})
            return
        with self._database.read() as session:
            message = session.exec(select(Message).where(Message.key == item.payload["message"])).one()
            user = session.get_one(CabinetUser, message.user_id)
        notice = make_notice(message, to=user.email, language=user.language, settings=self._settings)
        channel.adapter.send(notice)

    def deliver_event(self, item: WorkItem) -> None:
        """Call one listener's implementation of one hook."""
        hook = item.payload["hook"]
        facts: dict[str, Any] = dict(item.payload["event"])
        event = EVENTS[hook](**{**facts, "at": datetime.fromisoformat(facts["at"])})
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            if implementation.plugin_name == item.payload["listener"]:
                implementation.function(*([event] if "event" in implementation.argnames else []))
                return
        log.warning("a listener is no longer there", extra={"listener": item.payload["listener"]})


def listeners_of(manager: pluggy.PluginManager, hook: str) -> list[str]:
    """The names of the plugins that implement this event hook."""
    return [each.plugin_name for each in getattr(manager.hook, hook).get_hookimpls()]
