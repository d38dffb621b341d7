"""Records of a billing source's streams.

They are msgspec structs, because adapters decode hundreds of thousands of them. Money is Decimal
hryvnias; keys are the source's own and never parsed.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

import msgspec


class Stream(enum.StrEnum):
    """Kinds of record that a billing source offers, in the order in which they depend on each other."""

    DISTRICTS = "districts"
    CONSUMERS = "consumers"
    ACCOUNTS = "accounts"
    METERING_POINTS = "metering_points"
    READINGS_HISTORY = "readings_history"
    STATEMENT_LINES = "statement_lines"
    INVOICES = "invoices"
    PAYMENTS = "payments"


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


class ReadingRecord(Record, frozen=True, kw_only=True):
    """A dial value that billing accepted. `value` is as the dial shows it, before the coefficient."""

    metering_point_key: str
    taken_on: date
    value: Decimal
    origin: str | None = None  # who reported it, in the source's words


class PaymentRecord(Record, frozen=True, kw_only=True):
    """Money that arrived. Bank files know the payer but not always the account."""

    paid_on: date
    amount_uah: Decimal
    account_key: str | None = None
    article: Article | None = None
    payer_tax_code: str | None = None
    payer_name: str | None = None
    document_number: str | None = None
    purpose: str | None = None


class RawRows(Protocol):
    """Rows of a page that have not been decoded: most of a repeated import never is.

    `keys` and `fingerprints` (signed 64-bit, of a row's bytes and of how it would be decoded: the same
    fingerprint means the same record) stand row by row. A key may be None when it cannot be read.
    """

    @property
    def keys(self) -> Sequence[str | None]:
        """The source keys."""
        ...

    @property
    def fingerprints(self) -> Sequence[int]:
        """The fingerprints."""
        ...

    def decode(self, index: int) -> Record | Rejected | None:
        """The record at `index`; what is wrong with it; or None for a row that is not one (a folder, a deleted one)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A piece of a stream: `records`, or `rows` for a source that can tell them apart before decoding.

    Only the last page says whether the read was `complete`, where to go on (`cursor`), and `covers_from`: the
    read left out periods before this month, so that older rows that were read earlier have not vanished.
    A read whose last page says `changes_only` brings just what changed since its cursor: nothing has vanished
    but the keys that pages name in `gone`.
    """

    records: Sequence[Record] = ()
    rows: RawRows | None = None
    rejected: Sequence[Rejected] = ()
    gone: Sequence[str] = ()
    complete: bool = False
    changes_only: bool = False
    cursor: str | None = None
    covers_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingCapabilities:
    """What a source can do beside reading `streams`."""

    streams: frozenset[Stream]
    invoice_files: bool = False
    orders: bool = False
    readings: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingLine:
    """One line of `sync --explain`: where a field of a stream comes from, in the source's own words."""

    stream: Stream
    field: str
    origin: str  # set and field, file and column, table and column
    note: str = ""  # a default, a conversion, "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """What became of a read, told to the source after the commit. `status` is done, held or failed.

    `cursor` is where the read ended; None when it failed before its end.
    """

    stream: Stream
    status: str
    cursor: str | None
    report: str  # for people: counts, rejections with place and reason
