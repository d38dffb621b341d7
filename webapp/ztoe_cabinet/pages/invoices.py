"""Рахунки: the list of a month, and an invoice as PDF."""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, Response, render_template, request

from ztoe_hub.errors import ItemRejected, NotFound
from ztoe_hub.values import InvoiceKind

from ..context import the_hub, the_user
from ..downloads import file_answer
from ..formatting import parse_month, with_asked
from ..texts import _l

pages = Blueprint("invoices", __name__, url_prefix="/accounts/<int:account_id>/invoices")

KINDS = {
    InvoiceKind.ADVANCE_ACTIVE: _l("Аванс плановий за активну"),
    InvoiceKind.ACTIVE: _l("За активну"),
    InvoiceKind.REACTIVE: _l("За реактивну"),
}


@pages.get("", endpoint="listing")
def show_invoices(account_id: int) -> str:
    """The invoices of a month, the newest unless another is asked for."""
    hub, user = the_hub(), the_user()
    months = hub.invoices.months(user, account_id)
    period = parse_month(request.args.get("month", "")) or (months[0] if months else None)
    invoices = hub.invoices.of_month(user, account_id, period) if period else []
    return render_template(
        "invoices.html",
        months=with_asked(months, period),
        period=period,
        invoices=invoices,
        total=sum((invoice.amount_uah for invoice in invoices), Decimal(0)),
        kinds=KINDS,
        has_pdf=hub.invoices.has_pdf(user, account_id),
    )


@pages.get("/<int:invoice_id>/pdf", endpoint="pdf")
def show_pdf(account_id: int, invoice_id: int) -> Response:
    """The PDF, opened by the browser. Raises NotFound, or TransientError when billing is silent."""
    try:
        file = the_hub().invoices.pdf(the_user(), account_id, invoice_id)
    except ItemRejected:  # billing knows the invoice and has no file of it
        raise NotFound("Файлу цього рахунка немає.") from None
    return file_answer(file.name, file.media_type, file.content, inline=True)
