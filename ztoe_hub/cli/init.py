"""`ztoe-hub init`: a first settings file to edit."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from ztoe_hub.errors import ConfigurationError

TEMPLATE = Path(__file__).with_name("ztoe-hub.toml")


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write it.", file_okay=False)] = Path(),
) -> None:
    """Write ztoe-hub.toml with every setting explained, and a secret key beside it. Overwrites nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    settings, key = folder / "ztoe-hub.toml", folder / "secret.key"
    for file in (settings, key):
        if file.exists():
            raise ConfigurationError(f"{file} exists already; move it away first")
    key.touch(mode=0o600)
    key.write_text(secrets.token_urlsafe(48) + "\n", "utf-8")
    settings.write_text(TEMPLATE.read_text("utf-8"), "utf-8")
    typer.echo(
        f"wrote {settings} and {key}; next: edit the settings, then `ztoe-hub db upgrade` and `ztoe-hub check`"
    )
