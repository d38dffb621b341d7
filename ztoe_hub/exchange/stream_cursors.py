"""How far each stream of each source was read, kept in the transaction of what was read."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from ztoe_hub.storage.tables import Cursor

from .merging import ReadEnd

cursor = Cursor.__table__  # type: ignore[attr-defined]


class StreamCursors:
    """The cursor of one stream, and when it was last read in full."""

    def __init__(self, source: str, stream: str, full_every_days: int) -> None:
        self._cursor = f"import/{source}/{stream}"
        self._full = f"import_full/{source}/{stream}"
        self._full_every = timedelta(days=full_every_days)

    def since(self, connection: sa.Connection, now: datetime) -> str | None:
        """Where to go on; None when there is no cursor, or when it is time to read everything again."""
        with connection.begin():
            rows = connection.execute(sa.select(cursor).where(cursor.c.name.in_((self._cursor, self._full))))
            known = {row.name: row for row in rows}
        if self._cursor not in known or self._full not in known:
            return None
        if known[self._full].changed_at + self._full_every <= now:
            return None
        return str(known[self._cursor].value)

    def keep(self, connection: sa.Connection, end: ReadEnd, now: datetime, *, full: bool) -> None:
        """Remember where a finished read ended, and whether it was one of everything, in the caller's transaction."""
        if end.cursor is not None:
            self._set(connection, self._cursor, end.cursor, now)
        if full:
            self._set(connection, self._full, "full", now)

    def _set(self, connection: sa.Connection, name: str, value: str, now: datetime) -> None:
        connection.execute(sa.delete(cursor).where(cursor.c.name == name))
        connection.execute(sa.insert(cursor).values(name=name, value=value, changed_at=now))
