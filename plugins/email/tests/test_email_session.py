"""The conversation with servers that do what no decent server does: a script on a real socket."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from ztoe_email.channel import EmailChannel
from ztoe_hub.errors import HubError, ItemRejected, ProviderMisconfigured, TransientError, UnexpectedAnswer
from ztoe_hub.testing.notifications import a_notice
from ztoe_sandbox.certificates import Identity, issue_to_loopback, make_authority

MakeChannel = Callable[..., EmailChannel]


@dataclass
class ScriptedServer:
    """Says the greeting, then the answers in turn, one for each line it reads; None closes the connection.

    After "354 go on" it reads up to the lone dot, gives its last answer and hangs up.
    """

    answers: list[str | None]
    greeting: str = "220 ready"
    tls: ssl.SSLContext | None = None
    lines: list[str] = field(default_factory=list)
    port: int = 0

    def serve_one(self, listening: socket.socket) -> None:
        """Accept one connection and play the script; the client may go away whenever it likes."""
        try:
            connection, _ = listening.accept()
            with closing(self._encrypted(connection)) as stream, stream.makefile("rwb") as file:
                self._play(cast("Any", file))
        except OSError:
            return

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(connection, server_side=True) if self.tls else connection

    def _play(self, file: Any) -> None:
        self._say(file, self.greeting)
        for answer in self.answers:
            if not (line := file.readline()):
                return
            self.lines.append(line.decode("utf-8", "replace").rstrip())
            if answer is None:
                return
            self._say(file, answer)
            if answer.startswith("354 go on"):
                while file.readline() not in (b".\r\n", b""):
                    pass
                if self.answers[-1]:
                    self._say(file, self.answers[-1])
                return

    def _say(self, file: Any, answer: str) -> None:
        file.write(f"{answer}\r\n".encode())
        file.flush()


@pytest.fixture
def play() -> Iterator[Callable[..., ScriptedServer]]:
    """Start a ScriptedServer on a free port."""
    threads: list[tuple[threading.Thread, socket.socket]] = []

    def start(*answers: str | None, **options: Any) -> ScriptedServer:
        listening = socket.create_server(("127.0.0.1", 0))
        listening.settimeout(10)
        server = ScriptedServer(list(answers), port=listening.getsockname()[1], **options)
        thread = threading.Thread(target=server.serve_one, args=(listening,))
        thread.start()
        threads.append((thread, listening))
        return server

    yield start
    for thread, listening in threads:
        thread.join()
        listening.close()


Play = Callable[..., ScriptedServer]

EHLO = "250 hello"
OK = "250 OK"


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([EHLO, "452 4.3.1 too busy"], TransientError),
        ([EHLO, "550 5.1.8 no such sender"], ProviderMisconfigured),
        ([EHLO, "552 5.3.4 too large"], ItemRejected),
        ([EHLO, None], TransientError),
        ([EHLO, OK, "550 5.1.1 no such user"], ItemRejected),
        ([EHLO, OK, "501 5.1.3 bad address"], ItemRejected),
        ([EHLO, OK, "450 4.2.0 greylisted"], TransientError),
        ([EHLO, OK, "421 4.3.2 shutting down"], TransientError),
        ([EHLO, OK, "554 5.7.1 Relay access denied"], ProviderMisconfigured),
        ([EHLO, OK, "530 5.7.0 authentication required"], ProviderMisconfigured),
        ([EHLO, OK, "354 what?"], UnexpectedAnswer),
        ([EHLO, OK, None], TransientError),
        ([EHLO, OK, OK, "451 4.3.0 not now"], TransientError),
        ([EHLO, OK, OK, "554 5.6.0 no"], ItemRejected),
        ([EHLO, OK, OK, None], TransientError),
        ([EHLO, OK, OK, "354 go on", "554 5.7.1 this is spam"], ItemRejected),
        ([EHLO, OK, OK, "354 go on", "451 4.3.0 not now"], TransientError),
        ([EHLO, OK, OK, "354 go on", None], TransientError),
        (["502 what?", "502 what?"], ProviderMisconfigured),
        (["no number at all"], TransientError),
        ([], TransientError),
    ],
)
def test_each_answer_says_what_to_do_next(
    make_channel: MakeChannel, play: Play, answers: list[str | None], error: type[HubError]
) -> None:
    server = play(*answers)

    with pytest.raises(error):
        make_channel(port=server.port).send(a_notice())


def test_a_server_that_is_gone_after_its_250_has_the_message(make_channel: MakeChannel, play: Play) -> None:
    server = play(EHLO, OK, OK, "354 go on", "250 queued as 42")

    receipt = make_channel(port=server.port).send(a_notice())

    assert receipt.detail == "250 queued as 42"


def test_we_introduce_ourselves_by_the_domain_and_name_one_recipient(
    make_channel: MakeChannel, play: Play
) -> None:
    server = play("250-hello\r\n250 SIZE 10000000", OK, OK, "354 go on", OK)

    make_channel(port=server.port).send(a_notice(to="info@polissia.example"))

    greeting, sender, recipient, data = server.lines
    assert greeting == "ehlo oblenergo.example"
    assert sender.startswith("mail FROM:<cabinet@oblenergo.example> size=")
    assert recipient == "rcpt TO:<info@polissia.example>"
    assert data == "data"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_log_in_by_the_way_that_the_server_offers(
    make_channel: MakeChannel, play: Play, mechanism: str
) -> None:
    answers = {
        "PLAIN": ["235 welcome"],
        "LOGIN": [f"334 {base64.b64encode(b'Password:').decode()}", "235 welcome"],
    }[mechanism]
    server = play(f"250-hello\r\n250 AUTH {mechanism}", *answers, OK, "221 bye")

    assert make_channel(port=server.port, username="cabinet", password="demo").check().ok
    assert server.lines[1].startswith(f"AUTH {mechanism} ")
    assert server.lines[-2:] == ["noop", "quit"]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (["250 AUTH PLAIN", "535 5.7.8 wrong"], ProviderMisconfigured),
        (["250 AUTH PLAIN", "454 4.7.0 not now"], TransientError),
        (["250 AUTH PLAIN", None], TransientError),
        (["250 AUTH KERBEROS"], ProviderMisconfigured),
        (["250 hello"], ProviderMisconfigured),
    ],
)
def test_a_refused_log_in_is_told_from_a_busy_server(
    make_channel: MakeChannel, play: Play, answers: list[str | None], error: type[HubError]
) -> None:
    first = f"250-hello\r\n{answers[0]}"
    server = play(first, *answers[1:])

    with pytest.raises(error):
        make_channel(port=server.port, username="cabinet", password="demo").send(a_notice())


@pytest.mark.parametrize(("code", "error"), [("454", TransientError), ("501", ProviderMisconfigured)])
def test_starttls_that_is_refused_sends_nothing(
    make_channel: MakeChannel, play: Play, code: str, error: type[HubError]
) -> None:
    server = play("250-hello\r\n250 STARTTLS", f"{code} no TLS now")

    with pytest.raises(error):
        make_channel(port=server.port, security="starttls").send(a_notice())
    assert server.lines[-1].upper() == "STARTTLS"


@pytest.fixture(scope="module")
def authority() -> Identity:
    return make_authority("Test CA", "ztoe-email")


@pytest.fixture
def server_tls(authority: Identity, tmp_path: Path) -> ssl.SSLContext:
    chain = tmp_path / "server.pem"
    chain.write_text(issue_to_loopback(authority).to_pem())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    return context


def test_tls_from_the_first_byte(
    make_channel: MakeChannel, play: Play, authority: Identity, server_tls: ssl.SSLContext, tmp_path: Path
) -> None:
    ca_bundle = tmp_path / "ca.pem"
    ca_bundle.write_text(authority.certificate_pem)
    server = play(EHLO, OK, OK, "354 go on", OK, tls=server_tls)

    receipt = make_channel(port=server.port, security="tls", ca_bundle=ca_bundle).send(a_notice())

    assert receipt.detail == "250 OK"


def test_tls_with_an_untrusted_certificate_needs_an_operator(
    make_channel: MakeChannel, play: Play, server_tls: ssl.SSLContext
) -> None:
    server = play(EHLO, tls=server_tls)

    with pytest.raises(ProviderMisconfigured, match="certificate"):
        make_channel(port=server.port, security="tls").send(a_notice())


def test_tls_to_a_server_that_speaks_plainly_needs_an_operator(make_channel: MakeChannel, play: Play) -> None:
    server = play(EHLO)

    with pytest.raises(ProviderMisconfigured, match="encryption"):
        make_channel(port=server.port, security="tls").send(a_notice())


def test_a_host_without_an_address_is_tried_later(make_channel: MakeChannel) -> None:
    with pytest.raises(TransientError):
        make_channel(host="no-such-host.invalid", port=25).send(a_notice())
