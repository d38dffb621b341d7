"""`ztoe-hub db`: the schema."""

from __future__ import annotations

import os

import typer

from ztoe_hub.storage.database import open_database
from ztoe_hub.storage.schema import upgrade as migrate

from .opening import settings_of

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Bring the database up to date.")


@app.callback()
def db() -> None:
    """Bring the database up to date."""


@app.command()
def upgrade() -> None:
    """Create the tables, or migrate them to this version. Safe to repeat."""
    database = open_database(settings_of(os.environ).hub.database)
    try:
        revision = migrate(database)
    finally:
        database.close()
    typer.echo(f"the database is at schema {revision}")
