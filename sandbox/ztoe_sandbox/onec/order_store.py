"""Keeps orders, their files and the news about them, in a SQLite file that survives kill -9, or in memory."""

import json
import sqlite3
import threading
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .progress import State

TABLES = """
CREATE TABLE IF NOT EXISTS base (generation TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    order_id TEXT, role TEXT, name TEXT NOT NULL, content_type TEXT NOT NULL, sha256 TEXT NOT NULL,
    content BLOB NOT NULL, PRIMARY KEY (order_id, role)
);
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, body TEXT NOT NULL, state TEXT NOT NULL, received_at TEXT NOT NULL,
    registration_number TEXT NOT NULL DEFAULT '', invoice_key TEXT NOT NULL DEFAULT '',
    invoice_amount TEXT NOT NULL DEFAULT '', invoiced_at TEXT NOT NULL DEFAULT '',
    paid_at TEXT NOT NULL DEFAULT '', work_date TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS updates (place INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
"""
COLUMNS = (
    "id, body, state, received_at, registration_number, invoice_key, invoice_amount, invoiced_at, paid_at, "
    "work_date, reason"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    order_id: str
    role: str
    name: str
    content_type: str
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as received, and what the operator has made of it; an empty text means not yet."""

    id: str
    body: dict[str, Any]
    state: State
    received_at: str
    registration_number: str = ""
    invoice_key: str = ""
    invoice_amount: str = ""
    invoiced_at: str = ""
    paid_at: str = ""
    work_date: str = ""
    reason: str = ""


class OrderStore:
    """Every write is one transaction; `locked()` makes several calls one."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self.close = weakref.finalize(self, self._connection.close)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(TABLES)
        with self.locked():
            row = self._connection.execute("SELECT generation FROM base").fetchone()
            self.generation: str = row[0] if row else uuid.uuid4().hex[:12]
            if not row:
                self._connection.execute("INSERT INTO base VALUES (?)", (self.generation,))

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

    def file(self, order_id: str, role: str) -> StoredFile | None:
        with self._lock:
            row = self._connection.execute(
                "SELECT name, content_type, sha256, content FROM files WHERE order_id = ? AND role = ?",
                (order_id, role),
            ).fetchone()
        if row is None:
            return None
        return StoredFile(
            order_id=order_id, role=role, name=row[0], content_type=row[1], sha256=row[2], content=row[3]
        )

    def roles(self, order_id: str) -> list[str]:
        with self._lock:
            rows = self._connection.execute(
                "SELECT role FROM files WHERE order_id = ? ORDER BY role", (order_id,)
            )
            return [row[0] for row in rows.fetchall()]

    def add_file(self, file: StoredFile) -> None:
        with self.locked():
            self._connection.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)",
                (file.order_id, file.role, file.name, file.content_type, file.sha256, file.content),
            )

    def order(self, order_id: str) -> Order | None:
        with self._lock:
            row = self._connection.execute(
                f"SELECT {COLUMNS} FROM orders WHERE id = ?",  # noqa: S608 - constant
                (order_id,),
            ).fetchone()
        return _order(row) if row else None

    def order_of_invoice(self, invoice_key: str) -> Order | None:
        with self._lock:
            row = self._connection.execute(
                f"SELECT {COLUMNS} FROM orders WHERE invoice_key = ?",  # noqa: S608 - constant
                (invoice_key,),
            ).fetchone()
        return _order(row) if row else None

    def orders(self) -> list[Order]:
        """All of them, the newest first."""
        with self._lock:
            rows = self._connection.execute(
                f"SELECT {COLUMNS} FROM orders ORDER BY received_at DESC, id"  # noqa: S608 - constant
            ).fetchall()
        return [_order(row) for row in rows]

    def add_order(self, order: Order) -> None:
        with self.locked():
            self._connection.execute(
                "INSERT INTO orders (id, body, state, received_at) VALUES (?, ?, ?, ?)",
                (order.id, json.dumps(order.body, ensure_ascii=False), order.state, order.received_at),
            )

    def change(self, order: Order, **changes: str) -> Order:
        """The order with the named columns changed."""
        with self.locked():
            for column, value in changes.items():
                self._connection.execute(
                    f"UPDATE orders SET {column} = ? WHERE id = ?",  # noqa: S608 - our own column names
                    (value, order.id),
                )
        state = State(changes.pop("state", order.state))
        return replace(order, state=state, **changes)  # type: ignore[arg-type]

    def add_update(self, body: dict[str, str]) -> None:
        with self.locked():
            self._connection.execute(
                "INSERT INTO updates (body) VALUES (?)", (json.dumps(body, ensure_ascii=False),)
            )

    def updates(self, after: int, limit: int) -> list[tuple[int, dict[str, str]]]:
        """Places and bodies after `after`, in the order in which they happened."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT place, body FROM updates WHERE place > ? ORDER BY place LIMIT ?", (after, limit)
            ).fetchall()
        return [(place, json.loads(body)) for place, body in rows]


def _order(row: tuple[Any, ...]) -> Order:
    order_id, body, state, received_at, number, key, amount, invoiced_at, paid_at, work_date, reason = row
    return Order(
        id=order_id,
        body=json.loads(body),
        state=State(state),
        received_at=received_at,
        registration_number=number,
        invoice_key=key,
        invoice_amount=amount,
        invoiced_at=invoiced_at,
        paid_at=paid_at,
        work_date=work_date,
        reason=reason,
    )
