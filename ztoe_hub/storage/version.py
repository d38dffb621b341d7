"""Which schema the code needs and which one a database has, told without loading Alembic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from ztoe_hub.errors import ConfigurationError

from .database import Database

HEAD = "0001"  # the newest file in migrations/versions; a test compares
_version = sa.table("alembic_version", sa.column("version_num", sa.String))


def require_current(database: Database) -> None:
    """Raise ConfigurationError when the database is not at the code's schema."""
    with connected(database) as connection:
        current = current_revision(connection)
    if current != HEAD:
        raise ConfigurationError(
            f"the database is at schema {current or 'none'}, this version needs {HEAD}: run `ztoe-hub db upgrade`"
        )


def current_revision(connection: sa.Connection) -> str | None:
    """The revision that the database is at; None for one without a schema."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.select(_version.c.version_num)).scalar()
    return found


@contextmanager
def connected(database: Database) -> Iterator[sa.Connection]:
    """A connection, or a ConfigurationError that says why there is none."""
    try:
        connection = database.engine.connect()
    except sa.exc.OperationalError as error:
        raise ConfigurationError(f"hub.database: the database cannot be reached: {error.orig}") from error
    with connection:
        yield connection
