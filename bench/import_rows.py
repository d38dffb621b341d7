"""What a table of invoices takes from a page, for contenders that write it themselves and do not know the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from .import_data import decoded

SOURCE = "bench"
COLUMNS = ("source", "key", "account_key", "number", "period", "formed_at", "kind", "amount_uah")
KEY_COLUMNS = ("source", "key")

Row = tuple[object, ...]


class Invoice(msgspec.Struct):
    """The fields of the hub's InvoiceRecord."""

    key: str
    account_key: str
    number: str
    period: date
    formed_at: datetime
    kind: str
    amount_uah: Decimal


class InvoicePage(msgspec.Struct):
    """A line of the file."""

    value: list[Invoice]


def row_pages(path: Path, make: Callable[[Invoice], Row]) -> Iterator[list[Row]]:
    """Every page as rows in the order of COLUMNS."""
    for page in decoded(path, InvoicePage):
        yield [make(each) for each in page.value]


def typed_row(invoice: Invoice) -> Row:
    """Dates as dates, the amount in kopecks, as the table keeps it."""
    return (
        SOURCE,
        invoice.key,
        invoice.account_key,
        invoice.number,
        invoice.period,
        invoice.formed_at,
        invoice.kind,
        int(invoice.amount_uah * 100),
    )


def text_row(invoice: Invoice) -> Row:
    """Dates as the texts that SQLAlchemy keeps on SQLite."""
    return (
        SOURCE,
        invoice.key,
        invoice.account_key,
        invoice.number,
        invoice.period.isoformat(),
        invoice.formed_at.isoformat(" ", "microseconds"),
        invoice.kind,
        int(invoice.amount_uah * 100),
    )


def sqlite_file(url: str) -> str:
    """The path in `sqlite:///path`."""
    return url.removeprefix("sqlite:///")


def libpq_url(url: str) -> str:
    """The URL without SQLAlchemy's name of the driver."""
    return url.replace("postgresql+psycopg:", "postgresql:", 1)
