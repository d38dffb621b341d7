"""An invoice's PDF is fetched once, again when billing corrected the invoice, and never kept when it is none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ztoe_hub.errors import NotFound, UnexpectedAnswer
from ztoe_hub.testing.records import an_invoice
from ztoe_hub.testing.samples import A_PDF
from ztoe_hub.testing.situations import Situation
from ztoe_hub.values import Stream


def first_invoice(situation: Situation) -> tuple[int, str]:
    """Id and source key of one of the account's invoices."""
    hub, user, account = situation.hub, situation.user, situation.account_id
    invoice = hub.invoices.of_month(user, account, hub.invoices.months(user, account)[0])[0]
    records = situation.fakes.billing.records[Stream.INVOICES]
    key = next(each.key for each in records if getattr(each, "number", None) == invoice.number)
    return invoice.id, key


def test_a_corrected_invoice_is_fetched_anew(situation: Situation) -> None:
    invoice_id, key = first_invoice(situation)
    situation.fakes.billing.invoices[key] = A_PDF + b"1"
    situation.hub.invoices.pdf(situation.user, situation.account_id, invoice_id)
    situation.fakes.billing.invoices[key] = A_PDF + b"2"

    kept = situation.hub.invoices.pdf(situation.user, situation.account_id, invoice_id)
    records = situation.fakes.billing.records[Stream.INVOICES]
    place = next(n for n, each in enumerate(records) if each.key == key)
    records[place] = an_invoice(key, amount_uah=Decimal("1.00"))
    situation.hub.sync.import_by_hand("main", streams=[Stream.INVOICES])
    anew = situation.hub.invoices.pdf(situation.user, situation.account_id, invoice_id)

    assert (kept.content, anew.content) == (A_PDF + b"1", A_PDF + b"2")


def test_what_is_no_pdf_is_not_kept(situation: Situation) -> None:
    invoice_id, key = first_invoice(situation)
    situation.fakes.billing.invoices[key] = b"<html>maintenance</html>"
    with pytest.raises(UnexpectedAnswer):
        situation.hub.invoices.pdf(situation.user, situation.account_id, invoice_id)

    situation.fakes.billing.invoices[key] = A_PDF
    assert situation.hub.invoices.pdf(situation.user, situation.account_id, invoice_id).content == A_PDF


def test_an_invoice_without_a_file_is_not_found(situation: Situation) -> None:
    invoice_id, key = first_invoice(situation)
    situation.fakes.billing.invoices.pop(key, None)
    with pytest.raises(NotFound):
        situation.hub.invoices.pdf(situation.user, situation.account_id, invoice_id)
