"""Keeps sheets of meter readings and what was decided about them, in a SQLite file or in memory."""

import json
import sqlite3
import threading
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS sheets (
    key TEXT, revision INTEGER, body TEXT NOT NULL, state TEXT NOT NULL, received_at TEXT NOT NULL,
    decided_at TEXT NOT NULL DEFAULT '', refusals TEXT NOT NULL DEFAULT '[]', PRIMARY KEY (key, revision)
);
CREATE TABLE IF NOT EXISTS results (place INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reading_rows (key TEXT PRIMARY KEY, body TEXT NOT NULL);
"""


class SheetState(StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One revision of a sheet as it came, and what was decided."""

    key: str
    revision: int
    body: dict[str, Any]
    state: SheetState
    received_at: str
    decided_at: str = ""
    refusals: tuple[dict[str, str], ...] = ()


class SheetStore:
    """Every write is one transaction; `locked()` makes several calls one."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self.close = weakref.finalize(self, self._connection.close)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(TABLES)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """All or nothing, and nobody else in between."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def sheets(self) -> list[Sheet]:
        """All revisions of all sheets, the newest first."""
        return self._query("SELECT * FROM sheets ORDER BY received_at DESC, key, revision DESC", ())

    def revisions(self, key: str) -> list[Sheet]:
        """The revisions of one sheet, the oldest first."""
        return self._query("SELECT * FROM sheets WHERE key = ? ORDER BY revision", (key,))

    def _query(self, text: str, values: tuple[str, ...]) -> list[Sheet]:
        with self._lock:
            rows = self._connection.execute(text, values).fetchall()
        return [
            Sheet(
                key=key,
                revision=revision,
                body=json.loads(body),
                state=SheetState(state),
                received_at=received_at,
                decided_at=decided_at,
                refusals=tuple(json.loads(refusals)),
            )
            for key, revision, body, state, received_at, decided_at, refusals in rows
        ]

    def add(self, sheet: Sheet) -> None:
        """Keep a revision; the one that waited is replaced, and one that was withdrawn is forgotten."""
        with self.locked():
            self.change_waiting(sheet.key, SheetState.REPLACED)
            self._connection.execute(
                "INSERT OR REPLACE INTO sheets (key, revision, body, state, received_at) VALUES (?, ?, ?, ?, ?)",
                (sheet.key, sheet.revision, _json(sheet.body), sheet.state, sheet.received_at),
            )

    def change_waiting(self, key: str, state: SheetState) -> None:
        """Withdraw or replace what waits of a sheet, if anything does."""
        with self.locked():
            self._connection.execute(
                "UPDATE sheets SET state = ? WHERE key = ? AND state = ?", (state, key, SheetState.WAITING)
            )

    def decide(self, key: str, revision: int, at: str, refusals: list[dict[str, str]]) -> None:
        """Accept a revision, or refuse it when there are refusals, and write the result down."""
        accepted = not refusals
        result = {
            "id": str(uuid.uuid4()),
            "sheet_key": key,
            "revision": revision,
            "accepted": accepted,
            "at": at,
            "refusals": refusals,
        }
        state = SheetState.ACCEPTED if accepted else SheetState.REFUSED
        with self.locked():
            self._connection.execute(
                "UPDATE sheets SET state = ?, decided_at = ?, refusals = ? WHERE key = ? AND revision = ?",
                (state, at, _json(refusals), key, revision),
            )
            self._connection.execute("INSERT INTO results (body) VALUES (?)", (_json(result),))

    def results(self, after: int, limit: int) -> list[tuple[int, dict[str, Any]]]:
        """Places and bodies after `after`, in the order in which they were decided."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT place, body FROM results WHERE place > ? ORDER BY place LIMIT ?", (after, limit)
            ).fetchall()
        return [(place, json.loads(body)) for place, body in rows]

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the register, as they were written."""
        with self._lock:
            found = self._connection.execute("SELECT body FROM reading_rows ORDER BY rowid").fetchall()
        return [json.loads(body) for (body,) in found]

    def put_row(self, key: str, body: dict[str, Any]) -> None:
        with self.locked():
            self._connection.execute("INSERT OR REPLACE INTO reading_rows VALUES (?, ?)", (key, _json(body)))

    def delete_row(self, key: str) -> None:
        with self.locked():
            self._connection.execute("DELETE FROM reading_rows WHERE key = ?", (key,))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
