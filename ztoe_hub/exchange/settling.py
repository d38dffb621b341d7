"""Between reading and merging: rejects what came twice and what refers to nothing."""

from __future__ import annotations

import sqlalchemy as sa

from ztoe_hub.values import Rejected

from .import_report import KEPT_PROBLEMS, Report
from .staging import Stage


def settle(stage: Stage, report: Report) -> None:
    """Leave only rows in the stage that can be merged. In the caller's transaction, after `flush`."""
    sa.Index(f"ix_{stage.rows.name}_key", stage.rows.c.key).create(stage.connection)
    _drop_duplicates(stage, report)
    _reject_orphans(stage, report)


def _drop_duplicates(stage: Stage, report: Report) -> None:
    """The first row of a key counts, whether it is in the stage or came unchanged; later ones are rejected."""
    rows = stage.rows
    doubled = [n for n, key in _doubled_in(stage)] + _doubled_with_unchanged(stage, report)
    if doubled:  # a source whose keys are all one is a million look-ups
        sa.Index(f"ix_{rows.name}_n", rows.c.n).create(stage.connection)
    for n in sorted(set(doubled)):
        row = stage.connection.execute(sa.select(rows).where(rows.c.n == n)).one()
        if row.usable:
            report.reject(
                Rejected(place=place_of(row._mapping), key=row.key, field="key", reason="the key came before")
            )
        stage.connection.execute(sa.delete(rows).where(rows.c.n == n))


def _doubled_in(stage: Stage) -> list[tuple[int, str]]:
    """Rows of the stage whose key stands earlier in it."""
    rows = stage.rows
    keys = sa.select(rows.c.key).group_by(rows.c.key).having(sa.func.count() > 1)
    several = stage.connection.execute(
        sa.select(rows.c.n, rows.c.key).where(rows.c.key.in_(keys)).order_by(rows.c.n)
    )
    seen: set[str] = set()
    later: list[tuple[int, str]] = []
    for n, key in several:
        if key in seen:
            later.append((n, key))
        seen.add(key)
    return later


def _doubled_with_unchanged(stage: Stage, report: Report) -> list[int]:
    """Rows of the stage whose key came in the same read unchanged."""
    if not stage.known.any:
        return []
    rows, table = stage.rows, stage.table
    mine = sa.and_(table.c.source == report.source, table.c.key == rows.c.key)
    there = stage.connection.execute(sa.select(rows.c.n, table.c.id).join(table, mine))
    return [n for n, row_id in there if stage.known.was_seen(row_id)]


def _reject_orphans(stage: Stage, report: Report) -> None:
    """Rows that refer to something this source never brought are not usable."""
    rows = stage.rows
    for constraint in stage.table.foreign_key_constraints:
        parent = constraint.referred_table
        name = next(column.name for column in constraint.columns if column.name != "source")
        known = sa.select(parent.c.key).where(parent.c.source == report.source)
        # Without "is not NULL" a reference that may be empty is an orphan as soon as there are no parents at all.
        orphan = sa.and_(rows.c.usable, rows.c[name].is_not(None), rows.c[name].not_in(known))
        shown = sa.select(rows.c.place, rows.c.row, rows.c.key, rows.c[name].label("parent")).where(orphan)
        found = stage.connection.execute(shown.order_by(rows.c.n).limit(KEPT_PROBLEMS)).all()
        for row in found:
            reason = f"unknown {parent.name} {row.parent}"
            report.reject(Rejected(place=place_of(row._mapping), key=row.key, field=name, reason=reason))
        if found:
            update = sa.update(rows).where(orphan).values(usable=False)
            report.rejected += stage.connection.execute(update).rowcount - len(found)


def place_of(row: sa.RowMapping) -> str:
    """Where the row stood in the source."""
    place: str = row["place"]
    return place if row["row"] is None else f"{place} row {row['row']}"
