"""Accounts, statements, invoices and messages: one's own are shown, anybody else's are not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest

from ztoe_hub.errors import ItemRejected, NotFound, TransientError
from ztoe_hub.storage.states import Role
from ztoe_hub.testing.records import FOREIGN, a_line
from ztoe_hub.testing.samples import a_pdf
from ztoe_hub.testing.situations import Situation
from ztoe_hub.users import User
from ztoe_hub.values import Article, BillingCapabilities, InvoiceKind, Stream

JANUARY = date(2018, 1, 1)


def test_a_company_sees_all_its_accounts_and_no_other(situation: Situation) -> None:
    found = situation.hub.accounts.of(situation.user)
    assert [(each.number, each.district_name) for each in found] == [
        ("561", "Житомирський РЕМ"),
        ("0030009м", "Коростенський РЕМ"),
    ]
    assert found[0].consumer_tax_code == "12500015"


def test_staff_has_no_accounts(situation: Situation) -> None:
    staff = situation.add_user("operator", "o@example.com", Role.OPERATOR)
    assert situation.hub.accounts.of(staff) == []
    with pytest.raises(NotFound):
        situation.hub.accounts.get(staff, situation.account_id)


def test_an_account_that_vanished_is_not_there(situation: Situation) -> None:
    situation.fakes.billing.records[Stream.ACCOUNTS].pop(0)
    situation.hub.sync.import_source("main", streams=[Stream.ACCOUNTS])
    with pytest.raises(NotFound):
        situation.hub.accounts.get(situation.user, situation.account_id)


def test_points_are_those_of_the_account(situation: Situation) -> None:
    points = situation.hub.accounts.metering_points(situation.user, situation.account_id)
    assert [point.name for point in points] == ["КРИТИЙ ЗЕРНОТІК", "ОФІС"]
    assert points[0].voltage_class_kv == Decimal("0.4")


Ask = Callable[[Situation, User, int], object]
QUESTIONS: dict[str, Ask] = {
    "account": lambda s, u, a: s.hub.accounts.get(u, a),
    "points": lambda s, u, a: s.hub.accounts.metering_points(u, a),
    "statement months": lambda s, u, a: s.hub.statements.months(u, a),
    "statement": lambda s, u, a: s.hub.statements.lines(u, a, JANUARY),
    "invoice months": lambda s, u, a: s.hub.invoices.months(u, a),
    "invoices": lambda s, u, a: s.hub.invoices.of_month(u, a, JANUARY),
    "has pdf": lambda s, u, a: s.hub.invoices.has_pdf(u, a),
    "pdf": lambda s, u, a: s.hub.invoices.pdf(u, a, 1),
    "documents": lambda s, u, a: s.hub.documents.of(u, a),
    "document": lambda s, u, a: s.hub.documents.get(u, a, 1),
    "document file": lambda s, u, a: s.hub.documents.file(u, a, 1, "original"),
    "orders": lambda s, u, a: s.hub.orders.of_year(u, a, 2026),
    "order years": lambda s, u, a: s.hub.orders.years(u, a),
    "order": lambda s, u, a: s.hub.orders.get(u, a, 1),
    "order file": lambda s, u, a: s.hub.orders.file(u, a, 1, "certificate"),
    "start": lambda s, u, a: s.hub.orders.start(u, a, s.form()),
    "change": lambda s, u, a: s.hub.orders.change(u, a, 1, s.form()),
    "attach": lambda s, u, a: s.hub.orders.attach(u, a, 1, "certificate", "x.pdf", a_pdf("x")),
    "submit": lambda s, u, a: s.hub.orders.submit(u, a, 1),
    "delete": lambda s, u, a: s.hub.orders.delete(u, a, 1),
}


@pytest.mark.parametrize("question", [*QUESTIONS])
@pytest.mark.parametrize("whose", ["somebody else's", "nobody's"])
def test_what_is_not_ones_own_is_not_there(situation: Situation, question: str, whose: str) -> None:
    situation.fakes.billing.invoices["i-1"] = a_pdf("invoice")
    situation.awaiting()
    stranger = situation.add_user(FOREIGN, "foreign@example.com")
    account_id = situation.account_id if whose == "somebody else's" else 999
    with pytest.raises(NotFound):
        QUESTIONS[question](situation, stranger, account_id)


THINGS = ["pdf", "document", "document file", "order", "order file", "change", "attach", "submit", "delete"]


@pytest.mark.parametrize("question", THINGS)
def test_a_thing_is_not_found_through_ones_own_account(situation: Situation, question: str) -> None:
    """The number of somebody else's order, document or invoice under an account that is the asker's own."""
    situation.fakes.billing.invoices["i-1"] = a_pdf("invoice")
    situation.awaiting()
    stranger = situation.add_user(FOREIGN, "foreign@example.com")
    [own] = situation.hub.accounts.of(stranger)
    with pytest.raises(NotFound):
        QUESTIONS[question](situation, stranger, own.id)
    other = situation.hub.accounts.of(situation.user)[1].id  # not even through another account of one's own
    with pytest.raises(NotFound):
        QUESTIONS[question](situation, situation.user, other)


def test_a_statement_is_in_the_manuals_order_with_its_exact_amounts(situation: Situation) -> None:
    hub, user, account = situation.hub, situation.user, situation.account_id
    assert hub.statements.months(user, account) == [JANUARY]
    active, reactive = hub.statements.lines(user, account, JANUARY)
    assert (active.article, reactive.article) == (Article.ACTIVE, Article.REACTIVE)
    assert (active.opening_credit_uah, active.closing_debit_uah) == (Decimal("-735.22"), Decimal("1800.34"))
    assert active.balanced
    assert reactive.balanced
    assert hub.statements.lines(user, account, date(2018, 2, 1)) == []


def test_a_line_that_does_not_add_up_is_shown_as_it_is(situation: Situation) -> None:
    situation.fakes.billing.records[Stream.STATEMENT_LINES][1] = a_line(closing_debit_uah=Decimal("1800.35"))
    situation.hub.sync.import_source("main", streams=[Stream.STATEMENT_LINES])
    active, _ = situation.hub.statements.lines(situation.user, situation.account_id, JANUARY)
    assert (active.balanced, active.closing_debit_uah) == (False, Decimal("1800.35"))


def test_invoices_come_by_month_and_date(situation: Situation) -> None:
    hub, user, account = situation.hub, situation.user, situation.account_id
    assert hub.invoices.months(user, account) == [JANUARY]
    advance, active = hub.invoices.of_month(user, account, JANUARY)
    assert (advance.number, advance.kind, advance.amount_uah) == (
        "59/а",
        InvoiceKind.ADVANCE_ACTIVE,
        Decimal("1744.48"),
    )
    assert active.formed_at == datetime(2018, 3, 3, 9, 15)  # noqa: DTZ001  the source's wall clock


def test_an_invoices_pdf_is_fetched_once_and_then_kept(situation: Situation) -> None:
    hub, user, account = situation.hub, situation.user, situation.account_id
    content = a_pdf("invoice")
    situation.fakes.billing.invoices["i-2"] = content
    invoice = hub.invoices.of_month(user, account, JANUARY)[0]
    first = hub.invoices.pdf(user, account, invoice.id)
    assert (first.name, first.media_type, first.content) == (
        "Рахунок_59а_01.2018.pdf",
        "application/pdf",
        content,
    )
    situation.fakes.billing.invoices.clear()
    situation.fakes.billing.fail_next = TransientError("1C is away")
    assert hub.invoices.pdf(user, account, invoice.id) == first


def test_a_pdf_waits_for_billing_to_come_back(situation: Situation) -> None:
    hub, user, account = situation.hub, situation.user, situation.account_id
    situation.fakes.billing.invoices["i-2"] = a_pdf("invoice")
    invoice = hub.invoices.of_month(user, account, JANUARY)[0]
    situation.fakes.billing.fail_next = TransientError("1C is away")
    with pytest.raises(TransientError):
        hub.invoices.pdf(user, account, invoice.id)
    assert hub.invoices.pdf(user, account, invoice.id).content.startswith(b"%PDF-")


def test_a_source_without_invoice_files_has_none(situation: Situation) -> None:
    hub, user, account = situation.hub, situation.user, situation.account_id
    assert hub.invoices.has_pdf(user, account)
    situation.fakes.billing.capabilities = BillingCapabilities(streams=frozenset(Stream))
    assert not hub.invoices.has_pdf(user, account)
    with pytest.raises(NotFound):
        hub.invoices.pdf(user, account, hub.invoices.of_month(user, account, JANUARY)[0].id)


def test_an_invoice_that_billing_has_no_file_of_is_the_items_fault(situation: Situation) -> None:
    hub, user, account = situation.hub, situation.user, situation.account_id
    with pytest.raises((NotFound, ItemRejected)):
        hub.invoices.pdf(user, account, hub.invoices.of_month(user, account, JANUARY)[0].id)


# --- messages --------------------------------------------------------------------------------


def test_messages_are_newest_first_and_become_read(situation: Situation) -> None:
    order_id = situation.accepted()
    messages, user = situation.hub.messages, situation.user
    found, pages = messages.of(user)
    assert pages == 1
    assert [message.subject for message in found] == [
        f"Замовлення № {order_id}: Прийнято",
        f"Замовлення № {order_id}: Очікування підпису заяви",
    ]
    assert "Тестовий сервіс" in found[1].text
    assert found[0].link == f"/accounts/{situation.account_id}/orders/{order_id}"
    assert messages.unread(user) == 2
    messages.mark_read(user, found[0].id)
    assert [message.id for message in messages.of(user, unread_only=True)[0]] == [found[1].id]
    messages.mark_read(user)
    assert messages.unread(user) == 0
    assert messages.of(user, unread_only=True) == ([], 1)


def test_a_strangers_message_stays_unread(situation: Situation) -> None:
    situation.awaiting()
    stranger = situation.add_user(FOREIGN, "foreign@example.com")
    [message] = situation.hub.messages.of(situation.user)[0]
    situation.hub.messages.mark_read(stranger, message.id)
    situation.hub.messages.mark_read(stranger)
    assert situation.hub.messages.unread(situation.user) == 1
    assert situation.hub.messages.of(stranger) == ([], 1)


def test_a_long_inbox_has_pages(situation: Situation) -> None:
    for _ in range(21):
        order_id = situation.collecting()
        situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    first, pages = situation.hub.messages.of(situation.user)
    second, _ = situation.hub.messages.of(situation.user, page=2)
    assert (len(first), len(second), pages) == (20, 1, 2)
    assert situation.hub.messages.of(situation.user, page=0)[0] == first
    assert situation.hub.messages.of(situation.user, page=3)[0] == []
