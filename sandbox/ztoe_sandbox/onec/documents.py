"""Renders invoices to PDF; the same invoice gives the same bytes every time."""

import datetime as dt
import json
import threading
from decimal import Decimal
from pathlib import Path

import typst

from .order_store import Order
from .records import Account, Contractor, District, Invoice
from .schema import money
from .sets import ACCOUNTS, CONTRACTORS, DISTRICTS
from .utility import Utility

TEMPLATE = Path(__file__).parent / "templates" / "invoice.typ"
# Kind of invoice -> what the line of the invoice says.
CHARGES = {
    "АвансПлановыйЗаАктивную": "Аванс плановий за активну електричну енергію",
    "ЗаАктивную": "Активна електрична енергія",
    "ЗаРеактивную": "Реактивна електрична енергія",
}
EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
COMPILERS = threading.local()


def invoice_pdf(utility: Utility, invoice: Invoice) -> bytes:
    """The invoice for electricity of one account and month."""
    account: Account | None = utility.find(ACCOUNTS, invoice.account_key)
    if account is None:
        raise LookupError(invoice.account_key)
    return _render(
        {
            "number": invoice.number,
            "date": f"{invoice.formed_at:%d.%m.%Y}",
            "period": f"{invoice.period:%m.%Y}",
            "line": CHARGES[invoice.kind],
            **_parties(utility, account),
            **_amounts(money(invoice.amount)),
        }
    )


def service_invoice_pdf(utility: Utility, order: Order) -> bytes:
    """The invoice for a service of commercial metering."""
    account = utility.account(order.body["account_number"], order.body["consumer_code"])
    if account is None:
        raise LookupError(order.id)
    invoiced_at = dt.datetime.fromisoformat(order.invoiced_at)
    return _render(
        {
            "number": f"П-{order.registration_number}",
            "date": f"{invoiced_at:%d.%m.%Y}",
            "period": "",
            "line": f"{order.body['service_name']} (кількість: {order.body['device_count']})",
            **_parties(utility, account),
            **_amounts(Decimal(order.invoice_amount)),
        }
    )


def _parties(utility: Utility, account: Account) -> dict[str, str]:
    consumer: Contractor = utility.find(CONTRACTORS, account.owner_key)  # type: ignore[assignment]
    district: District = utility.find(DISTRICTS, account.district_key)  # type: ignore[assignment]
    return {
        "district": district.title,
        "consumer": consumer.full_name,
        "edrpou": consumer.edrpou,
        "address": consumer.address,
        "account": account.number,
        "code": str(account.consumer_code),
        "contract": account.contract_number,
    }


def _amounts(total: Decimal) -> dict[str, str]:
    """The sum and the VAT of 20 % inside it."""
    vat = (total / 6).quantize(Decimal("0.01"))
    return {"net": hryvnias(total - vat), "vat": hryvnias(vat), "total": hryvnias(total)}


def hryvnias(amount: Decimal) -> str:
    """1234567.8 -> 1 234 567,80 with spaces that do not break."""
    return f"{amount:,.2f}".replace(",", "\u00a0").replace(".", ",")


def _render(data: dict[str, str]) -> bytes:
    compiler = getattr(COMPILERS, "compiler", None)
    if compiler is None:  # a compiler keeps fonts and must not be shared between threads
        compiler = COMPILERS.compiler = typst.Compiler(TEMPLATE, ignore_system_fonts=True)
    pdf = compiler.compile(
        format="pdf", sys_inputs={"data": json.dumps(data, ensure_ascii=False)}, timestamp=EPOCH
    )
    if not isinstance(pdf, bytes):
        raise TypeError(type(pdf))
    return pdf
