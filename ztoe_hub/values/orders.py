"""Service orders on their way to billing, and what billing says of them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFile:
    """A file that goes with an order: certificate, extract, application or application_signed."""

    role: str
    name: str
    media_type: str
    sha256: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingOrder:
    """A signed order on its way to billing. `key` is ours and stays the same however often it is sent."""

    key: str
    service_code: str
    service_name: str
    account_number: str
    consumer_code: str
    metering_point_key: str
    eic: str | None
    voltage_class_kv: Decimal | None
    device_count: int
    contact_name: str
    contact_phone: str
    ordered_at: datetime
    files: Sequence[OrderFile]


class OrderUpdateKind(enum.StrEnum):
    """What the utility's staff did to an order in their own system."""

    REGISTERED = "registered"
    INVOICED = "invoiced"
    PAID = "paid"
    SCHEDULED = "scheduled"
    RESCHEDULED = "rescheduled"
    COMPLETED = "completed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUpdate:
    """One thing that happened; `id` is unique, so that reading it twice changes nothing."""

    id: str
    order_key: str
    kind: OrderUpdateKind
    at: datetime
    registration_number: str | None = None
    work_date: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUpdates:
    """A batch of updates and where to go on; the hub stores `cursor` after it has applied all of them."""

    updates: Sequence[OrderUpdate]
    cursor: str
    more: bool = False
