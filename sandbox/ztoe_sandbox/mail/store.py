"""What the mail server has accepted, in SQLite: in memory, or in a file that survives a restart."""

import json
import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL,
    received_at TEXT NOT NULL, raw BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a message."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One accepted message; the same Message-ID may have been delivered several times."""

    id: int
    message_id: str
    sender: str  # of the SMTP envelope
    recipients: list[str]  # of the SMTP envelope
    received_at: str  # ISO 8601, UTC
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return BytesParser(EmailMessage, policy=policy.default).parsebytes(self.raw)

    @property
    def subject(self) -> str:
        """The decoded subject; empty when there is none."""
        return str(self.message["Subject"] or "")

    def body(self, kind: str) -> str:
        """The `plain` or `html` body, empty when the message has none."""
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part is not None else ""

    @property
    def attachments(self) -> list[Attachment]:
        """The attached files, in order."""
        return [
            Attachment(part.get_filename() or "", part.get_content_type(), _content_of(part))
            for part in self.message.iter_attachments()
        ]

    def as_json(self) -> dict[str, Any]:
        """The message as `/sandbox/messages` shows it; `to` and `from` are the envelope's."""
        message = self.message
        return {
            "id": self.id,
            "message_id": self.message_id,
            "from": self.sender,
            "to": self.recipients,
            "subject": self.subject,
            "text": self.body("plain"),
            "html": self.body("html"),
            "headers": {name: str(value) for name, value in message.items()},
            "attachments": [
                {"name": each.name, "content_type": each.content_type, "size": len(each.content)}
                for each in self.attachments
            ],
            "received_at": self.received_at,
        }


class Mailbox:
    """All deliveries, shared by the SMTP server's thread and the inbox page's."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        if path:
            self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()

    def add(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """Keep one message; it is on disk when this returns."""
        headers = BytesParser(policy=policy.default).parsebytes(raw, headersonly=True)
        message_id = str(headers["Message-ID"] or "").strip()
        values = (message_id, sender, json.dumps(recipients), datetime.now(UTC).isoformat(), raw)
        with self._lock:
            self._db.execute(
                "INSERT INTO message (message_id, sender, recipients, received_at, raw) VALUES (?, ?, ?, ?, ?)",
                values,
            )

    def deliveries(self, to: str | None = None) -> list[Delivery]:
        """Newest first; with `to`, those whose envelope names this address."""
        condition = (
            ""
            if to is None
            else "WHERE EXISTS (SELECT 1 FROM json_each(recipients) WHERE lower(value) = lower(?))"
        )
        return self._select(condition, *([] if to is None else [to]))

    def delivery(self, number: int) -> Delivery | None:
        """One delivery by its id."""
        found = self._select("WHERE id = ?", number)
        return found[0] if found else None

    def recipients(self) -> list[tuple[str, int]]:
        """Addresses and the number of their messages, by address."""
        sql = "SELECT value, count(*) FROM message, json_each(recipients) GROUP BY value ORDER BY value"
        with self._lock:
            return self._db.execute(sql).fetchall()

    def summary(self) -> dict[str, int]:
        """How many deliveries there were, and of how many different messages."""
        sql = "SELECT count(*), count(DISTINCT message_id) FROM message"
        with self._lock:
            deliveries, distinct = self._db.execute(sql).fetchone()
        return {"deliveries": deliveries, "distinct_message_ids": distinct}

    def forget(self) -> None:
        """Empty the mailbox."""
        with self._lock:
            self._db.execute("DELETE FROM message")

    def _select(self, condition: str, *values: object) -> list[Delivery]:
        columns = "id, message_id, sender, recipients, received_at, raw"
        with self._lock:
            sql = f"SELECT {columns} FROM message {condition} ORDER BY id DESC"  # noqa: S608 - all ours
            rows = self._db.execute(sql, values).fetchall()
        return [
            Delivery(
                id=row[0],
                message_id=row[1],
                sender=row[2],
                recipients=json.loads(row[3]),
                received_at=row[4],
                raw=bytes(row[5]),
            )
            for row in rows
        ]


def _content_of(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""  # an attached message decodes to nothing
