"""The simulated mail server over SMTP, its inbox page, and its faults."""

import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import Any

import httpx
import pytest

from ztoe_sandbox.process import Counterparty

READER = "clienttst@meta.ua"


@pytest.fixture(scope="module")
def server() -> Iterator[Counterparty]:
    """One mail server for the module."""
    with Counterparty("mail") as running:
        yield running


@pytest.fixture
def inbox(server: Counterparty) -> Iterator[httpx.Client]:
    """Its inbox, emptied and freed of faults after each test."""
    with httpx.Client(base_url=server.inbox_url) as client:
        yield client
        client.delete("/sandbox/faults")
        client.delete("/sandbox/messages")


def letter(to: str = READER, subject: str = "Сформовано рахунок") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "cabinet@example.com", to, subject
    message["Message-ID"] = make_msgid(domain="example.com")
    message.set_content("Вітаємо!\nРахунок чекає на оплату.")
    message.add_alternative("<p>Вітаємо! <b>Рахунок</b> чекає на оплату.</p>", subtype="html")
    return message


def send(server: Counterparty, message: EmailMessage, to: list[str] | None = None) -> Any:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=20) as client:
        return client.send_message(message, to_addrs=to)


def test_a_message_arrives_whole(server: Counterparty, inbox: httpx.Client) -> None:
    message = letter()
    send(server, message)
    (seen,) = inbox.get("/sandbox/messages", params={"to": READER.upper()}).json()
    assert seen["message_id"] == message["Message-ID"]
    assert (seen["from"], seen["to"], seen["subject"]) == (
        "cabinet@example.com",
        [READER],
        "Сформовано рахунок",
    )
    assert "Рахунок чекає" in seen["text"]
    assert "<b>Рахунок</b>" in seen["html"]
    assert inbox.get("/sandbox/messages", params={"to": "other@example.com"}).json() == []


def test_messages_come_newest_first_and_are_counted_by_message_id(
    server: Counterparty, inbox: httpx.Client
) -> None:
    first, second = letter(subject="Перший"), letter(subject="Другий")
    for message in (first, second, first):
        send(server, message)
    assert [each["subject"] for each in inbox.get("/sandbox/messages").json()] == [
        "Перший",
        "Другий",
        "Перший",
    ]
    assert inbox.get("/sandbox/summary").json() == {"deliveries": 3, "distinct_message_ids": 2}


def test_the_pages_show_the_message_and_keep_its_html_in_a_sandbox(
    server: Counterparty, inbox: httpx.Client
) -> None:
    message = letter()
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="Рахунок.pdf")
    send(server, message)
    number = inbox.get("/sandbox/messages").json()[0]["id"]
    assert "Сформовано рахунок" in inbox.get("/", params={"to": READER}).text
    page = inbox.get(f"/messages/{number}").text
    assert "<iframe sandbox" in page
    assert "Рахунок.pdf" in page
    assert inbox.get(f"/messages/{number}/html").headers["Content-Security-Policy"].startswith("sandbox")
    assert inbox.get(f"/messages/{number}/attachments/0").content == b"%PDF-1.4"
    assert inbox.get("/messages/999999").status_code == 404


@pytest.mark.parametrize("code", [452, 550])
def test_a_recipient_can_be_refused(server: Counterparty, inbox: httpx.Client, code: int) -> None:
    inbox.post("/sandbox/faults", json={"name": "rcpt", "value": str(code), "where": READER, "times": 1})
    refused = send(server, letter(), [READER, "other@example.com"])
    assert refused[READER][0] == code
    assert inbox.get("/sandbox/messages").json()[0]["to"] == ["other@example.com"]


@pytest.mark.parametrize("code", [451, 554])
def test_a_message_can_be_refused(server: Counterparty, inbox: httpx.Client, code: int) -> None:
    inbox.post("/sandbox/faults", json={"name": "data", "value": code, "times": 1})
    with pytest.raises(smtplib.SMTPDataError, match=str(code)):
        send(server, letter())
    assert inbox.get("/sandbox/summary").json()["deliveries"] == 0


def test_a_connection_can_be_turned_away(server: Counterparty, inbox: httpx.Client) -> None:
    inbox.post("/sandbox/faults", json={"name": "greeting", "value": "421", "times": 1})
    with pytest.raises(smtplib.SMTPConnectError, match="421"):
        send(server, letter())
    send(server, letter())
    assert inbox.get("/sandbox/summary").json()["deliveries"] == 1


def test_a_message_whose_answer_was_lost_is_stored(server: Counterparty, inbox: httpx.Client) -> None:
    inbox.post("/sandbox/faults", json={"name": "lost", "value": "1", "times": 1})
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        send(server, letter())
    assert inbox.get("/sandbox/summary").json()["deliveries"] == 1
    send(server, letter())
    assert inbox.get("/sandbox/summary").json()["deliveries"] == 2


def test_an_http_fault_is_none_of_the_mail_servers(inbox: httpx.Client) -> None:
    answer = inbox.post("/sandbox/faults", json={"name": "html", "value": "1"})
    assert answer.status_code == 400
    assert "rcpt" in answer.json()["error"]


def test_starttls_and_login(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    with Counterparty("mail", "--user", "cabinet", "--password", "pw", "--tls-ca", str(ca)) as running:
        trusting = ssl.create_default_context(cafile=str(ca))
        with smtplib.SMTP("127.0.0.1", running.port, timeout=20) as client:
            client.ehlo()
            assert "auth" not in client.esmtp_features  # no password in the clear
            assert client.mail("cabinet@example.com")[0] == 530
            client.starttls(context=trusting)
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("cabinet", "wrong")
            client.login("cabinet", "pw")
            client.send_message(letter())
        assert httpx.get(running.inbox_url + "/sandbox/summary").json()["deliveries"] == 1


def test_the_certificate_is_not_trusted_without_its_authority(server: Counterparty) -> None:
    with (
        smtplib.SMTP("127.0.0.1", server.port, timeout=20) as client,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        client.starttls(context=ssl.create_default_context())


def test_without_tls_a_login_goes_in_the_clear() -> None:
    with (
        Counterparty("mail", "--no-tls", "--user", "cabinet") as running,
        smtplib.SMTP("127.0.0.1", running.port, timeout=20) as client,
    ):
        client.ehlo()
        assert "starttls" not in client.esmtp_features
        client.login("cabinet", "demo")
        client.send_message(letter())


def test_messages_survive_a_restart(tmp_path: Path) -> None:
    with Counterparty("mail", "--state", str(tmp_path / "mail.db")) as running:
        send(running, letter())
        running.kill()
        running.start()
        assert httpx.get(running.inbox_url + "/sandbox/summary").json()["deliveries"] == 1
