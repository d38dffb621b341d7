"""The table that every contender fills: the product's own schema, empty but for the accounts that invoices refer to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ztoe_hub.storage.database import open_database
from ztoe_hub.storage.schema import upgrade
from ztoe_hub.storage.tables import Account, Consumer, District

from .import_data import DataSet
from .import_rows import SOURCE


class SqliteTarget:
    """A file per contender, copied from one that was migrated once."""

    kind = "sqlite"

    def __init__(self, folder: Path, data: DataSet) -> None:
        self._folder = folder
        self._template = folder / "template.sqlite"
        _migrate(f"sqlite:///{self._template}", data.account_keys)

    def fresh(self, contender: str) -> str:
        """The URL of a database with an empty invoice table."""
        file = self._folder / f"{contender}.sqlite"
        for leftover in self._folder.glob(f"{contender}.sqlite*"):
            leftover.unlink()
        shutil.copy(self._template, file)
        return f"sqlite:///{file}"

    def close(self) -> None:
        """The folder is the caller's."""


class PostgresTarget:
    """A schema per contender in the given database; they are dropped at the end."""

    kind = "postgresql"

    def __init__(self, url: str, data: DataSet) -> None:
        given = sa.make_url(url)
        self._url = given.set(drivername="postgresql+psycopg")
        self._data = data
        self._engine = sa.create_engine(self._url, isolation_level="AUTOCOMMIT")
        self._schemas: set[str] = set()

    def fresh(self, contender: str) -> str:
        """The URL of the database with a search path into a schema with an empty invoice table."""
        schema = f"ztoe_bench_{os.getpid()}_{contender}"
        self._schemas |= {schema, f"{schema}_staging"}  # dlt makes the second
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        url = self._url.update_query_dict({"options": f"-csearch_path={schema}"})
        text = url.render_as_string(hide_password=False)
        _migrate(text, self._data.account_keys)
        return text

    def close(self) -> None:
        """Drop what was made."""
        with self._engine.connect() as connection:
            for schema in self._schemas:
                connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        self._engine.dispose()


def check_written(url: str, data: DataSet, phase: str) -> None:
    """Raises AssertionError unless the table holds exactly what the phase should have left."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        rows, total = connection.exec_driver_sql("SELECT count(*), sum(amount_uah) FROM invoice").one()
    engine.dispose()
    expected = (data.rows, data.total_of(phase))
    assert (rows, int(total)) == expected, f"{phase}: {rows} rows of {total}, expected {expected}"


def _migrate(url: str, account_keys: Sequence[str]) -> None:
    database = open_database(url)
    try:
        upgrade(database)
        with database.engine.begin() as connection:
            connection.execute(_into(District), {"source": SOURCE, "key": "d", "code": "31", "name": "РЕМ"})
            connection.execute(_into(Consumer), {"source": SOURCE, "key": "c", "name": "СФГ «Полісся»"})
            connection.execute(_into(Account), [_account(key) for key in account_keys])
        with database.engine.connect() as connection:
            _settle(connection)
    finally:
        database.close()


def _settle(connection: sa.Connection) -> None:
    """Leave no work of the set-up to whoever is measured first."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        connection.exec_driver_sql("ANALYZE account")
        connection.commit()


def _into(model: type[Any]) -> sa.Insert:
    table: sa.Table = model.__table__
    return sa.insert(table)


def _account(key: str) -> dict[str, str]:
    return {
        "source": SOURCE,
        "key": key,
        "consumer_key": "c",
        "district_key": "d",
        "number": "561",
        "consumer_code": "125000632",
    }
