"""One row of the base into one record of the hub. A BadValue names the field as the base names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ztoe_hub.values import (
    AccountRecord,
    ConsumerRecord,
    DistrictRecord,
    InvoiceRecord,
    MeteringPointRecord,
    PaymentRecord,
    ReadingRecord,
    Record,
    Stream,
)

from .mapping import Words
from .normalise import count, day, guid, moment, month, needed, number, positive, text, word
from .rows import AccountRow, ConsumerRow, DistrictRow, InvoiceRow, MeteringPointRow, PaymentRow, ReadingRow


@dataclass(frozen=True, slots=True)
class Naming:
    """What the base calls our fields, for messages, and its words."""

    names: Mapping[str, str]
    words: Words

    def __getitem__(self, field: str) -> str:
        return self.names.get(field, field)


def district(row: DistrictRow, key: str, of: Naming) -> DistrictRecord:
    return DistrictRecord(
        key=key,
        code=needed(text(row.code, of["code"]), of["code"]),
        name=needed(text(row.name, of["name"]), of["name"]),
        period=month(row.period, of["period"]),
    )


def consumer(row: ConsumerRow, key: str, of: Naming) -> ConsumerRecord:
    name = text(row.name, of["name"]) or text(row.short_name, of["short_name"])
    return ConsumerRecord(
        key=key,
        name=needed(name, of["name"]),
        tax_code=text(row.tax_code, of["tax_code"]),
        email=text(row.email, of["email"]),
        phone=text(row.phone, of["phone"]),
        address=text(row.address, of["address"]),
        user_code=text(row.user_code, of["user_code"]),
    )


def account(row: AccountRow, key: str, of: Naming) -> AccountRecord:
    return AccountRecord(
        key=key,
        consumer_key=needed(guid(row.consumer), of["consumer"]),
        district_key=needed(guid(row.district), of["district"]),
        number=needed(text(row.number, of["number"]), of["number"]),
        consumer_code=needed(text(row.consumer_code, of["consumer_code"]), of["consumer_code"]),
        contract_number=text(row.contract_number, of["contract_number"]),
        contract_date=day(row.contract_date, of["contract_date"]),
    )


def metering_point(row: MeteringPointRow, key: str, of: Naming) -> MeteringPointRecord:
    """A coefficient that the base has but left empty is refused: it multiplies what is paid for."""
    return MeteringPointRecord(
        key=key,
        account_key=needed(guid(row.account), of["account"]),
        name=needed(text(row.name, of["name"]), of["name"]),
        kind=word(row.kind, of.words.energy_kinds, of["kind"]),
        eic=text(row.eic, of["eic"]),
        address=text(row.address, of["address"]),
        meter_number=text(row.meter_number, of["meter_number"]),
        meter_type=text(row.meter_type, of["meter_type"]),
        digits=count(row.digits, of["digits"]),
        coefficient=needed(positive(row.coefficient, of["coefficient"]), of["coefficient"]),
        voltage_class_kv=positive(row.voltage_class_kv, of["voltage_class_kv"]),
    )


def invoice(row: InvoiceRow, key: str, of: Naming) -> InvoiceRecord:
    return InvoiceRecord(
        key=key,
        account_key=needed(guid(row.account), of["account"]),
        number=needed(text(row.number, of["number"]), of["number"]),
        period=needed(month(row.period, of["period"]), of["period"]),
        formed_at=needed(moment(row.formed_at, of["formed_at"]), of["formed_at"]),
        kind=word(row.kind, of.words.invoice_kinds, of["kind"]),
        amount_uah=needed(number(row.amount, of["amount"]), of["amount"]),
    )


def reading(row: ReadingRow, key: str, of: Naming) -> ReadingRecord:
    return ReadingRecord(
        key=key,
        metering_point_key=needed(guid(row.point), of["point"]),
        taken_on=needed(day(row.taken_on, of["taken_on"]), of["taken_on"]),
        value=needed(number(row.value, of["value"]), of["value"]),
        origin=text(row.origin, of["origin"]),
    )


def payment(row: PaymentRow, key: str, of: Naming) -> PaymentRecord:
    article = None if not row.article else word(row.article, of.words.articles, of["article"])
    return PaymentRecord(
        key=key,
        paid_on=needed(day(row.paid_on, of["paid_on"]), of["paid_on"]),
        amount_uah=needed(number(row.amount, of["amount"]), of["amount"]),
        account_key=guid(row.account),
        article=article,
        payer_tax_code=text(row.payer_tax_code, of["payer_tax_code"]),
        payer_name=text(row.payer_name, of["payer_name"]),
        document_number=text(row.document_number, of["document_number"]),
        purpose=text(row.purpose, of["purpose"]),
    )


RECORDS: dict[Stream, Callable[[Any, str, Naming], Record]] = {
    Stream.DISTRICTS: district,
    Stream.CONSUMERS: consumer,
    Stream.ACCOUNTS: account,
    Stream.METERING_POINTS: metering_point,
    Stream.READINGS_HISTORY: reading,
    Stream.INVOICES: invoice,
    Stream.PAYMENTS: payment,
}
