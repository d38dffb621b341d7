"""The hub's memory of a submit that may be interrupted anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from ztoe_hub import outbox
from ztoe_hub.documents import document_by_id, is_bound
from ztoe_hub.outbox import WorkItem
from ztoe_hub.storage.database import Database
from ztoe_hub.storage.tables import Document
from ztoe_hub.values import RemoteRef


class StoredSteps:
    """The hub's memory of a submit, in the document's row: every step is committed before the next begins.

    Nothing more is written, and so nothing more is begun, once another worker has taken the submit over.
    """

    def __init__(
        self, database: Database, item: WorkItem, document: Document, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._item = item
        self._document_id = document.id or 0
        self._service = document.service
        self._clock = clock
        self.started_at = document.attempt_started_at or self._start()

    def done(self, step: str) -> Mapping[str, str | int] | None:
        """What the finished step left behind."""
        kept = self._steps().get(step)
        return kept.get("result") if isinstance(kept, dict) else None

    def begin(self, step: str) -> bool:
        """Note that it is about to be tried; True when it was before."""
        known = step in self._steps()
        if not known:
            self._write(step, {})
        return known

    def save(self, step: str, result: Mapping[str, str | int]) -> None:
        """Keep what it left behind."""
        self._write(step, {"result": dict(result)})

    def is_bound(self, ref: RemoteRef) -> bool:
        """Whether another document lives there."""
        with self._database.read() as session:
            return is_bound(session, self._service, ref_text(ref), but=self._document_id)

    def _steps(self) -> dict[str, object]:
        with self._database.read() as session:
            return dict(document_by_id(session, self._document_id).steps)

    def _write(self, step: str, value: dict[str, object]) -> None:
        with self._database.write() as session:
            outbox.require_lease(session, self._item)
            document = document_by_id(session, self._document_id)
            document.steps = {**document.steps, step: value}
            session.add(document)

    def _start(self) -> datetime:
        now = self._clock()
        with self._database.write() as session:
            document = document_by_id(session, self._document_id)
            document.attempt_started_at = now
            session.add(document)
        return now


def ref_text(ref: RemoteRef) -> str:
    """A place at a service as text that can be compared."""
    return json.dumps(dict(ref.data), sort_keys=True)
