"""What the simulated Paperless remembers, in SQLite: in memory, or in a file that survives a restart."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
    id INTEGER PRIMARY KEY AUTOINCREMENT, author TEXT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL,
    content BLOB NOT NULL, size INTEGER NOT NULL, time INTEGER NOT NULL,
    public INTEGER NOT NULL DEFAULT 0, trash INTEGER NOT NULL DEFAULT 0, signed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS share (
    document INTEGER NOT NULL REFERENCES document, email TEXT NOT NULL, status INTEGER NOT NULL,
    mode INTEGER NOT NULL, comment TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (document, email));
CREATE TABLE IF NOT EXISTS signature (
    id INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES document, email TEXT NOT NULL,
    cms BLOB NOT NULL, time INTEGER NOT NULL, UNIQUE (document, cms));
CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, client_id TEXT NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS identity (name TEXT PRIMARY KEY, pem TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS share_email ON share (email);
CREATE INDEX IF NOT EXISTS signature_document ON signature (document);
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'document', 100499 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'document');
"""
TRASHED = 10  # added to a status
GONE = 20
Row = sqlite3.Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document without its bytes; `trash` is 0, 10 (in the author's trash) or 20 (deleted)."""

    id: int
    author: str
    name: str
    hash: str
    size: int
    time: int  # epoch milliseconds of the upload
    public: bool
    trash: int
    signed: bool  # by its AUTHOR; what recipients did is in `shares`
    shares: dict[str, int]

    @property
    def status(self) -> int:
        """As the author sees it: 0 created, 5 shared, 6 public link; +10 in the trash, +20 deleted."""
        own = 6 if self.public else 5 if self.shares else 0
        return own + self.trash


@dataclass(frozen=True, slots=True)
class Signature:
    """One CMS, by the account that brought it."""

    email: str
    cms: bytes
    time: int


class Store:
    """The database, shared by all threads; `write()` is one transaction."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # SQLite's own lower() knows ASCII only, and LIKE compares names in Ukrainian.
        self._db.create_function("fold", 1, str.casefold, deterministic=True)
        if path:
            self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def write(self) -> Iterator[None]:
        """A transaction that other threads wait for; an exception undoes it."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def run(self, sql: str, *values: object) -> int:
        """One statement; the number of rows it changed."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def rows(self, sql: str, *values: object) -> list[Row]:
        """All rows of one query."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def add_document(self, author: str, name: str, digest: str, content: bytes) -> Document:
        """Store an upload; the same bytes again make another document with the same hash."""
        with self._lock:
            cursor = self._db.execute(
                "INSERT INTO document (author, name, hash, content, size, time) VALUES (?, ?, ?, ?, ?, ?)",
                (author, name, digest, content, len(content), now_ms()),
            )
            document = self.document(int(cursor.lastrowid or 0))
        assert document is not None  # noqa: S101 - it was inserted under the same lock
        return document

    def document(self, document_id: int) -> Document | None:
        """One document; None when it never was or was deleted for good."""
        found = self.documents("id = ? AND trash < ?", document_id, GONE)
        return found[0] if found else None

    def documents(self, where: str, *values: object) -> list[Document]:
        """Documents by an SQL condition of ours, newest first."""
        columns = "id, author, name, hash, size, time, public, trash, signed"
        with self._lock:
            rows = self.rows(f"SELECT {columns} FROM document WHERE {where} ORDER BY id DESC", *values)  # noqa: S608
            return [self._document(row) for row in rows]

    def content(self, document_id: int) -> bytes:
        """The very bytes that were uploaded."""
        return bytes(self.rows("SELECT content FROM document WHERE id = ?", document_id)[0]["content"])

    def signatures(self, document_id: int) -> list[Signature]:
        """All signatures of a document, oldest first."""
        rows = self.rows("SELECT email, cms, time FROM signature WHERE document = ? ORDER BY id", document_id)
        return [Signature(row["email"], bytes(row["cms"]), row["time"]) for row in rows]

    def add_signature(self, document_id: int, email: str, cms: bytes) -> bool:
        """Keep a signature; False when this very one is there already."""
        sql = "INSERT OR IGNORE INTO signature (document, email, cms, time) VALUES (?, ?, ?, ?)"
        return self.run(sql, document_id, email, cms, now_ms()) == 1

    def share(self, document_id: int, email: str) -> Row | None:
        """One recipient's share."""
        rows = self.rows("SELECT * FROM share WHERE document = ? AND email = ?", document_id, email)
        return rows[0] if rows else None

    def set_share_status(self, document_id: int, email: str, status: int) -> None:
        """Move a recipient's share."""
        self.run("UPDATE share SET status = ? WHERE document = ? AND email = ?", status, document_id, email)

    def _document(self, row: Row) -> Document:
        shares = self.rows(
            "SELECT email, status FROM share WHERE document = ? ORDER BY time, email", row["id"]
        )
        fields: dict[str, Any] = dict(row)
        fields |= {"public": bool(row["public"]), "signed": bool(row["signed"])}
        return Document(**fields, shares={share["email"]: share["status"] for share in shares})


def now_ms() -> int:
    """The present moment as the service writes it: epoch milliseconds."""
    return time.time_ns() // 1_000_000
