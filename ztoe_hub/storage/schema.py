"""Migrates a database to the schema of this version, with Alembic."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ztoe_hub.errors import ConfigurationError

from .database import Database
from .version import connected, current_revision, require_current

__all__ = ["MIGRATIONS", "alembic_config", "current_revision", "require_current", "upgrade"]

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database, revision: str = "head") -> str:
    """Migrate; returns the revision it is at. All of it or nothing."""
    with connected(database) as connection:
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


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic's configuration for this connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
