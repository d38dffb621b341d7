"""What looks wrong in a record and is kept as printed all the same."""

from __future__ import annotations

from collections.abc import Iterator

from stdnum.eu import eic
from stdnum.exceptions import ValidationError
from stdnum.ua import edrpou, rntrc

from ztoe_hub.values import ConsumerRecord, MeteringPointRecord, Record, StatementLineRecord


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
