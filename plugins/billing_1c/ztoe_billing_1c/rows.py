"""The rows of the base's sets, typed, under our names; a site's names are put over them when a set is read.

A field without a default is one that the hub cannot do without.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, TypeVar, cast, get_args

import msgspec
from msgspec import Meta

from ztoe_hub.values import Stream

RowType = TypeVar("RowType", bound=msgspec.Struct)

WHOLE = ("Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Byte")
# What kinds of value a field may have in $metadata. Int64 is a JSON string, which reads as text and as a number.
EDM_TYPES: dict[str, tuple[str, ...]] = {
    "text": ("Edm.String", *WHOLE),
    "reference": ("Edm.Guid", "Edm.String"),  # a composite one is a string
    "word": ("Edm.String",),
    "moment": ("Edm.DateTime",),
    "number": ("Edm.Double", "Edm.Decimal", *WHOLE),
    "count": (*WHOLE, "Edm.Double", "Edm.Decimal"),
    "flag": ("Edm.Boolean",),
}

Text = Annotated[str | int | None, Meta(extra={"kind": "text"})]
Reference = Annotated[str | None, Meta(extra={"kind": "reference"})]
Word = Annotated[str | None, Meta(extra={"kind": "word"})]
Moment = Annotated[str | None, Meta(extra={"kind": "moment"})]
Number = Annotated[Decimal | None, Meta(extra={"kind": "number"})]
Count = Annotated[str | int | None, Meta(extra={"kind": "count"})]


class SetRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of any set; every value may be null in 1C, whatever $metadata says."""


class DistrictRow(SetRow, frozen=True, kw_only=True):
    code: Text
    name: Text
    period: Moment = None


class ConsumerRow(SetRow, frozen=True, kw_only=True):
    code: Text = None
    name: Text
    short_name: Text = None
    tax_code: Text = None
    address: Text = None
    email: Text = None
    phone: Text = None
    user_code: Text = None


class AccountRow(SetRow, frozen=True, kw_only=True):
    number: Text
    consumer: Reference
    district: Reference
    consumer_code: Text
    contract_number: Text = None
    contract_date: Moment = None


class MeteringPointRow(SetRow, frozen=True, kw_only=True):
    code: Text = None
    account: Reference
    name: Text
    kind: Word
    eic: Text = None
    address: Text = None
    meter_number: Text = None
    meter_type: Text = None
    digits: Count = None
    coefficient: Number = Decimal(1)
    voltage_class_kv: Number = None


class InvoiceRow(SetRow, frozen=True, kw_only=True):
    number: Text
    formed_at: Moment
    account: Reference
    period: Moment
    kind: Word
    amount: Number


class ReadingRow(SetRow, frozen=True, kw_only=True):
    point: Reference
    taken_on: Moment
    value: Number
    origin: Text = None


class PaymentRow(SetRow, frozen=True, kw_only=True):
    paid_on: Moment
    amount: Number
    account: Reference = None
    article: Word = None
    payer_tax_code: Text = None
    payer_name: Text = None
    document_number: Text = None
    purpose: Text = None


ROWS: dict[Stream, type[SetRow]] = {
    Stream.DISTRICTS: DistrictRow,
    Stream.CONSUMERS: ConsumerRow,
    Stream.ACCOUNTS: AccountRow,
    Stream.METERING_POINTS: MeteringPointRow,
    Stream.READINGS_HISTORY: ReadingRow,
    Stream.INVOICES: InvoiceRow,
    Stream.PAYMENTS: PaymentRow,
}


def kinds_of(row: type[msgspec.Struct]) -> dict[str, str]:
    """Field -> its kind, a key of EDM_TYPES."""
    return {field.name: get_args(field.type)[1].extra["kind"] for field in msgspec.structs.fields(row)}


def under(
    row: type[RowType], names: Mapping[str, str], constants: Mapping[str, str] | None = None
) -> type[RowType]:
    """The same row under the base's names. Every named field must be in the answer; constants are always the same."""
    fields: list[tuple[str, type] | tuple[str, type, object]] = []
    for field in msgspec.structs.fields(row):
        if constants and field.name in constants:
            value = msgspec.convert(constants[field.name], field.type, strict=False)
            fields.append((field.name, field.type, value))
        elif field.name in names:
            fields.append((field.name, field.type))
        elif field.required:
            fields.append((field.name, field.type, None))
    built = msgspec.defstruct(
        row.__name__, fields, bases=(row,), rename=dict(names), frozen=True, kw_only=True
    )
    return cast(type[RowType], built)
