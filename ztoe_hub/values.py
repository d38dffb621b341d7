"""Frozen values that cross the ports between the hub and its adapters.

Records of billing streams are msgspec structs (adapters decode thousands of them a second);
everything else is a frozen dataclass. Money is Decimal hryvnias, times are aware unless a name
says otherwise, identifiers of other systems are text and never parsed.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import msgspec

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Title:
    """A name that people read, in both languages of the cabinet."""

    uk: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a live check of an instance found. `detail` is for operators and holds no secret."""

    ok: bool
    detail: str


# --- billing -------------------------------------------------------------------------------


class Stream(enum.StrEnum):
    """Kinds of record that a billing source offers, in the order in which they depend on each other."""

    DISTRICTS = "districts"
    CONSUMERS = "consumers"
    ACCOUNTS = "accounts"
    METERING_POINTS = "metering_points"
    STATEMENT_LINES = "statement_lines"
    INVOICES = "invoices"


class Article(enum.StrEnum):
    """Стаття реалізації: what a line of the statement is about."""

    ACTIVE = "active"
    REACTIVE = "reactive"
    OVER_CONSUMPTION = "over_consumption"


class InvoiceKind(enum.StrEnum):
    """Тип рахунку."""

    ADVANCE_ACTIVE = "advance_active"
    ACTIVE = "active"
    REACTIVE = "reactive"


class EnergyKind(enum.StrEnum):
    """Тип точки обліку: А, Р, Г."""

    ACTIVE = "active"
    REACTIVE = "reactive"
    GENERATION = "generation"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a stream. `key` is the source's own identifier of it, unique within the stream."""

    key: str


class DistrictRecord(Record, frozen=True, kw_only=True):
    """РЕМ. `period` is the first day of its current settlement month."""

    code: str
    name: str
    period: date | None = None


class ConsumerRecord(Record, frozen=True, kw_only=True):
    """A legal entity or sole trader. `tax_code` is EDRPOU (8 digits) or RNOKPP, as text."""

    name: str
    tax_code: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    user_code: str | None = None


class AccountRecord(Record, frozen=True, kw_only=True):
    """Особовий рахунок. Leading zeros and letters occur in `number` ("0030009м")."""

    consumer_key: str
    district_key: str
    number: str
    consumer_code: str
    contract_number: str | None = None
    contract_date: date | None = None


class MeteringPointRecord(Record, frozen=True, kw_only=True):
    """Точка обліку. `digits` are the dial's integer digits, `coefficient` is Kтт·Kтн, voltage in kV."""

    account_key: str
    name: str
    kind: EnergyKind
    eic: str | None = None
    address: str | None = None
    meter_number: str | None = None
    meter_type: str | None = None
    digits: int | None = None
    coefficient: Decimal = Decimal(1)
    voltage_class_kv: Decimal | None = None


class StatementLineRecord(Record, frozen=True, kw_only=True):
    """One article of one account for one month; credits are zero or less, as the manual prints them."""

    account_key: str
    period: date  # first day of the month
    article: Article
    opening_debit_uah: Decimal
    opening_credit_uah: Decimal
    accrued_uah: Decimal
    paid_uah: Decimal
    closing_debit_uah: Decimal
    closing_credit_uah: Decimal


class InvoiceRecord(Record, frozen=True, kw_only=True):
    """One charge of one account for one month."""

    account_key: str
    number: str
    period: date  # first day of the settlement month
    formed_at: datetime  # naive: the wall clock of the source, Europe/Kyiv
    kind: InvoiceKind
    amount_uah: Decimal  # VAT included


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that a source or the import could not accept, and why. Shown to operators."""

    place: str  # file and line, or page and index
    key: str | None
    field: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A piece of a stream. Only the last page says whether the read was `complete`."""

    records: Sequence[Record]
    rejected: Sequence[Rejected] = ()
    complete: bool = False
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingCapabilities:
    """What a source can do beside reading `streams`."""

    streams: frozenset[Stream]
    invoice_files: bool = False
    orders: bool = False


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


# --- document signing ----------------------------------------------------------------------


class RecipientState(enum.StrEnum):
    """What one recipient did, in our words."""

    AWAITING = "awaiting"
    SENT = "sent"
    VIEWED = "viewed"
    SIGNED = "signed"
    DECLINED = "declined"
    REVOKED = "revoked"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whoever is asked to sign."""

    email: str
    tax_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingDocument:
    """A document on its way to a service. `key` is unique and part of `file_name`, so that it can be searched."""

    key: str
    file_name: str
    title: str
    media_type: str
    sha256: str
    content: bytes = field(repr=False)
    recipients: Sequence[Recipient]


@dataclass(frozen=True, slots=True)
class RemoteRef:
    """Where a document lives at its service: an opaque JSON object (Paperless needs id and hash)."""

    data: Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientSnapshot:
    """One recipient's state and the service's own word for it."""

    state: RecipientState
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the service says of a document now. A claim, until the hub has looked at the bytes."""

    recipients: Mapping[str, RecipientSnapshot]  # by e-mail, lower case
    raw: str  # the service's answer, for the archive


class Rendition(enum.StrEnum):
    """Which bytes of a document to download."""

    ORIGINAL = "original"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Downloaded bytes; what they are is judged by content, never by the service's word."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningCapabilities:
    """What a document service can do beside the mandatory core; the hub asks this, never who it is."""

    max_bytes: int
    media_types: frozenset[str]
    addressing: frozenset[str]  # email, edrpou
    qualified: bool  # the recipient signs with КЕП
    recall: bool = False
    web_url: str | None = None  # where the recipient signs


# --- signature containers ------------------------------------------------------------------


class ContainerFormat(enum.StrEnum):
    """What the bytes of a signed document are."""

    CMS_ATTACHED = "cms-attached"
    CMS_DETACHED = "cms-detached"
    ASIC_E = "asic-e"
    PADES = "pades"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One signature in a container. None means "not checked" or "not known", never "fine"."""

    subject: str
    organisation: str | None
    edrpou: str | None
    rnokpp: str | None
    issuer: str | None
    signed_at: datetime | None
    time_source: str | None  # "timestamp" or "claimed"
    seal: bool | None
    digest_ok: bool | None
    signature_ok: bool | None
    chain_ok: bool | None
    time_ok: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerReport:
    """What a reader found in a container. `content` are the innermost signed bytes, when they are inside."""

    format: ContainerFormat
    signers: Sequence[Signer]
    problems: Sequence[str] = ()
    content: bytes | None = field(default=None, repr=False)


# --- notifications -------------------------------------------------------------------------


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


# --- events --------------------------------------------------------------------------------


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
