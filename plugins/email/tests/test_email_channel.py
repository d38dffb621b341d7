"""The e-mail channel against the sandbox's mail server: real sockets, real STARTTLS, real log-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from ztoe_email.channel import EmailChannel
from ztoe_hub.errors import ItemRejected, ProviderMisconfigured, TransientError
from ztoe_hub.ports import NotificationChannel
from ztoe_hub.testing.notifications import (
    UKRAINIAN,
    NotificationChannelContract,
    ReceivedNotice,
    a_notice,
)
from ztoe_sandbox.process import Counterparty

MakeChannel = Callable[..., EmailChannel]


@dataclass(frozen=True)
class SandboxInbox:
    """The sandbox's mail server, seen from its inbox page."""

    url: str
    port: int
    ca_bundle: Path

    def received(self) -> Sequence[ReceivedNotice]:
        """Everything that arrived, oldest first."""
        return [
            ReceivedNotice(key=m["message_id"], to=m["to"][0], subject=m["subject"], text=m["text"])
            for m in self.messages()
        ]

    def messages(self) -> list[dict[str, Any]]:
        """The messages with their headers, oldest first."""
        answer = httpx.get(f"{self.url}/sandbox/messages", trust_env=False).raise_for_status()
        return list(reversed(cast("list[dict[str, Any]]", answer.json())))

    def raw(self, number: int) -> bytes:
        """A message as it came over the wire."""
        return httpx.get(f"{self.url}/messages/{number}/raw", trust_env=False).raise_for_status().content

    def refuse(self, address: str) -> None:
        """From now on `address` does not exist."""
        self.fault("rcpt", "550", where=address)

    def be_busy(self, address: str) -> None:
        """The next message to `address` is put off."""
        self.fault("rcpt", "452", where=address, times=1)

    def fault(self, name: str, value: str, *, where: str = "", times: int | None = None) -> None:
        """Play a fault."""
        fault = {"name": name, "value": value, "where": where, "times": times}
        httpx.post(f"{self.url}/sandbox/faults", json=fault, trust_env=False).raise_for_status()

    def forget(self) -> None:
        """Begin afresh."""
        for path in ("messages", "faults"):
            httpx.delete(f"{self.url}/sandbox/{path}", trust_env=False).raise_for_status()


@pytest.fixture(scope="session")
def secure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxInbox]:
    """A mail server with STARTTLS and a log-in, as a user has it."""
    ca_bundle = tmp_path_factory.mktemp("mail") / "ca.pem"
    with Counterparty(
        "mail", "--tls", "--tls-ca", str(ca_bundle), "--user", "cabinet", "--password", "demo"
    ) as server:
        yield SandboxInbox(server.inbox_url, server.port, ca_bundle)


@pytest.fixture
def inbox(secure_server: SandboxInbox) -> SandboxInbox:
    secure_server.forget()
    return secure_server


@pytest.fixture
def channel(inbox: SandboxInbox, make_channel: MakeChannel) -> NotificationChannel:
    return make_channel(**secured(inbox), message_id_domain="cabinet.oblenergo.example")


def secured(inbox: SandboxInbox) -> dict[str, object]:
    """The settings with which the secure server lets one in."""
    return {
        "port": inbox.port,
        "security": "starttls",
        "username": "cabinet",
        "password": "demo",
        "ca_bundle": inbox.ca_bundle,
    }


class TestEmailChannel(NotificationChannelContract):
    """STARTTLS, verified against the authority that the server made at its start, and a log-in."""


def test_a_message_is_what_mail_programs_expect(channel: NotificationChannel, inbox: SandboxInbox) -> None:
    receipt = channel.send(a_notice(key="order-19-accepted", html=f"<p>{UKRAINIAN}</p>"))

    [message] = inbox.messages()
    assert message["message_id"] == "<order-19-accepted@cabinet.oblenergo.example>" == receipt.reference
    assert receipt.detail.startswith("250 ")
    assert message["from"] == "cabinet@oblenergo.example"
    assert message["headers"]["Auto-Submitted"] == "auto-generated"
    assert message["headers"]["Date"] == "Mon, 02 Nov 2026 08:15:30 +0000"
    assert message["headers"]["Content-Type"].startswith("multipart/alternative")
    assert UKRAINIAN in message["html"]


def test_a_repeat_is_the_same_bytes(channel: NotificationChannel, inbox: SandboxInbox) -> None:
    notice = a_notice()
    channel.send(notice)
    channel.send(notice)

    first, second = inbox.messages()
    assert inbox.raw(first["id"]) == inbox.raw(second["id"])


def test_the_senders_name_and_the_address_for_answers_arrive(
    make_channel: MakeChannel, inbox: SandboxInbox
) -> None:
    name = 'АТ «Тестобленерго», "кабінет" споживача електричної енергії'
    channel = make_channel(**secured(inbox), sender_name=name, reply_to="help@oblenergo.example")

    channel.send(a_notice())

    [message] = inbox.messages()
    # The modern parser of Python 3.11 puts blanks between encoded words; the old one reads them as RFC 2047 says.
    parsed = message_from_bytes(inbox.raw(message["id"]))
    written, address = parseaddr(parsed["From"])
    assert (str(make_header(decode_header(written))), address) == (name, "cabinet@oblenergo.example")
    assert parsed["Reply-To"] == "help@oblenergo.example"


@pytest.mark.parametrize("code", ["451", "452", "421"])
def test_a_message_put_off_is_tried_later(
    channel: NotificationChannel, inbox: SandboxInbox, code: str
) -> None:
    inbox.fault("data", code, times=1)
    notice = a_notice()

    with pytest.raises(TransientError):
        channel.send(notice)
    channel.send(notice)

    assert len(inbox.messages()) == 1


def test_a_message_refused_for_good_is_the_items_fault(
    channel: NotificationChannel, inbox: SandboxInbox
) -> None:
    inbox.fault("data", "554", where="@polissia.example")

    with pytest.raises(ItemRejected):
        channel.send(a_notice())


def test_a_refusal_does_not_repeat_the_address(channel: NotificationChannel, inbox: SandboxInbox) -> None:
    inbox.refuse("nobody@polissia.example")

    with pytest.raises(ItemRejected) as caught:
        channel.send(a_notice(to="nobody@polissia.example"))

    assert "550" in str(caught.value)
    assert "nobody@" not in str(caught.value)


def test_a_server_that_turns_callers_away_is_tried_later(
    channel: NotificationChannel, inbox: SandboxInbox
) -> None:
    inbox.fault("greeting", "421", times=2)

    assert not channel.check().ok
    with pytest.raises(TransientError):
        channel.send(a_notice())
    channel.send(a_notice())


def test_a_server_that_will_not_have_us_needs_an_operator(
    channel: NotificationChannel, inbox: SandboxInbox
) -> None:
    inbox.fault("greeting", "554", times=1)

    with pytest.raises(ProviderMisconfigured):
        channel.send(a_notice())


def test_a_lost_answer_is_repeated_under_the_same_message_id(
    channel: NotificationChannel, inbox: SandboxInbox
) -> None:
    inbox.fault("lost", "1", times=1)
    notice = a_notice()

    with pytest.raises(TransientError):
        channel.send(notice)
    channel.send(notice)

    assert [message["message_id"] for message in inbox.messages()] == [
        f"<{notice.key}@cabinet.oblenergo.example>"
    ] * 2


def test_a_slow_server_is_tried_later(make_channel: MakeChannel, inbox: SandboxInbox) -> None:
    inbox.fault("delay", "3", times=1)
    channel = make_channel(**{**secured(inbox), "timeout_s": 0.5})

    with pytest.raises(TransientError):
        channel.send(a_notice())


def test_a_wrong_password_needs_an_operator_and_is_not_shown(
    make_channel: MakeChannel, inbox: SandboxInbox
) -> None:
    channel = make_channel(**{**secured(inbox), "password": "wrong-secret"})

    with pytest.raises(ProviderMisconfigured) as caught:
        channel.send(a_notice())

    health = channel.check()
    assert not health.ok
    assert "wrong-secret" not in str(caught.value) + health.detail


def test_a_missing_log_in_needs_an_operator(make_channel: MakeChannel, inbox: SandboxInbox) -> None:
    channel = make_channel(**{**secured(inbox), "username": None, "password": None})

    with pytest.raises(ProviderMisconfigured):
        channel.send(a_notice())


def test_an_untrusted_certificate_needs_an_operator(make_channel: MakeChannel, inbox: SandboxInbox) -> None:
    channel = make_channel(**{**secured(inbox), "ca_bundle": None})

    with pytest.raises(ProviderMisconfigured, match="certificate"):
        channel.send(a_notice())
    assert not inbox.messages()


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "a@polissia.example\r\nBcc: all@polissia.example"},
        {"to": "a@polissia.example, b@polissia.example"},
        {"to": "a@polissia.example>\nRCPT TO:<b@polissia.example"},
        {"subject": "Рахунок\r\nBcc: all@polissia.example"},
        {"subject": "Рахунок\nX: y"},
    ],
)
def test_nothing_is_smuggled_into_the_headers(
    channel: NotificationChannel, inbox: SandboxInbox, fields: dict[str, str]
) -> None:
    with pytest.raises(ItemRejected):
        channel.send(a_notice(**fields))  # type: ignore[arg-type]

    assert not inbox.messages()


def test_a_mail_server_that_is_down_is_tried_later(make_channel: MakeChannel, tmp_path: Path) -> None:
    with Counterparty("mail", "--no-tls", "--state", str(tmp_path / "mail.sqlite")) as server:
        channel = make_channel(port=server.port)
        notice = a_notice()
        server.stop()

        assert not channel.check().ok
        with pytest.raises(TransientError):
            channel.send(notice)

        server.start()
        assert channel.send(notice).detail.startswith("250 ")


def test_without_starttls_nothing_is_sent(make_channel: MakeChannel) -> None:
    with Counterparty("mail", "--no-tls") as server:
        channel = make_channel(port=server.port, security="starttls")

        with pytest.raises(ProviderMisconfigured, match="STARTTLS"):
            channel.send(a_notice())
        assert make_channel(port=server.port).check().ok


def test_a_password_goes_in_the_clear_to_this_very_machine_only(make_channel: MakeChannel) -> None:
    with Counterparty("mail", "--no-tls", "--user", "cabinet", "--password", "demo") as server:
        channel = make_channel(port=server.port, username="cabinet", password="demo")

        assert channel.check().ok
