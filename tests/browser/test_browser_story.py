"""The whole story, played by hand in a browser: the cabinet, Paperless, and the utility's staff in 1C."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, expect

from ztoe_demo.deployment import CONSUMER, CONSUMER_EMAIL, PASSWORD, Deployment
from ztoe_demo.samples import certificate_pdf, extract_docx

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EIC = "62Z8102184873135"
AXE = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
STATES = [
    "Очікування підпису заяви",
    "Прийнято",
    "Зареєстровано",
    "Сформовано рахунок, очікування оплати",
    "Сплановано дату виконання робіт",
    "Виконано",
]
Shoot = Callable[..., None]


def accessible(page: Page) -> None:
    """axe finds nothing, at WCAG 2.2 AA and best practice."""
    found = Axe().run(page, options=AXE)
    assert found.violations_count == 0, found.generate_report()


def log_in(page: Page, cabinet: str) -> None:
    page.goto(f"{cabinet}/login")
    page.get_by_label("Користувач").fill(CONSUMER)
    page.get_by_label("Пароль", exact=True).fill(PASSWORD)
    page.get_by_label("Запам'ятати").check()
    page.get_by_role("button", name="Увійти").click()


def choose(page: Page, code: str) -> None:
    page.get_by_role("link", name="Особові рахунки").first.click()
    page.get_by_role("row").filter(has_text=code).get_by_role("button").click()


def wait_for_state(page: Page, state: str) -> None:
    """Reload until the order's page says so, as a person would with «Оновити»."""
    for _ in range(100):
        if page.locator(".heading .tag").inner_text() == state:
            return
        page.wait_for_timeout(200)
        page.reload()
    raise AssertionError(f"the order did not become «{state}»")


def staff(page: Page, base: str, order_id: str, button: str, **fields: str) -> None:
    page.goto(f"{base}/orders/{order_id}")
    form = page.locator("form").filter(has=page.get_by_role("button", name=button, exact=True))
    for name, value in fields.items():
        form.locator(f"[name={name}]").fill(value)
    form.get_by_role("button", name=button, exact=True).click()


def test_the_whole_story(deployment: Deployment, browser: Browser, page: Page, shoot: Shoot) -> None:
    at = deployment.addresses
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    page.goto(at.cabinet)
    shoot(page, "login")
    accessible(page)
    page.get_by_label("Користувач").fill(CONSUMER)
    page.get_by_label("Пароль", exact=True).fill("wrong-password")
    page.get_by_role("button", name="Увійти").click()
    expect(page.get_by_role("alert")).to_contain_text("не знайдено")
    accessible(page)

    log_in(page, at.cabinet)
    expect(page.get_by_role("navigation").first).not_to_contain_text("Послуги")
    shoot(page, "accounts")
    accessible(page)

    choose(page, "125000632")
    expect(page.get_by_role("contentinfo")).to_contain_text("Житомиробленерго")
    page.goto(page.url.partition("?")[0] + "?month=2018-01")
    expect(page.get_by_role("main")).to_contain_text("3535,56".replace("3535", "3\u00a0535"))
    shoot(page, "statement")
    accessible(page)
    page.goto(page.url.replace("/statement", "/invoices"))
    expect(page.get_by_role("row").filter(has_text="1563")).to_contain_text("За активну")
    shoot(page, "invoices")
    accessible(page)
    link = page.get_by_role("link", name=re.compile("PDF.*1563")).get_attribute("href")
    pdf = page.request.get(f"{at.cabinet}{link}")
    assert pdf.body().startswith(b"%PDF-")

    choose(page, "125000186")
    expect(page.get_by_role("contentinfo")).to_contain_text("Тестовий РЕМ")
    page.get_by_role("link", name="Послуги комерційного обліку").first.click()
    shoot(page, "orders-empty", (1280,))
    accessible(page)
    page.get_by_role("link", name="Нове замовлення").first.click()
    page.get_by_role("button", name="Продовжити").click()
    shoot(page, "order-step-1-errors", (1280,))
    accessible(page)
    page.get_by_label("Послуга").select_option("meter-check")
    page.get_by_label("Точка обліку").select_option(
        value=page.locator("option").filter(has_text=EIC).get_attribute("value")
    )
    page.get_by_label("Клас напруги").select_option("0.4")
    page.get_by_label("Контактна особа").fill("Тестовий Споживач")
    shoot(page, "order-step-1")
    page.get_by_role("button", name="Продовжити").click()

    evil = FilePayload(name="свідоцтво.pdf", mimeType="application/pdf", buffer=b"MZ\x90\x00 an EXE")
    page.get_by_label("Свідоцтво платника податків").set_input_files(files=[evil])
    page.get_by_role("button", name="Продовжити").click()
    expect(page.get_by_role("alert")).to_contain_text("Дозволені файли")
    shoot(page, "order-step-2-errors", (1280,))
    accessible(page)
    page.get_by_label("Свідоцтво платника податків").set_input_files(
        files=[FilePayload(name="Свідоцтво.pdf", mimeType="application/pdf", buffer=certificate_pdf())]
    )
    page.get_by_label("Виписка з єдиного державного реєстру").set_input_files(
        files=[FilePayload(name="Виписка.docx", mimeType=DOCX, buffer=extract_docx())]
    )
    page.get_by_role("button", name="Продовжити").click()
    shoot(page, "order-step-3")
    accessible(page)
    page.get_by_role("button", name="Продовжити").click()
    order_page = page.url
    expect(page.get_by_role("main")).to_contain_text(STATES[0])
    shoot(page, "order-awaiting")
    accessible(page)

    sign_in_paperless(browser, at.paperless, shoot)
    wait_for_state(page, STATES[1])
    shoot(page, "order-accepted")
    page.get_by_role("link", name="Paperless").first.click()
    shoot(page, "documents")
    accessible(page)
    page.get_by_role("main").get_by_role("link", name=re.compile("ServicePointOrderStatement")).first.click()
    expect(page.get_by_role("main")).to_contain_text("12500015")
    expect(page.get_by_role("main")).to_contain_text("не перевірялось")
    assert "підпис чинний" not in page.content().lower()
    shoot(page, "document-signed")
    accessible(page)

    order_id = httpx.get(f"{at.base}/sandbox/orders", trust_env=False).json()["orders"][0]["order_id"]
    with browser.new_context() as other:
        desk = other.new_page()
        staff(desk, at.base, order_id, "Зареєструвати", registration_number="876-SA")
        page.goto(order_page)
        wait_for_state(page, STATES[2])
        staff(desk, at.base, order_id, "Сформувати рахунок", amount="412,20")
        wait_for_state(page, STATES[3])
        shoot(page, "order-invoiced")
        acts: list[tuple[str, dict[str, Any]]] = [
            ("Запланувати", {"work_date": "2026-12-08"}),
            ("Виконано", {}),
        ]
        staff(desk, at.base, order_id, "Позначити оплаченим")
        for (button, fields), state in zip(acts, STATES[4:], strict=True):
            staff(desk, at.base, order_id, button, **fields)
            wait_for_state(page, state)
    shoot(page, "order-completed")
    accessible(page)

    page.get_by_role("link", name="Послуги комерційного обліку").first.click()
    shoot(page, "orders")
    accessible(page)
    page.get_by_role("link", name=re.compile("Повідомлення")).first.click()
    for state in STATES:
        expect(page.get_by_role("main")).to_contain_text(state)
    shoot(page, "messages")
    accessible(page)
    mails = httpx.get(f"{at.inbox}/sandbox/messages", params={"to": CONSUMER_EMAIL}, trust_env=False).json()
    assert len({mail["message_id"] for mail in mails}) == len(STATES)
    assert [text for text in complaints if "400" not in text and "422" not in text] == []

    page.get_by_role("button", name="Вийти").first.click()
    page.goto(order_page)
    expect(page.get_by_role("button", name="Увійти")).to_be_visible()


def sign_in_paperless(browser: Browser, address: str, shoot: Shoot) -> None:
    """As chapter 7 tells it: log in, open the document, sign."""
    with browser.new_context(locale="uk-UA") as context:
        page = context.new_page()
        page.goto(address)
        page.get_by_label("Електронна пошта").fill(CONSUMER_EMAIL)
        page.get_by_label("Пароль").fill("demo")
        page.get_by_role("button", name="Авторизуватись").click()
        document = page.get_by_role("link", name=re.compile("ServicePointOrderStatement")).first
        for _ in range(100):
            if document.is_visible():
                break
            page.wait_for_timeout(100)
            page.reload()
        document.click()
        shoot(page, "paperless", (1280,))
        page.get_by_role("button", name="Підписати", exact=True).first.click()


def test_the_cabinet_works_without_javascript(deployment: Deployment, without_script: Page) -> None:
    page = without_script
    log_in(page, deployment.addresses.cabinet)
    choose(page, "125000186")
    page.get_by_role("link", name="Послуги комерційного обліку").first.click()
    page.get_by_role("link", name="Нове замовлення").first.click()
    page.get_by_label("Послуга").select_option("meter-replacement")
    page.get_by_label("Точка обліку").select_option(index=1)
    page.get_by_label("Клас напруги").select_option("10")
    page.get_by_label("Контактна особа").fill("Тестовий Споживач")
    page.get_by_role("button", name="Продовжити").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Завантажте файли")


def test_dark_mode_is_accessible_too(deployment: Deployment, browser: Browser, shoot: Shoot) -> None:
    with browser.new_context(color_scheme="dark", locale="uk-UA") as context:
        page = context.new_page()
        page.goto(f"{deployment.addresses.cabinet}/login")
        accessible(page)
        log_in(page, deployment.addresses.cabinet)
        choose(page, "125000632")
        page.goto(page.url.partition("?")[0] + "?month=2018-01")
        shoot(page, "statement-dark", (1280,))
        accessible(page)
