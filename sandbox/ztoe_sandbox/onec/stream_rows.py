"""The rows of the HTTP service's streams, as the contract writes them: money is text, empty is null."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from .codes import key_of
from .records import EMPTY_DATE, Account, Contractor, District, Invoice, MeteringPoint, Turnover
from .schema import decimal_text, money
from .sets import ACCOUNTS, CONTRACTORS, DISTRICTS, INVOICES, POINTS
from .utility import Utility

Row = dict[str, Any]
KINDS = {"Активная": "active", "Реактивная": "reactive", "Генерация": "generation"}
ARTICLES = {
    "АктивнаяЭлектроэнергия": "active",
    "РеактивнаяЭлектроэнергия": "reactive",
    "ПревышениеДоговорныхВеличин": "over_consumption",
}
INVOICE_KINDS = {
    "АвансПлановыйЗаАктивную": "advance_active",
    "ЗаАктивную": "active",
    "ЗаРеактивную": "reactive",
}


def uah(kopecks: int) -> str:
    return f"{money(kopecks):.2f}"


def _day(moment: dt.datetime) -> str | None:
    return None if moment == EMPTY_DATE else moment.date().isoformat()


def _district(record: District) -> Row:
    return {
        "key": record.key,
        "code": record.code,
        "name": record.title,
        "period": _day(record.period_start),
    }


def _consumer(record: Contractor) -> Row | None:
    if record.is_folder:
        return None
    return {
        "key": record.key,
        "name": record.full_name or record.title,
        "tax_code": record.edrpou or None,
        "email": record.email or None,
        "phone": record.phone or None,
        "address": record.address or None,
        "user_code": record.user_code or None,
    }


def _account(record: Account) -> Row | None:
    if record.deleted:
        return None
    return {
        "key": record.key,
        "consumer_key": record.owner_key,
        "district_key": record.district_key,
        "number": record.number,
        "consumer_code": str(record.consumer_code),
        "contract_number": record.contract_number or None,
        "contract_date": _day(record.contract_date),
    }


def _point(record: MeteringPoint) -> Row:
    return {
        "key": record.key,
        "account_key": record.account_key,
        "name": record.title,
        "kind": KINDS[record.kind],
        "eic": record.eic or None,
        "address": record.address or None,
        "meter_number": record.meter_number or None,
        "meter_type": record.meter_type or None,
        "digits": record.digits,
        "coefficient": str(record.coefficient),
        "voltage_class_kv": record.voltage,
    }


def _invoice(record: Invoice) -> Row | None:
    if record.deleted or not record.posted:
        return None
    return {
        "key": record.key,
        "account_key": record.account_key,
        "number": record.number,
        "period": _day(record.period),
        "formed_at": record.formed_at.isoformat(timespec="seconds"),
        "kind": INVOICE_KINDS[record.kind],
        "amount_uah": uah(record.amount),
    }


# Stream -> the set behind it, and how a record of the set is written (None: it is no row).
OF_SETS: dict[str, tuple[str, Callable[[Any], Row | None]]] = {
    "districts": (DISTRICTS, _district),
    "consumers": (CONTRACTORS, _consumer),
    "accounts": (ACCOUNTS, _account),
    "metering_points": (POINTS, _point),
    "invoices": (INVOICES, _invoice),
}


def statement_lines(utility: Utility) -> Iterable[Row]:
    """A line an account, article and month; several contracts are one line."""
    ordered = sorted(utility.turnovers, key=_line)
    for (account, month, article), group in itertools.groupby(ordered, key=_line):
        rows = list(group)
        yield {
            "key": f"{account}:{month:%Y-%m}:{ARTICLES[article]}",
            "account_key": account,
            "period": _day(month),
            "article": ARTICLES[article],
            "opening_uah": uah(sum(row.opening for row in rows)),
            "accrued_uah": uah(sum(row.accrued for row in rows)),
            "paid_uah": uah(sum(row.paid for row in rows)),
            "closing_uah": uah(sum(row.closing for row in rows)),
        }


def _line(row: Turnover) -> tuple[str, dt.datetime, str]:
    return row.account_key, row.month, row.article


def payments(utility: Utility) -> Iterable[Row]:
    """What was paid in a month, as one payment in the middle of it."""
    for row in utility.turnovers:
        if row.paid <= 0:
            continue
        name = f"{row.account_key}/{row.contract_key}/{row.article}/{row.month:%Y-%m}"
        yield {
            "key": key_of("payment", name),
            "paid_on": row.month.replace(day=15).date().isoformat(),
            "amount_uah": uah(row.paid),
            "account_key": row.account_key,
            "article": ARTICLES[row.article],
            "payer_tax_code": None,
            "payer_name": None,
            "document_number": f"ПД-{row.month:%m}",
            "purpose": "Оплата за електричну енергію",
        }


def readings_history(utility: Utility, accepted: Iterable[dict[str, Any]]) -> Iterable[Row]:
    """The last reading of each point, and the lines of every sheet that was accepted."""
    for point in utility.metering_points:
        value = Decimal(point.previous_value).scaleb(-3)
        yield _reading(point.key, _day(point.previous_at) or "", decimal_text(value), "контролер")
    for sheet in accepted:
        for line in sheet["lines"]:
            yield _reading(line["metering_point_key"], line["current_on"], line["current_value"], "кабінет")


def _reading(point: str, taken_on: str, value: str, origin: str) -> Row:
    return {
        "key": key_of("reading", f"{point}/{taken_on}/{origin}"),
        "metering_point_key": point,
        "taken_on": taken_on,
        "value": value,
        "origin": origin,
    }
