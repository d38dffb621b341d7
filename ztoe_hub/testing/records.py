"""A small utility's billing records: two districts, two consumers, three accounts, with the manual's amounts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from ..values import (
    AccountRecord,
    Article,
    ConsumerRecord,
    DistrictRecord,
    EnergyKind,
    InvoiceKind,
    InvoiceRecord,
    MeteringPointRecord,
    Record,
    StatementLineRecord,
    Stream,
)

JANUARY = date(2018, 1, 1)
POLISSIA, FOREIGN = "156561010", "156561028"  # user codes: ours, and somebody else's
POLISSIA_TAX_CODE, FOREIGN_TAX_CODE = "12500015", "12500021"


def a_point(key: str = "p-1", account_key: str = "a-1", **changes: object) -> MeteringPointRecord:
    """A metering point; `changes` are fields of MeteringPointRecord."""
    facts: dict[str, object] = {
        "name": "КРИТИЙ ЗЕРНОТІК",
        "kind": EnergyKind.ACTIVE,
        "eic": "62Z8102184873135",
        "address": "с. Зразкове, вул. Польова, 1",
        "meter_number": "0057791",
        "meter_type": "NIK 2303",
        "digits": 6,
        "coefficient": Decimal(20),
        "voltage_class_kv": Decimal("0.4"),
    }
    return MeteringPointRecord(key=key, account_key=account_key, **{**facts, **changes})  # type: ignore[arg-type]


def a_line(key: str = "l-1", account_key: str = "a-1", **changes: object) -> StatementLineRecord:
    """A line of a statement that adds up; `changes` are fields of StatementLineRecord."""
    facts: dict[str, object] = {
        "period": JANUARY,
        "article": Article.ACTIVE,
        "opening_debit_uah": Decimal("0.00"),
        "opening_credit_uah": Decimal("-735.22"),
        "accrued_uah": Decimal("3535.56"),
        "paid_uah": Decimal("1000.00"),
        "closing_debit_uah": Decimal("1800.34"),
        "closing_credit_uah": Decimal("0.00"),
    }
    return StatementLineRecord(key=key, account_key=account_key, **{**facts, **changes})  # type: ignore[arg-type]


def an_invoice(key: str = "i-1", account_key: str = "a-1", **changes: object) -> InvoiceRecord:
    """An invoice; `changes` are fields of InvoiceRecord."""
    facts: dict[str, object] = {
        "number": "1563",
        "period": JANUARY,
        "formed_at": datetime(2018, 3, 3, 9, 15),  # noqa: DTZ001  the source's wall clock
        "kind": InvoiceKind.ACTIVE,
        "amount_uah": Decimal("3535.56"),
    }
    return InvoiceRecord(key=key, account_key=account_key, **{**facts, **changes})  # type: ignore[arg-type]


def a_consumer(key: str = "c-1", **changes: object) -> ConsumerRecord:
    """A consumer; `changes` are fields of ConsumerRecord."""
    facts: dict[str, object] = {
        "name": "СФГ «Полісся»",
        "tax_code": POLISSIA_TAX_CODE,
        "email": "bukhgalter@polissia.example",
        "phone": "+380412400000",
        "address": "Житомирська обл., с. Зразкове",
        "user_code": POLISSIA,
    }
    return ConsumerRecord(key=key, **{**facts, **changes})  # type: ignore[arg-type]


def an_account(key: str = "a-1", **changes: object) -> AccountRecord:
    """An account; `changes` are fields of AccountRecord."""
    facts: dict[str, object] = {
        "consumer_key": "c-1",
        "district_key": "d-31",
        "number": "561",
        "consumer_code": "125000186",
    }
    return AccountRecord(key=key, **{**facts, **changes})  # type: ignore[arg-type]


def some_records() -> dict[Stream, list[Record]]:
    """All streams. The first account has points, lines and invoices; the third belongs to somebody else."""
    return {
        Stream.DISTRICTS: [
            DistrictRecord(key="d-31", code="31", name="Житомирський РЕМ", period=JANUARY),
            DistrictRecord(key="d-32", code="32", name="Коростенський РЕМ", period=JANUARY),
        ],
        Stream.CONSUMERS: [
            a_consumer(),
            a_consumer("c-2", name="ТОВ «Чуже»", tax_code=FOREIGN_TAX_CODE, user_code=FOREIGN),
        ],
        Stream.ACCOUNTS: [
            an_account(),
            an_account("a-2", number="0030009м", consumer_code="125000187", district_key="d-32"),
            an_account("a-3", consumer_key="c-2", number="777", consumer_code="125000999"),
        ],
        Stream.METERING_POINTS: [
            a_point(),
            a_point("p-2", name="ОФІС", eic=None, address=None, meter_number=None, voltage_class_kv=None),
            a_point("p-3", "a-3", name="ЧУЖА ТОЧКА"),
        ],
        Stream.STATEMENT_LINES: [
            a_line(
                "l-2",
                article=Article.REACTIVE,
                opening_credit_uah=Decimal(0),
                accrued_uah=Decimal("44.17"),
                paid_uah=Decimal(0),
                closing_debit_uah=Decimal("44.17"),
            ),
            a_line(),
            a_line("l-3", "a-3"),
        ],
        Stream.INVOICES: [
            an_invoice(),
            an_invoice(
                "i-2",
                number="59/а",
                kind=InvoiceKind.ADVANCE_ACTIVE,
                amount_uah=Decimal("1744.48"),
                formed_at=datetime(2017, 12, 6),  # noqa: DTZ001  the source's wall clock
            ),
            an_invoice("i-3", "a-3", number="9"),
        ],
    }
