"""What an import checks of each record: whether it can be kept at all, and what is worth a warning."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec
from stdnum.eu import eic
from stdnum.exceptions import ValidationError
from stdnum.ua import edrpou, rntrc

from ztoe_hub.storage.column_types import Scaled
from ztoe_hub.storage.tables import Imported
from ztoe_hub.values import ConsumerRecord, MeteringPointRecord, Record, StatementLineRecord

LARGEST = Decimal(10) ** 15


def unfit_field(record: Record, table: type[Imported]) -> tuple[str, str] | None:
    """The first field that the table cannot hold exactly, and why; None when all fit."""
    columns = table.__table__.c  # type: ignore[attr-defined]
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, str):
            if "\x00" in value:
                return name, "the text holds a NUL"
        elif isinstance(value, Decimal):
            reason = _unfit_decimal(value, columns[name].type)
            if reason:
                return name, reason
    return None


def _unfit_decimal(value: Decimal, column: object) -> str | None:
    if not value.is_finite():
        return f"not a number: {value}"
    if abs(value) >= LARGEST:
        return "the number is too large"
    places = column.places if isinstance(column, Scaled) else 0
    if value != round(value, places):
        return f"more than {places} decimal places: {value}"
    return None


def warnings_of(record: Record) -> Iterator[tuple[str, str]]:
    """Field and reason of what looks wrong and is kept as printed all the same."""
    if isinstance(record, MeteringPointRecord) and record.eic:
        try:
            eic.validate(record.eic)
        except ValidationError:
            yield "eic", f"the check character of {record.eic} is wrong"
    elif isinstance(record, ConsumerRecord) and record.tax_code:
        if not _valid_tax_code(record.tax_code):
            yield "tax_code", f"the check digit of {record.tax_code} is wrong"
    elif isinstance(record, StatementLineRecord):
        opening = record.opening_debit_uah + record.opening_credit_uah
        closing = record.closing_debit_uah + record.closing_credit_uah
        if closing != opening + record.accrued_uah - record.paid_uah:
            yield "closing", "closing is not opening + accrued − paid"


def _valid_tax_code(code: str) -> bool:
    # Passport numbers of persons who refused an RNOKPP have other lengths and no check digit.
    check = {8: edrpou, 10: rntrc}.get(len(code))
    return check is None or bool(check.is_valid(code))


def as_row(record: Record) -> dict[str, object]:
    """The record as column values."""
    return msgspec.structs.asdict(record)
