"""The schema: from nothing to head, twice, without drift, and a clear word when it is not current."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

import ztoe_hub.storage.tables  # noqa: F401  fills the metadata
from ztoe_hub.errors import ConfigurationError
from ztoe_hub.storage.database import Database, open_database
from ztoe_hub.storage.schema import MIGRATIONS, alembic_config, current_revision, require_current, upgrade

POSTGRES = os.environ.get("ZTOE_TEST_POSTGRES", "")


def _postgres(url: str) -> Iterator[str]:
    """A schema of its own in the given database."""
    schema = f"test_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f'CREATE SCHEMA "{schema}"'))
    yield str(
        sa.make_url(url).update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(False)
    )
    with engine.begin() as connection:
        connection.execute(sa.text(f'DROP SCHEMA "{schema}" CASCADE'))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        urls: Iterator[str] = iter([f"sqlite:///{tmp_path / 'empty.sqlite'}"])
    elif not POSTGRES:
        pytest.skip("needs PostgreSQL: set ZTOE_TEST_POSTGRES=postgresql+psycopg://…")
    elif find_spec("psycopg") is None:
        pytest.skip("needs PostgreSQL's driver: install psycopg")
    else:
        urls = _postgres(POSTGRES)
    opened = open_database(next(urls))
    yield opened
    opened.close()
    for _ in urls:
        pass


def head() -> str:
    return str(ScriptDirectory(str(MIGRATIONS)).get_current_head())


def test_an_empty_database_comes_to_head_and_stays_there(empty: Database) -> None:
    assert upgrade(empty) == head()
    assert upgrade(empty) == head()
    require_current(empty)
    assert set(sa.inspect(empty.engine).get_table_names()) == {*SQLModel.metadata.tables, "alembic_version"}


def test_the_migrations_make_what_the_tables_say(empty: Database) -> None:
    upgrade(empty)
    with empty.engine.connect() as connection:
        command.check(alembic_config(connection))


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1


def test_a_database_that_is_not_current_says_what_to_do(empty: Database) -> None:
    with pytest.raises(ConfigurationError) as caught:
        require_current(empty)
    assert str(caught.value) == (
        f"the database is at schema none, this version needs {head()}: run `ztoe-hub db upgrade`"
    )


def test_a_database_of_a_later_version_is_not_touched(empty: Database) -> None:
    upgrade(empty)
    with empty.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="at schema 9999"):
        require_current(empty)


def test_references_hold_after_a_migration(empty: Database) -> None:
    upgrade(empty)
    with pytest.raises(sa.exc.IntegrityError), empty.write() as session:
        session.connection().execute(
            sa.text(
                "INSERT INTO metering_point (source, key, account_key, name, kind, coefficient)"
                " VALUES ('main', 'p', 'nobody', 'x', 'active', 10000)"
            )
        )


def test_an_error_shows_no_parameters(empty: Database) -> None:
    upgrade(empty)
    with pytest.raises(sa.exc.SQLAlchemyError) as caught, empty.write() as session:
        session.connection().execute(
            sa.text("INSERT INTO cursor (name, value) VALUES (:name, :value)"),
            {"name": "personal data", "value": None},
        )
    assert "personal data" not in str(caught.value)


def test_sqlite_keeps_what_was_committed_and_waits_for_others(tmp_path: Path) -> None:
    opened = open_database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with opened.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        assert current_revision(connection) is None
    opened.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
