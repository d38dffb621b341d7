"""Notices to people, and events to listeners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message to one recipient. `key` is stable: every repeat carries it (an e-mail's Message-ID is made of it)."""

    key: str
    to: str
    language: str
    subject: str
    text: str
    html: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReceipt:
    """A channel's word that it took the notice over; `detail` is the server's answer."""

    reference: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCapabilities:
    """What a channel can carry, and what an address of it is called (email, …)."""

    address_kind: str
    html: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStatusChanged:
    """An order moved. `event_id` is stable for repeats of the same move."""

    event_id: str
    at: datetime
    order_id: int
    consumer_code: str
    service_code: str
    old_state: str
    new_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentCompleted:
    """A document came back signed, was checked and is in the archive."""

    event_id: str
    at: datetime
    document_id: int
    origin: str
    subject_id: int
    signed_sha256: str
    signer_tax_codes: Sequence[str]
