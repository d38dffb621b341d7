"""The main job, played over HTTP and SMTP without a browser: every step says what it did and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx

from .browser import Visitor
from .deployment import CONSUMER, CONSUMER_EMAIL, PASSWORD, Addresses
from .samples import certificate_pdf, extract_docx

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EIC = "62Z8102184873135"
WAIT_S = 20
STATES = (
    "Очікування підпису заяви",
    "Прийнято",
    "Зареєстровано",
    "Сформовано рахунок, очікування оплати",
    "Сплановано дату виконання робіт",
    "Виконано",
)


class StoryFailed(AssertionError):
    """A step did not end as it should."""


class Story:
    """Plays the consumer, and the staff of the utility where they are needed."""

    def __init__(self, addresses: Addresses, *, say: Callable[[str], object]) -> None:
        self._at = addresses
        self._say = say
        self._started = time.monotonic()
        self._account = self._other = self._order = ""

    def play(self) -> None:
        """All of it. Raises StoryFailed at the first step that does not end as it should."""
        with (
            Visitor(self._at.cabinet) as cabinet,
            httpx.Client(trust_env=False, timeout=20) as outside,
        ):
            self._cabinet, self._outside = cabinet, outside
            self._log_in()
            self._choose_account()
            self._look_at_statement_and_invoices()
            self._order_a_service()
            self._sign_in_paperless()
            self._be_accepted()
            self._follow_the_staff()
            self._count_messages()
        self._say(
            f"The whole story took {time.monotonic() - self._started:.1f} s. Everything is as it should be."
        )

    def _log_in(self) -> None:
        refused = self._cabinet.send("/login", {"login": CONSUMER, "password": "wrong-password"})
        self._expect(refused.status_code == 400, "a wrong password is refused")
        entered = self._cabinet.send("/login", {"login": CONSUMER, "password": PASSWORD, "remember": "1"})
        self._expect(entered.status_code == 200, f"user {CONSUMER} is logged in")

    def _choose_account(self) -> None:
        page = self._cabinet.text("/accounts")
        for code, number in (("125000632", "561"), ("125000010", "309"), ("125000186", "186")):
            self._expect(
                code in page and number in page, f"the account {number} of consumer code {code} is listed"
            )
        self._account, self._other = self._account_path("125000186"), self._account_path("125000632")
        for path in (self._other, self._account):
            chosen = self._cabinet.send("/accounts", {}, to=f"{path}/choose")
            self._expect(chosen.status_code == 200, f"{path} is chosen")
        foot = self._cabinet.text(f"{self._account}/orders")
        self._expect(
            "Тестовий РЕМ" in foot and "Тестовий споживач" in foot, "the foot names district and consumer"
        )

    def _look_at_statement_and_invoices(self) -> None:
        statement = _narrow(self._cabinet.text(f"{self._other}/statement?month=2018-01"))
        for figure in ("-735,22", "3535,56", "1000,00", "1800,34", "44,17"):
            self._expect(figure in statement, f"the statement of 01.2018 shows {figure}")
        page = _narrow(self._cabinet.text(f"{self._other}/invoices?month=2018-01"))
        for number, amount in (("59", "1744,48"), ("1563", "3535,56"), ("1564", "44,17")):
            self._expect(number in page and amount in page, f"invoice № {number} of {amount} UAH is listed")
        link = self._cabinet.find(f"{self._other}/invoices?month=2018-01", r'href="([^"]+/pdf)"')
        for look in ("fetched from billing", "kept"):
            pdf = self._cabinet.open(link)
            self._expect(
                pdf.content.startswith(b"%PDF-"),
                f"the invoice opens as a PDF ({len(pdf.content)} bytes, {look})",
            )

    def _order_a_service(self) -> None:
        new = f"{self._account}/orders/new"
        point = self._cabinet.find(new, rf'<option value="(\d+)"[^>]*>[^<]*{EIC}')
        details = {
            "service_code": "meter-check",
            "metering_point_id": point,
            "voltage_class_kv": "0.4",
            "device_count": "1",
            "contact_name": "Тестовий Споживач",
            "contact_phone": "+380 41 240 00 00",
        }
        step2 = self._cabinet.send(new, details)
        self._order = step2.url.path.removesuffix("/files")
        self._expect(step2.url.path.endswith("/files"), f"step 1: the order {self._order} collects its data")
        refused = self._cabinet.send(
            f"{self._order}/files",
            {},
            files={"certificate": ("свідоцтво.pdf", b"MZ\x90\x00 an EXE", "application/pdf")},
        )
        self._expect(refused.status_code == 422, "step 2: an .exe named .pdf is refused")
        files = {
            "certificate": ("Свідоцтво платника.pdf", certificate_pdf(), "application/pdf"),
            "extract": ("Виписка.docx", extract_docx(), DOCX),
        }
        step3 = self._cabinet.send(f"{self._order}/files", {}, files=files)
        self._expect(
            step3.url.path.endswith("/submit"), "step 2: a PDF and a DOCX are taken by their content"
        )
        sent = self._cabinet.send(f"{self._order}/submit", {})
        self._expect(STATES[0] in sent.text, f"step 3: the application is made; the order is «{STATES[0]}»")
        pdf = self._cabinet.open(f"{self._order}/files/application")
        self._expect(
            pdf.content.startswith(b"%PDF-"), f"the application is a PDF of {len(pdf.content)} bytes"
        )

    def _sign_in_paperless(self) -> None:
        def shared() -> Any:
            documents = self._outside.get(f"{self._at.paperless}/sandbox/documents").json()
            return next((each for each in documents if CONSUMER_EMAIL in _recipients(each)), None)

        document = self._wait(shared, "the application is uploaded to Paperless and shared with the consumer")
        self._say(f"      {document['name']}")
        who = {"email": CONSUMER_EMAIL, "password": "demo", "document": document["id"]}
        signed = self._outside.post(f"{self._at.paperless}/sandbox/sign", json=who)
        self._expect(signed.status_code == 200, "the consumer opens the document in Paperless and signs it")

    def _be_accepted(self) -> None:
        self._wait_for_state(STATES[1], "the hub notices, downloads, checks and archives the signature")
        document = self._cabinet.find(
            f"{self._account}/documents", rf'href="({self._account}/documents/\d+)"'
        )
        verdict = self._cabinet.text(document)
        self._expect(
            "12500015" in verdict and "не перевірялось" in verdict,
            "the page says who signed and what was not checked",
        )
        signed = self._cabinet.open(f"{document}/signed")
        self._expect(
            signed.content[:1] == b"\x30",
            f"the signed container of {len(signed.content)} bytes can be downloaded",
        )

    def _follow_the_staff(self) -> None:
        def received() -> Any:
            return next(iter(self._outside.get(f"{self._at.base}/sandbox/orders").json()["orders"]), None)

        order = self._wait(received, "billing has received the order with its files")
        work_date = (date.today() + timedelta(days=14)).isoformat()  # noqa: DTZ011  a day on a wall calendar
        acts: tuple[tuple[str, dict[str, str], str | None], ...] = (
            ("register", {"registration_number": "876-SA"}, STATES[2]),
            ("invoice", {"amount": "412.20"}, STATES[3]),
            ("pay", {}, None),
            ("schedule", {"work_date": work_date}, STATES[4]),
            ("complete", {}, STATES[5]),
        )
        for act, details, state in acts:
            done = self._outside.post(
                f"{self._at.base}/sandbox/orders/{order['order_id']}/{act}", json=details
            )
            self._expect(done.status_code in (200, 201, 204), f"the utility's staff: {act}")
            if state is not None:
                self._wait_for_state(state, "the cabinet follows")
        page = self._cabinet.text(self._order)
        self._expect("876-SA" in page, "the registration number 876-SA is shown")
        invoice = self._cabinet.open(f"{self._order}/files/invoice")
        self._expect(invoice.content.startswith(b"%PDF-"), "the order's invoice opens as a PDF")

    def _count_messages(self) -> None:
        def all_sent() -> Any:
            mails = self._outside.get(
                f"{self._at.inbox}/sandbox/messages", params={"to": CONSUMER_EMAIL}
            ).json()
            return mails if len({mail["message_id"] for mail in mails}) >= len(STATES) else None

        mails = self._wait(all_sent, f"{len(STATES)} e-mails arrive, one for each change of status")
        self._expect(len({mail["message_id"] for mail in mails}) == len(STATES), "and no more than that")
        inbox = self._cabinet.text("/messages")
        number = self._order.rpartition("/")[2]
        shown = [state for state in STATES if f"Замовлення № {number}: {state}" in inbox]
        self._expect(len(shown) == len(STATES), f"the inbox holds {len(STATES)} messages, one for each")

    def _wait_for_state(self, state: str, what: str) -> None:
        def shown() -> bool:
            line = self._cabinet.text("/messages")
            return f"Замовлення № {self._order.rpartition('/')[2]}: {state}" in line

        self._wait(shown, f"{what}: the order is «{state}»")

    def _account_path(self, code: str) -> str:
        return self._cabinet.find("/accounts", rf"{code}.*?(/accounts/\d+)/choose")

    def _wait(self, look: Callable[[], Any], what: str) -> Any:
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            found = look()
            if found:
                self._expect(True, what)
                return found
            time.sleep(0.1)
        raise StoryFailed(f"{what}: not within {WAIT_S} s")

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            raise StoryFailed(what)
        self._say(f"  ok  {what}")


def _recipients(document: dict[str, Any]) -> set[str]:
    return {share["email"] for share in document["shares"]}


def _narrow(text: str) -> str:
    """Thousands' spaces taken out of numbers, and the minus sign made plain."""
    return text.replace("\u00a0", "").replace("\u202f", "").replace("\u2212", "-")
