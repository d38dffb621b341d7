"""The INSERT of each database that knows what to do when the row is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

INSERTS: dict[str, Callable[[sa.Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_into(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`.

    With them two who write the same row at once wait for each other; a look beforehand sees nothing that is not
    committed, so that on PostgreSQL the second would fail.
    """
    return INSERTS[connection.dialect.name](table)
