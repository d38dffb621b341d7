"""The schema's version: brings a database up to date, and tells whether it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from ztoe_hub.errors import ConfigurationError

from .database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database, revision: str = "head") -> str:
    """Migrate; returns the revision it is at. All of it or nothing."""
    with _connected(database) as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:  # batch mode rebuilds tables; references are checked afterwards, whole
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        command.upgrade(alembic_config(connection), revision)
        if sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                connection.rollback()
                raise ConfigurationError(f"the migration would break references: {broken[:5]}")
        connection.commit()
        current = current_revision(connection) or ""
        connection.rollback()
        if sqlite:
            connection.invalidate()
    return current


def require_current(database: Database) -> None:
    """Raise ConfigurationError when the database is not at the code's schema."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    with _connected(database) as connection:
        current = current_revision(connection)
    if current != head:
        raise ConfigurationError(
            f"the database is at schema {current or 'none'}, this version needs {head}: run `ztoe-hub db upgrade`"
        )


@contextmanager
def _connected(database: Database) -> Iterator[sa.Connection]:
    """A connection, or a ConfigurationError that says why there is none."""
    try:
        connection = database.engine.connect()
    except sa.exc.OperationalError as error:
        raise ConfigurationError(f"hub.database: the database cannot be reached: {error.orig}") from error
    with connection:
        yield connection


def current_revision(connection: sa.Connection) -> str | None:
    """The revision that the database is at."""
    return MigrationContext.configure(connection).get_current_revision()


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic's configuration for this connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
