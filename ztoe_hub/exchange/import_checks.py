"""What looks wrong in a record and is kept as printed all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stdnum.eu import eic
from stdnum.ua import edrpou, rntrc

from ztoe_hub.values import ConsumerRecord, MeteringPointRecord, Record, StatementLineRecord

Finding = tuple[str, str]  # field and reason


def check_of(record: Record) -> Callable[[Any], Finding | None] | None:
    """The check of this kind of record; None when there is nothing to check."""
    return CHECKS.get(type(record))


def _check_point(point: MeteringPointRecord) -> Finding | None:
    if point.eic is None or eic.is_valid(point.eic):
        return None
    return "eic", f"the check character of {point.eic} is wrong"


def _check_consumer(consumer: ConsumerRecord) -> Finding | None:
    # Passport numbers of persons who refused an RNOKPP have other lengths and no check digit.
    code = consumer.tax_code or ""
    check = {8: edrpou, 10: rntrc}.get(len(code))
    if check is None or check.is_valid(code):
        return None
    return "tax_code", f"the check digit of {code} is wrong"


def _check_line(line: StatementLineRecord) -> Finding | None:
    opening = line.opening_debit_uah + line.opening_credit_uah
    closing = line.closing_debit_uah + line.closing_credit_uah
    if closing == opening + line.accrued_uah - line.paid_uah:
        return None
    return "closing", "closing is not opening + accrued − paid"


CHECKS: dict[type[Record], Callable[[Any], Finding | None]] = {
    MeteringPointRecord: _check_point,
    ConsumerRecord: _check_consumer,
    StatementLineRecord: _check_line,
}
