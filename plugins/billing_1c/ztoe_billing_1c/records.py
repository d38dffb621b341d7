"""One row of the base into one record of the hub. A BadValue names the field as the base names it."""

from __future__ import annotations

from decimal import Decimal

from ztoe_hub.values import AccountRecord, ConsumerRecord, DistrictRecord, InvoiceRecord, MeteringPointRecord

from .names import KEY, Names
from .normalise import count, day, guid, moment, month, needed, number, positive, text, word
from .rows import AccountRow, ConsumerRow, DistrictRow, InvoiceRow, MeteringPointRow, SetRow


def key_of(row: SetRow) -> str:
    """The reference of the row itself."""
    return needed(guid(row.key), KEY)


def district(row: DistrictRow, names: Names) -> DistrictRecord:
    field = names.districts
    return DistrictRecord(
        key=key_of(row),
        code=needed(text(row.code, field.code), field.code),
        name=needed(text(row.name, field.name), field.name),
        period=month(row.period, field.period),
    )


def consumer(row: ConsumerRow, names: Names) -> ConsumerRecord:
    field = names.consumers
    name = text(row.name, field.name) or text(row.short_name, field.short_name)
    return ConsumerRecord(
        key=key_of(row),
        name=needed(name, field.name),
        tax_code=text(row.tax_code, field.tax_code),
        email=text(row.email, field.email),
        phone=text(row.phone, field.phone),
        address=text(row.address, field.address),
        user_code=text(row.user_code, field.user_code),
    )


def account(row: AccountRow, names: Names) -> AccountRecord:
    field = names.accounts
    return AccountRecord(
        key=key_of(row),
        consumer_key=needed(guid(row.consumer), field.consumer),
        district_key=needed(guid(row.district), field.district),
        number=needed(text(row.number, field.number), field.number),
        consumer_code=needed(text(row.consumer_code, field.consumer_code), field.consumer_code),
        contract_number=text(row.contract_number, field.contract_number),
        contract_date=day(row.contract_date, field.contract_date),
    )


def metering_point(row: MeteringPointRow, names: Names) -> MeteringPointRecord:
    """A coefficient that the base has but left empty is refused: it multiplies what is paid for."""
    field = names.metering_points
    coefficient = Decimal(1)
    if field.coefficient:
        coefficient = needed(positive(row.coefficient, field.coefficient), field.coefficient)
    return MeteringPointRecord(
        key=key_of(row),
        account_key=needed(guid(row.account), field.account),
        name=needed(text(row.name, field.name), field.name),
        kind=word(row.kind, names.energy_kinds, field.kind),
        eic=text(row.eic, field.eic),
        address=text(row.address, field.address),
        meter_number=text(row.meter_number, field.meter_number),
        meter_type=text(row.meter_type, field.meter_type),
        digits=count(row.digits, field.digits),
        coefficient=coefficient,
        voltage_class_kv=positive(row.voltage_class_kv, field.voltage_class_kv),
    )


def invoice(row: InvoiceRow, names: Names) -> InvoiceRecord | None:
    """None for a document that is not posted: in 1C it is a draft."""
    if not row.posted:
        return None
    field = names.invoices
    return InvoiceRecord(
        key=key_of(row),
        account_key=needed(guid(row.account), field.account),
        number=needed(text(row.number, field.number), field.number),
        period=needed(month(row.period, field.period), field.period),
        formed_at=needed(moment(row.formed_at, field.formed_at), field.formed_at),
        kind=word(row.kind, names.invoice_kinds, field.kind),
        amount_uah=needed(number(row.amount, field.amount), field.amount),
    )
