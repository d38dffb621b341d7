"""The command `ztoe-sandbox mail`."""

from pathlib import Path
from typing import Annotated

import typer

from ztoe_sandbox.options import FaultTexts, Port, StateFile, read_faults


def serve_mail(
    port: Port = 0,
    web_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the inbox page; 0: a free one.")
    ] = 0,
    user: Annotated[
        str | None, typer.Option(help="Login that senders need; without it anybody may send.")
    ] = None,
    password: Annotated[str, typer.Option(help="Password of that login.")] = "demo",  # noqa: S107
    tls: Annotated[bool, typer.Option("--tls/--no-tls", help="Offer STARTTLS.")] = True,
    tls_ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the CA certificate here (PEM), to verify STARTTLS with."),
    ] = None,
    fault: FaultTexts = None,
    state: StateFile = None,
) -> None:
    """A mail server that keeps all it receives, with an inbox page."""
    # aiosmtpd, Flask and cryptography are heavy: `--help` does without them.
    from ztoe_sandbox.mail.inbox import create_app
    from ztoe_sandbox.mail.smtp import SMTP_FAULTS, Login, MailServer, Receiver
    from ztoe_sandbox.mail.store import Mailbox
    from ztoe_sandbox.mail.tls import make_tls_context
    from ztoe_sandbox.serving import Server, announce, stop_requests

    faults = read_faults(fault, SMTP_FAULTS)
    wait_for_stop = stop_requests()
    mailbox = Mailbox(state)
    inbox = Server(create_app(mailbox, faults), web_port)
    smtp = MailServer(
        Receiver(mailbox, faults),
        login=Login(user, password) if user else None,
        tls=make_tls_context(tls_ca) if tls else None,
    )
    inbox.start()
    try:
        address = smtp.start(port)
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="--port") from error
    announce(f"ready {address}")
    announce(f"inbox {inbox.url}")
    try:
        wait_for_stop()
    finally:
        smtp.stop()
        inbox.stop()
        mailbox.close()
