"""The exchange plan: which records changed for the node `кабінет`, and which of them it has confirmed.

As in 1C: SelectChanges marks everything that is registered with its message number, so asking again under the same
number gives the old registrations and the new ones; NotifyChangesReceived forgets what was marked.
"""

import threading
from dataclasses import dataclass

from .codes import key_of

PLAN = "ExchangePlan_ОбменСКабинетом"
THIS_NODE_KEY = key_of("node", "this")
NODE_KEY = key_of("node", "cabinet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of the plan; `this` is the base itself."""

    key: str
    code: str
    title: str
    this: bool = False
    sent: int = 0
    received: int = 0


class ExchangePlan:
    """Registrations of one node. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marks: dict[tuple[str, str], int | None] = {}
        self._sent = 0
        self._received = 0

    @property
    def nodes(self) -> list[Node]:
        with self._lock:
            return [
                Node(key=THIS_NODE_KEY, code="ЦБ", title="Облікова база", this=True),
                Node(key=NODE_KEY, code="КАБ", title="Кабінет", sent=self._sent, received=self._received),
            ]

    def register(self, set_name: str, key: str) -> None:
        """Note that a record was written or deleted, even when nothing in it changed."""
        with self._lock:
            self._marks[set_name, key] = None

    def select(self, message: int) -> list[tuple[str, str]]:
        """Set and key of everything that the node has not confirmed yet."""
        with self._lock:
            self._sent = max(self._sent, message)
            self._marks = dict.fromkeys(self._marks, message)
            return list(self._marks)

    def confirm(self, message: int) -> None:
        """Forget what was sent up to this message."""
        with self._lock:
            self._received = max(self._received, message)
            self._marks = {
                record: mark for record, mark in self._marks.items() if mark is None or mark > message
            }
