"""The rows of the base's sets, typed, under our names; a site's names are put over them when a source is built."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar, cast

import msgspec

from .names import DELETED, KEY, POSTED, SetNames
from .odata import Row

RowType = TypeVar("RowType", bound=msgspec.Struct)


class SetRow(Row, frozen=True, kw_only=True):
    """What every catalog and document has."""

    deleted: bool = False
    folder: bool = False


class DistrictRow(SetRow, frozen=True, kw_only=True):
    code: str | None = None
    name: str | None = None
    period: str | None = None


class ConsumerRow(SetRow, frozen=True, kw_only=True):
    code: str | None = None
    name: str | None = None
    short_name: str | None = None
    tax_code: str | None = None
    address: str | None = None
    email: str | None = None
    phone: str | None = None
    user_code: str | None = None


class AccountRow(SetRow, frozen=True, kw_only=True):
    number: str | None = None
    consumer: str | None = None
    district: str | None = None
    consumer_code: str | int | None = None  # Int64 is a JSON string
    contract_number: str | None = None
    contract_date: str | None = None


class MeteringPointRow(SetRow, frozen=True, kw_only=True):
    code: str | None = None
    account: str | None = None
    name: str | None = None
    kind: str | None = None
    eic: str | None = None
    address: str | None = None
    meter_number: str | None = None
    meter_type: str | None = None
    digits: str | int | None = None
    coefficient: Decimal | None = None
    voltage_class_kv: Decimal | None = None


class InvoiceRow(SetRow, frozen=True, kw_only=True):
    posted: bool = True
    number: str | None = None
    formed_at: str | None = None
    account: str | None = None
    period: str | None = None
    kind: str | None = None
    amount: Decimal | None = None


def theirs(row: type[SetRow], names: SetNames) -> Mapping[str, str]:
    """Our field -> the base's field, for the fields that the base has."""
    fixed = {"key": KEY, "deleted": DELETED, "posted": POSTED}
    configured = names.model_dump()
    wanted = {
        field.name: fixed.get(field.name) or configured[field.name] for field in msgspec.structs.fields(row)
    }
    return {ours: name for ours, name in wanted.items() if name}


def under(row: type[RowType], names: Mapping[str, str]) -> type[RowType]:
    """The same row under the base's names. Every field that the base has must be in the answer."""
    fields = [(field.name, field.type) for field in msgspec.structs.fields(row) if field.name in names]
    built = msgspec.defstruct(
        row.__name__, fields, bases=(row,), rename=dict(names), frozen=True, kw_only=True
    )
    return cast(type[RowType], built)
