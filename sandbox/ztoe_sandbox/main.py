"""The command `ztoe-sandbox`: one sub-command a counterparty, each alone on loopback."""

import typer

from ztoe_sandbox.mail.main import serve_mail
from ztoe_sandbox.onec.main import serve_base
from ztoe_sandbox.paperless.main import serve_paperless

app = typer.Typer(
    name="ztoe-sandbox",
    help="Simulated counterparties of ztoe-hub over real sockets: a Paperless, a 1C base, a mail server.",
    no_args_is_help=True,
    add_completion=False,
)
app.command("paperless")(serve_paperless)
app.command("1c")(serve_base)
app.command("mail")(serve_mail)
