"""One conversation with the mail server; every failure leaves here as one of ztoe_hub.errors."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator

from ztoe_hub.errors import (
    HubError,
    ItemRejected,
    ProviderMisconfigured,
    TransientError,
    UnexpectedAnswer,
)

from .message import Email
from .settings import EmailSettings

# Refusals of ours, not of the message: log in, stronger log-in, encrypt first.
_LOGIN_ANSWERS = frozenset({530, 534, 535, 538})
_LONGEST_DETAIL = 300


@contextlib.contextmanager
def session(settings: EmailSettings, tls: ssl.SSLContext) -> Iterator[smtplib.SMTP]:
    """A connection, encrypted and logged in as the settings say; closed at the end whatever happens.

    Whatever goes wrong on the connection inside the block leaves as one of our errors too.
    """
    try:
        with contextlib.closing(_connected(settings, tls)) as server:
            _greet(server, settings, tls)
            yield server
            # The work is done by now: a server that is gone before QUIT takes nothing back.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
    except HubError:
        raise
    except (smtplib.SMTPException, OSError) as error:
        raise _judged(error) from error


def deliver(server: smtplib.SMTP, email: Email, sender: str) -> str:
    """Hand one message over; the server's answer to it.

    A connection that breaks after DATA may have delivered: the repeat carries the same Message-ID, so it
    is a TransientError like any other.
    """
    size = [f"size={len(email.content)}"] if server.has_extn("size") else []
    _expect_sender_accepted(server.mail(sender, size))
    _expect_item_accepted(server.rcpt(email.to), email)
    try:
        answer = server.data(email.content)
    except smtplib.SMTPDataError as refusal:
        answer = (refusal.smtp_code, _bytes(refusal.smtp_error))
    _expect_item_accepted(answer, email)
    return _shown(answer, email)


def _connected(settings: EmailSettings, tls: ssl.SSLContext) -> smtplib.SMTP:
    # Naming ourselves spares a look-up of our own host name, which can take long.
    if settings.security == "tls":
        return smtplib.SMTP_SSL(
            settings.host, settings.effective_port, settings.domain, timeout=settings.timeout_s, context=tls
        )
    return smtplib.SMTP(settings.host, settings.effective_port, settings.domain, timeout=settings.timeout_s)


def _greet(server: smtplib.SMTP, settings: EmailSettings, tls: ssl.SSLContext) -> None:
    server.ehlo_or_helo_if_needed()
    if settings.security == "starttls":
        if not server.has_extn("starttls"):
            raise ProviderMisconfigured("the mail server offers no STARTTLS, and nothing is sent without it")
        server.starttls(context=tls)
        server.ehlo_or_helo_if_needed()
    if settings.username is not None and settings.password is not None:
        _log_in(server, settings.username, settings.password.get_secret_value())


def _log_in(server: smtplib.SMTP, username: str, password: str) -> None:
    try:
        server.login(username, password)
    except smtplib.SMTPAuthenticationError as error:
        if 400 <= error.smtp_code < 500:
            raise TransientError(f"the mail server puts the log-in off ({error.smtp_code})") from error
        raise ProviderMisconfigured(f"the mail server refuses the log-in ({error.smtp_code})") from error
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException):
        raise
    except smtplib.SMTPException as error:
        raise ProviderMisconfigured("the mail server offers no log-in that we know") from error


def _expect_sender_accepted(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if 200 <= code < 300:
        return
    _raise_if_for_now(code, _said(text))
    if code == 552:
        raise ItemRejected(f"the mail server finds the message too large ({code})")
    raise ProviderMisconfigured(f"the mail server refuses our sender: {code} {_said(text)}")


def _expect_item_accepted(answer: tuple[int, bytes], email: Email) -> None:
    code, text = answer
    if 200 <= code < 300:
        return
    shown = _shown(answer, email)
    _raise_if_for_now(code, shown)
    if code in _LOGIN_ANSWERS or b"relay" in text.lower():
        # "Relay access denied" is about whom the server serves; with a log-in missing it meets every recipient.
        raise ProviderMisconfigured(f"the mail server does not serve us: {shown}")
    if 500 <= code < 600:
        raise ItemRejected(f"the mail server refuses the recipient or the message: {shown}")
    raise UnexpectedAnswer(f"the mail server answered out of turn: {shown}")


def _raise_if_for_now(code: int, shown: str) -> None:
    if code == -1:
        raise TransientError("the mail server closed the connection")
    if 400 <= code < 500:
        raise TransientError(f"the mail server is busy: {shown}")


def _judged(error: smtplib.SMTPException | OSError) -> HubError:
    """Our error for one that comes with no answer to a message."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return ProviderMisconfigured(f"the mail server's certificate is not trusted: {error.verify_message}")
    if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return ProviderMisconfigured(f"no encryption in common with the mail server: {error.reason}")
    if isinstance(error, smtplib.SMTPResponseException):
        said = f"{error.smtp_code} {_said(_bytes(error.smtp_error))}"
        if error.smtp_code == -1 or 400 <= error.smtp_code < 500:
            return TransientError(f"the mail server is busy: {said}")
        return ProviderMisconfigured(f"the mail server refuses us: {said}")
    return TransientError(f"the mail server is unreachable ({type(error).__name__})")


def _shown(answer: tuple[int, bytes], email: Email) -> str:
    """The answer without the recipient's address, which servers like to repeat."""
    code, text = answer
    return f"{code} {_said(text.replace(email.to.encode(), b'...'))}"


def _said(text: bytes) -> str:
    return " ".join(text.decode("utf-8", "replace").split())[:_LONGEST_DETAIL]


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
