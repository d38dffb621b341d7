"""What people see: accounts, statement, invoices, documents and messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ztoe_cabinet.navigation import signing_title
from ztoe_hub.errors import TransientError
from ztoe_hub.storage.states import DocumentState
from ztoe_hub.storage.tables import Document, Message

if TYPE_CHECKING:
    from webapp.tests.conftest import Browser, World

ACCOUNT_MENU = [
    "Розрахунки",
    "Стан розрахунків",
    "Рахунки",
    "Послуги",
    "Послуги комерційного обліку",
    "Paperless",
]


def shown(html: str) -> str:
    """What the page says, without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\u00a0", " ").split())


def test_the_accounts_menu_appears_after_the_choice(world: World) -> None:
    browser = world.browser()
    page = browser.get("/accounts").text
    menu = page.partition("<nav")[2].partition("</nav>")[0]
    assert "Особові рахунки" in menu
    assert not any(label in menu for label in ACCOUNT_MENU)
    assert "125000632" in page
    assert "0030009м" in page
    assert "777" not in page
    answer = browser.post(f"/accounts/{world.own}/choose")
    page = browser.get(answer.location).text
    menu, foot = page.partition("<nav")[2].partition("</nav>")[0], shown(page.partition("<footer")[2])
    assert all(label in menu for label in ACCOUNT_MENU)
    assert menu.count('aria-current="page"') == 1
    assert foot.startswith('class="foot"> РЕМ Тестовий РЕМ Споживач ФОП Зразкова Олена &lt;script&gt;')
    assert "Код споживача РЕМ 125000632 Особовий рахунок 0000561" in foot


def test_a_link_into_another_of_our_accounts_shows_that_one(world: World, consumer: Browser) -> None:
    page = consumer.get(f"/accounts/{world.second}/statement").text
    assert "0030009м" in page.partition("<footer")[2]
    assert f"/accounts/{world.second}/invoices" in page


def test_staff_are_told_that_they_have_no_accounts(world: World) -> None:
    page = world.browser("operator").get("/", follow_redirects=True).text
    assert "належить працівникові" in page
    assert "<table" not in page


def test_the_statement_is_the_manuals(world: World, consumer: Browser) -> None:
    page = shown(consumer.get(f"/accounts/{world.own}/statement?month=2018-01").text)
    assert "Активна електроенергія 0,00 -735,22 3 535,56 1 000,00 1 800,34 0,00" in page
    assert "Реактивна електроенергія 0,00 0,00 44,17 0,00 44,17 0,00" in page
    assert "Перевищення договірних величин споживання 0,00 0,00 0,00 0,00 0,00 0,00" in page
    assert "Разом 0,00 -735,22 3 579,73 1 000,00 1 844,51 0,00" in page
    assert "не сходиться" not in page


def test_a_line_that_does_not_balance_is_marked_and_not_mended(world: World, consumer: Browser) -> None:
    page = shown(consumer.get(f"/accounts/{world.own}/statement?month=2017-12").text)
    assert "Активна електроенергія не сходиться 10,00 0,00 5,00 0,00 99,00 0,00" in page
    assert "Показуємо суми так, як їх передав РЕМ" in page


@pytest.mark.parametrize("month", ["", "2018-13", "0000-01", "18-1", "2018-01-01", "x' or 1=1--"])
@pytest.mark.parametrize("page", ["statement", "invoices"])
def test_a_month_that_is_none_shows_the_newest(
    world: World, consumer: Browser, page: str, month: str
) -> None:
    answer = consumer.get(f"/accounts/{world.own}/{page}", query_string={"month": month})
    assert answer.status_code == 200
    assert "за 01.2018" in answer.text


def test_a_month_without_lines_says_so(world: World, consumer: Browser) -> None:
    page = consumer.get(f"/accounts/{world.own}/statement?month=1999-01").text
    assert '<option value="1999-01" selected>' in page
    assert (
        "За цей період розрахунків немає."
        in consumer.get(f"/accounts/{world.own}/statement?month=1999-01").text
    )
    assert (
        "За цей період рахунків немає." in consumer.get(f"/accounts/{world.own}/invoices?month=1999-01").text
    )
    assert (
        "Розрахунків за цим особовим рахунком ще немає."
        in consumer.get(f"/accounts/{world.second}/statement").text
    )
    assert (
        "Рахунків за цим особовим рахунком ще немає."
        in consumer.get(f"/accounts/{world.second}/invoices").text
    )


def test_the_invoices_are_the_manuals_and_say_that_they_are_unsigned(world: World, consumer: Browser) -> None:
    html = consumer.get(f"/accounts/{world.own}/invoices").text
    page = shown(html)
    assert "59 01.2018 06.12.2017 Аванс плановий за активну 1 744,48 PDF" in page
    assert "1563 01.2018 03.03.2018 За активну 3 535,56 PDF" in page
    assert "1564 01.2018 03.03.2018 За реактивну 44,17 PDF" in page
    assert "Увага! Документи, які ви відкриваєте на перегляд" in page
    assert "не містять електронних підписів" in page
    link = re.findall(r'href="([^"]+/pdf)"', html)[0]
    assert consumer.get(link).mimetype == "application/pdf"


def test_a_silent_billing_is_said_to_be_silent(world: World, consumer: Browser) -> None:
    link = re.findall(r'href="([^"]+/pdf)"', consumer.get(f"/accounts/{world.own}/invoices").text)[0]
    world.billing.fail_next = TransientError("1C timed out")
    answer = consumer.get(link)
    assert answer.status_code == 503
    assert "Спробуйте за кілька хвилин" in answer.text
    assert consumer.get(link).status_code == 200
    world.billing.invoices.clear()
    other = re.findall(r'href="([^"]+/pdf)"', consumer.get(f"/accounts/{world.own}/invoices").text)[1]
    answer = consumer.get(other)
    assert answer.status_code == 404
    assert "Файлу цього рахунка немає." in answer.text


def test_a_document_to_sign_leads_to_where_it_is_signed(world: World, consumer: Browser, order: int) -> None:
    listing = f"/accounts/{world.own}/documents"
    assert "Немає документів, що очікують вашого підпису." in consumer.get(listing).text
    consumer.post(f"/accounts/{world.own}/orders/{order}/submit")
    assert "Готується до надсилання" in consumer.get(listing).text
    world.hub.engine.drain()
    page = consumer.get(listing).text
    assert 'href="https://signing.example" rel="noopener noreferrer">Підписати в Paperless' in page
    assert "Очікує вашого підпису" in page


VERDICT = {
    "format": "asic-e",
    "problems": ["Дивний <b>запис</b>"],
    "same_document": True,
    "matches_customer": False,
    "signers": [
        {
            "subject": "Зразкова Олена",
            "organisation": None,
            "edrpou": "12345678",
            "rnokpp": None,
            "issuer": "КНЕДП",
            "signed_at": "2024-03-18T13:12:00+00:00",
            "time_source": "claimed",
            "seal": True,
            "digest_ok": True,
            "signature_ok": None,
            "chain_ok": None,
            "time_ok": False,
        }
    ],
}


def test_a_verdict_names_its_parts_and_promises_nothing(world: World, consumer: Browser, order: int) -> None:
    consumer.post(f"/accounts/{world.own}/orders/{order}/submit")
    with world.hub.database.write() as session:
        document = session.get_one(Document, 1)
        document.state, document.verdict = DocumentState.COMPLETED, dict(VERDICT)
        session.add(document)
    page = shown(consumer.get(f"/accounts/{world.own}/documents/1").text)
    for part in (
        "Формат: ASiC-E",
        "документ той самий, що було надіслано: так",
        "код підписувача — код споживача: ні",
        "цілісність документа: збігається",
        "підпис: не перевірялось",
        "ланцюжок сертифікатів: не перевірялось",
        "час підпису: поза межами дії сертифіката",
        "відкликання сертифіката: не перевірялось",
        "Час 18.03.2024 15:12 (за словами підписувача)",
        "Вид печатка",
        "Дивний &lt;b&gt;запис&lt;/b&gt;",
        "czo.gov.ua/verify",
    ):
        assert part in page
    assert "підпис чинний" not in page.lower()
    assert "дійсний" not in page.lower()


def test_a_verdict_of_another_shape_is_shown_as_not_checked(
    world: World, consumer: Browser, order: int
) -> None:
    consumer.post(f"/accounts/{world.own}/orders/{order}/submit")
    with world.hub.database.write() as session:
        document = session.get_one(Document, 1)
        document.verdict = {"signers": [{"signed_at": "yesterday"}]}
        session.add(document)
    page = shown(consumer.get(f"/accounts/{world.own}/documents/1").text)
    assert page.count("не перевірялось") == 7  # revocation never is
    assert "yesterday" in page


def test_the_menu_names_the_only_document_service(world: World) -> None:
    with world.app.test_request_context():
        assert signing_title() == "Paperless"


def put_messages(world: World, count: int) -> None:
    with world.hub.database.write() as session:
        for number in range(1, count + 1):
            session.add(
                Message(
                    key=f"m{number}",
                    user_id=world.user.id,
                    subject=f"Тема {number}",
                    text=f"Рядок {number}\nдругий <b>",
                    link="//evil.example" if number == 1 else f"/accounts/{world.own}/orders/1",
                    created_at=world.clock(),
                )
            )


def test_the_inbox_shows_everything_and_marks_what_was_read(world: World, consumer: Browser) -> None:
    assert "Повідомлень ще немає." in consumer.get("/messages").text
    put_messages(world, 25)
    page = consumer.get("/messages").text
    assert page.count("<article") == 20
    assert "Рядок 25\nдругий &lt;b&gt;" in page
    assert '<span class="count">25' in page
    assert 'rel="next" href="/messages?page=2"' in page
    answer = consumer.post("/messages/read", message_id="25", next="/messages?page=1")
    assert answer.location == "/messages?page=1"
    assert '<span class="count">24' in consumer.get("/messages").text
    assert consumer.get("/messages?unread=1&page=2").text.count("<article") == 4
    consumer.post("/messages/read", all="1")
    page = consumer.get("/messages?unread=1").text
    assert "Непрочитаних повідомлень немає." in page
    assert 'class="count"' not in page
    assert consumer.get("/messages?page=99999999999999999999").status_code == 200


def test_marking_nothing_in_particular_is_refused(world: World, consumer: Browser) -> None:
    put_messages(world, 1)
    for form in ({}, {"message_id": "x"}, {"all": "yes"}):
        assert consumer.post("/messages/read", **form).status_code == 400
    assert world.hub.messages.unread(world.user) == 1


def test_a_strangers_message_stays_unread_and_a_link_out_is_not_offered(
    world: World, consumer: Browser
) -> None:
    put_messages(world, 1)
    assert "evil.example" not in consumer.get("/messages").text
    world.browser("200000001").post("/messages/read", message_id="1")
    assert world.hub.messages.unread(world.user) == 1
