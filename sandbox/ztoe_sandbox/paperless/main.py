"""The command `ztoe-sandbox paperless`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ztoe_sandbox.options import FaultTexts, Port, StateFile, read_faults
from ztoe_sandbox.paperless.accounts import PAPERLESS_FAULTS, Accounts, Customer


class WithsignFormat(StrEnum):
    """How `withsign` hands over a container."""

    DER = "der"
    BASE64 = "base64"


def serve_paperless(
    port: Port = 0,
    fault: FaultTexts = None,
    state: StateFile = None,
    token_lifetime: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long a session lives.")
    ] = 86400,
    raw_upload: Annotated[
        bool, typer.Option("--raw-upload", help="Take raw bytes instead of base64 text.")
    ] = False,
    withsign_format: Annotated[
        WithsignFormat, typer.Option(help="Signed downloads as DER or as base64 text.")
    ] = WithsignFormat.DER,
    rate: Annotated[
        float, typer.Option(min=0, help="Requests a second before 429 and a block of 1 s; 0: any.")
    ] = 10,
    customer: Annotated[
        list[str] | None,
        typer.Option(metavar="EMAIL:PASSWORD:EDRPOU:ORGANISATION", help="One more customer; repeatable."),
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option("--ca", metavar="FILE", help="Write the test КНЕДП's certificate here (PEM)."),
    ] = None,
) -> None:
    """A Paperless: its API, the customer's pages, and a test КНЕДП. Customer: clienttst@meta.ua / demo."""
    # Flask and cryptography are heavy: `--help` does without them.
    from ztoe_sandbox.paperless.app import create_app
    from ztoe_sandbox.paperless.service import Paperless, Settings
    from ztoe_sandbox.paperless.store import Store
    from ztoe_sandbox.serving import serve_app

    faults = read_faults(fault, PAPERLESS_FAULTS)
    try:
        accounts = Accounts([Customer.parse(text) for text in customer or ()])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--customer") from error
    settings = Settings(
        token_lifetime_s=token_lifetime,
        raw_upload=raw_upload,
        rate=rate,
        withsign_base64=withsign_format is WithsignFormat.BASE64,
    )
    store = Store(state)
    service = Paperless(settings, store, accounts, faults)
    if ca:
        ca.write_text(service.keys.authority.certificate_pem)
    try:
        serve_app(create_app(service), port)
    finally:
        store.close()
