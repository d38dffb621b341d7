"""The SMTP side: STARTTLS, login, and the faults of a mail server."""

import asyncio
import ssl
import threading
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from ztoe_sandbox.faults import ON, Faults
from ztoe_sandbox.mail.store import Mailbox

LOOPBACK = "127.0.0.1"
IDENT = "ztoe-sandbox"
SMTP_FAULTS = {
    "greeting": "421|554",  # instead of 220, then closed
    "rcpt": r"[45]\d\d",  # the answer to RCPT TO; scope @address
    "data": r"[45]\d\d",  # the answer to the message, which is not stored
    "delay": r"\d+(\.\d+)?",  # seconds before the message is stored
    "lost": ON,  # stored, then the connection is closed before the 250
}
REASONS = {
    421: "4.3.2 Service not available, try again later",
    451: "4.3.0 Local error in processing",
    452: "4.2.2 Mailbox is full, try again later",
    550: "5.1.1 No such mailbox here",
    554: "5.7.1 Message refused",
}


@dataclass(frozen=True, slots=True)
class Login:
    """The one account that may send."""

    user: str
    password: str

    def check(
        self, server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """aiosmtpd's authenticator: right only for this user and password."""
        del server, session, envelope, mechanism
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self.user.encode(),
            self.password.encode(),
        )
        return AuthResult(success=right, handled=right)


class Receiver:
    """aiosmtpd's handler: decides on recipients and stores messages."""

    def __init__(self, mailbox: Mailbox, faults: Faults) -> None:
        self._mailbox = mailbox
        self.faults = faults

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept the recipient unless a fault says otherwise."""
        del server, session
        if code := self.faults.take("rcpt", address):
            return _reply(code)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store the message, once, whatever happens to the answer."""
        del session
        subject = " ".join(envelope.rcpt_tos)
        if delay := self.faults.take("delay", subject):
            await asyncio.sleep(float(delay))
        if code := self.faults.take("data", subject):
            return _reply(code)
        raw = envelope.original_content or b""
        await asyncio.to_thread(self._mailbox.add, envelope.mail_from or "", list(envelope.rcpt_tos), raw)
        if self.faults.take("lost", subject):
            _drop(server)
            raise ConnectionResetError
        return "250 2.0.0 OK: stored"


class FaultySmtp(SMTP):
    """One connection; it may be turned away before the greeting."""

    async def _handle_client(self) -> None:
        code = self.event_handler.faults.take("greeting")
        if code is None:
            try:
                await super()._handle_client()
            except ConnectionResetError:
                return  # lost on purpose, or by the client
            return
        await self.push(_reply(code))
        if self.transport is not None:
            self.transport.close()


class MailServer:
    """The SMTP server in a thread of its own, accepting once `start` has returned."""

    def __init__(self, receiver: Receiver, *, login: Login | None, tls: ssl.SSLContext | None) -> None:
        self._options: dict[str, Any] = {
            "hostname": "localhost",
            "ident": IDENT,
            "enable_SMTPUTF8": True,
            "tls_context": tls,
            "auth_required": login is not None,
            # Where STARTTLS is offered, a password is not taken in the clear.
            "auth_require_tls": tls is not None,
            "authenticator": login.check if login else None,
        }
        self._receiver = receiver
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    def start(self, port: int) -> str:
        """Listen on `port` (0: a free one); the address."""
        self._thread.start()
        self._server = self._do(self._loop.create_server(self._new_connection, LOOPBACK, port))
        return f"smtp://{LOOPBACK}:{self._server.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        self._do(self._cancel_connections())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _new_connection(self) -> FaultySmtp:
        return FaultySmtp(self._receiver, loop=self._loop, **self._options)

    async def _cancel_connections(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _drop(server: SMTP) -> None:
    transport = server.transport
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def _reply(code: str) -> str:
    fallback = "4.0.0 Try again later" if code.startswith("4") else "5.0.0 Refused"
    return f"{code} {REASONS.get(int(code), fallback)}"
