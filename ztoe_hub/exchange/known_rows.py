"""Which rows of a page are already there unchanged, and which of those that were there did not come again.

Memory is one bit a row: ids are small integers, so that a bytearray remembers which were seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import sqlalchemy as sa


class KnownRows:
    """The living rows of one source in one table, as they were before the import."""

    def __init__(self, connection: sa.Connection, table: sa.Table, source: str) -> None:
        self._connection = connection
        self._table = table
        self._source = source
        mine = table.c.source == source
        with connection.begin():
            largest = connection.execute(sa.select(sa.func.max(table.c.id)).where(mine)).scalar()
        self.any = largest is not None
        self.marked = 0
        self._seen = bytearray((largest or 0) // 8 + 1)
        columns = (table.c.key, table.c.fingerprint, table.c.id)
        self._lookup = sa.select(*columns).where(mine, table.c.vanished_at.is_(None), self._key_in())

    def unchanged(self, keys: Sequence[str | None], fingerprints: Sequence[int]) -> set[int]:
        """The places in the page whose row is there with the same fingerprint; they are marked as seen.

        A key that comes a second time is not among them: it goes the long way and is rejected there.
        """
        wanted = [key for key in keys if key is not None]
        with self._connection.begin():
            rows = self._connection.execute(self._lookup, {"keys": self._as_parameter(wanted)}).all()
        known = {key: (fingerprint, row_id) for key, fingerprint, row_id in rows}
        same: set[int] = set()
        for place, key in enumerate(keys):
            found = known.get(key) if key is not None else None
            if found is not None and found[0] == fingerprints[place] and not self.was_seen(found[1]):
                self.mark(found[1])
                same.add(place)
        return same

    def was_seen(self, row_id: int) -> bool:
        """Whether this row came in an earlier page, unchanged."""
        return bool(self._seen[row_id >> 3] & (1 << (row_id & 7)))

    def mark(self, row_id: int) -> None:
        """Remember that it came."""
        self.marked += 1
        self._seen[row_id >> 3] |= 1 << (row_id & 7)

    def ids_of(self, keys: Sequence[str]) -> list[int]:
        """The ids of living rows with these keys, in the caller's transaction."""
        rows = self._connection.execute(self._lookup, {"keys": self._as_parameter(list(keys))})
        return [row.id for row in rows]

    def not_seen(self, living: sa.ColumnElement[bool], staged: sa.Select[str]) -> Iterator[int]:
        """The ids of living rows that came neither unchanged nor through the stage."""
        table = self._table
        query = sa.select(table.c.id).where(living, table.c.key.not_in(staged))
        for row_id in self._connection.execute(query).scalars():
            if row_id // 8 >= len(self._seen) or not self.was_seen(row_id):
                yield row_id

    def _key_in(self) -> sa.ColumnElement[bool]:
        """One parameter for a whole page of keys, whatever its size."""
        if self._connection.dialect.name == "sqlite":
            values: sa.Select[str] = sa.select(sa.column("value")).select_from(
                sa.func.json_each(sa.bindparam("keys", type_=sa.Text))
            )
            return self._table.c.key.in_(values)
        return self._table.c.key == sa.func.any(sa.bindparam("keys", type_=sa.ARRAY(sa.Text)))

    def _as_parameter(self, keys: list[str]) -> str | list[str]:
        return json.dumps(keys) if self._connection.dialect.name == "sqlite" else keys
