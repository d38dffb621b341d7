"""Takes documents through their service: submit, follow, archive, recall. Each step can be repeated."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from ztoe_hub import outbox
from ztoe_hub.documents import (
    AWAITED,
    ORIGINAL,
    OWNER,
    RECALL_DOCUMENT,
    SIGNED,
    document_by_id,
)
from ztoe_hub.errors import ItemRejected, OperatorNeeded, TransientError, WrongMoment
from ztoe_hub.files import files_of, store_file
from ztoe_hub.lifecycle import DocumentEvent, advance
from ztoe_hub.outbox import Again, WorkItem
from ztoe_hub.plugin_manager import Instance
from ztoe_hub.ports import Recalls, SignatureReader, SigningService
from ztoe_hub.storage.blobs import BlobStore
from ztoe_hub.storage.database import Database
from ztoe_hub.storage.states import DocumentState
from ztoe_hub.storage.tables import Document
from ztoe_hub.values import OutgoingDocument, Recipient, RecipientState, RemoteRef, Rendition

from .outcomes import Outcomes
from .submit_steps import StoredSteps, ref_text
from .verdicts import SUFFIXES, judge

FOLLOW_DOCUMENT, ARCHIVE_DOCUMENT = "follow_document", "archive_document"
HUB = "hub"
LONGEST_LOOK = timedelta(hours=1)
EVENT_OF = {
    RecipientState.VIEWED: DocumentEvent.VIEW,
    RecipientState.SIGNED: DocumentEvent.SIGN,
    RecipientState.DECLINED: DocumentEvent.DECLINE,
    RecipientState.EXPIRED: DocumentEvent.EXPIRE,
    RecipientState.REVOKED: DocumentEvent.RECALL,
}


class Signing:
    """The handlers of the work that documents need."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        services: Mapping[str, Instance[SigningService]],
        readers: Mapping[str, Instance[SignatureReader]],
        outcomes: Outcomes,
        *,
        clock: Callable[[], datetime],
        look_every: timedelta,
        require_verified: bool,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._services = services
        self._readers = readers
        self._outcomes = outcomes
        self._clock = clock
        self._look_every = look_every
        self._require_verified = require_verified

    def submit(self, item: WorkItem) -> None:
        """Hand a prepared document to its service; one withdrawn with its answer lost is found and taken back."""
        with self._database.read() as session:
            document = document_by_id(session, int(item.subject))
            if document.state is not DocumentState.PREPARED and not self._is_lost(document):
                return
            outgoing = self._outgoing(session, document)
        service = self._service_of(document)
        try:
            ref = service.submit(outgoing, StoredSteps(self._database, item, document, self._clock))
        except ItemRejected as error:
            self._end(item, DocumentEvent.REJECT, problem=str(error))
            return
        with self._database.write() as session:
            outbox.require_lease(session, item)
            fresh = document_by_id(session, int(item.subject))
            if fresh.state is not DocumentState.PREPARED:  # withdrawn while it was on its way
                fresh.remote_ref = ref_text(ref)
                session.add(fresh)
                outbox.add_work(session, RECALL_DOCUMENT, fresh.id, now=self._clock())
                return
            advance(
                session, fresh, DocumentEvent.SUBMIT, now=self._clock(), actor=HUB, remote_ref=ref_text(ref)
            )
            outbox.add_work(
                session, FOLLOW_DOCUMENT, fresh.id, now=self._clock(), due_at=self._clock() + self._look_every
            )

    def follow(self, item: WorkItem) -> Again | None:
        """Ask the service what became of a document; comes back, ever less often, while it is awaited."""
        with self._database.read() as session:
            document = document_by_id(session, int(item.subject))
        if document.state not in AWAITED:
            return None
        snapshot = self._service_of(document).fetch(ref_of(document))
        theirs = snapshot.recipients.get(document.recipient_email)
        event = EVENT_OF.get(theirs.state) if theirs else None
        if event is None or (event is DocumentEvent.VIEW and document.state is DocumentState.VIEWED):
            return self._again(document)
        if event not in (DocumentEvent.VIEW, DocumentEvent.SIGN):
            self._end(item, event, snapshot=snapshot.raw)
            return None
        try:
            with self._database.write() as session:
                outbox.require_lease(session, item)
                fresh = document_by_id(session, int(item.subject))
                advance(session, fresh, event, now=self._clock(), actor=HUB, snapshot=snapshot.raw)
                if event is DocumentEvent.SIGN:
                    outbox.add_work(session, ARCHIVE_DOCUMENT, fresh.id, now=self._clock())
        except WrongMoment:  # something else moved it while the service was asked
            return Again(timedelta(0))
        return self._again(document) if event is DocumentEvent.VIEW else None

    def archive(self, item: WorkItem) -> None:
        """Download what was signed, look into it, keep it, and let the matter go on or ask a person."""
        with self._database.read() as session:
            document = document_by_id(session, int(item.subject))
            if document.state is not DocumentState.SIGNED:
                return
            original = files_of(session, OWNER, document.id or 0)[ORIGINAL]
        service = self._service_of(document)
        ref = ref_of(document)
        theirs = service.fetch(ref).recipients.get(document.recipient_email)
        if theirs is None or theirs.state is not RecipientState.SIGNED:
            raise TransientError("the service does not say «signed» any more")
        container = service.download(ref, Rendition.SIGNED).content
        report = self._reader().read(container, self._blobs.get(original.sha256))
        verdict = judge(
            report,
            original_sha256=original.sha256,
            tax_code=document.recipient_tax_code,
            require_verified=self._require_verified,
        )
        suffix, media_type = SUFFIXES[report.format]
        name = document.name if document.name.endswith(suffix) else f"{document.name}{suffix}"
        sha256 = self._blobs.put(container)
        facts = {**verdict.facts, "original_sha256": original.sha256, "signed_sha256": sha256}
        with self._database.write() as session:
            outbox.require_lease(session, item)
            fresh = document_by_id(session, int(item.subject))
            store_file(
                session,
                owner=OWNER,
                owner_id=document.id or 0,
                role=SIGNED,
                name=f"Підписаний_{name}",
                media_type=media_type,
                sha256=sha256,
                size=len(container),
                now=self._clock(),
            )
            event = DocumentEvent.MISMATCH if verdict.problem else DocumentEvent.ARCHIVE
            advance(
                session,
                fresh,
                event,
                now=self._clock(),
                actor=HUB,
                verdict=facts,
                problem=verdict.problem,
            )
            if event is DocumentEvent.ARCHIVE:
                self._outcomes.completed(session, fresh)

    def recall(self, item: WorkItem) -> None:
        """Take a document back; one that was signed meanwhile stays signed."""
        with self._database.read() as session:
            document = document_by_id(session, int(item.subject))
        if document.remote_ref is not None:
            service = self._service_of(document)
            if isinstance(service, Recalls) and service.capabilities.recall:
                try:
                    service.recall(ref_of(document))
                except ItemRejected:  # too late: following it tells what became of it
                    return
        if document.state in (DocumentState.PREPARED, *AWAITED):
            self._end(item, DocumentEvent.RECALL)

    def settle(self, document_id: int, *, approve: bool, word: str, actor: str) -> None:
        """A person's decision on a document that NEEDS_OPERATOR. Raises WrongMoment for any other."""
        event = DocumentEvent.APPROVE if approve else DocumentEvent.REFUSE
        with self._database.write() as session:
            document = document_by_id(session, document_id)
            advance(session, document, event, now=self._clock(), actor=actor, problem=word)
            if approve:
                self._outcomes.completed(session, document)
            else:
                self._outcomes.ended(session, document)

    def _end(self, item: WorkItem, event: DocumentEvent, **changes: str) -> None:
        with self._database.write() as session:
            outbox.require_lease(session, item)
            document = document_by_id(session, int(item.subject))
            try:
                advance(session, document, event, now=self._clock(), actor=HUB, **changes)
            except WrongMoment:
                return  # something else ended it first
            self._outcomes.ended(session, document)

    def _is_lost(self, document: Document) -> bool:
        """Whether it was withdrawn after its submit had begun, and may lie at its service unknown to us."""
        withdrawn = document.state is DocumentState.RECALLED and document.remote_ref is None
        return bool(withdrawn and document.steps) and self._service_of(document).capabilities.recall

    def _outgoing(self, session: Session, document: Document) -> OutgoingDocument:
        original = files_of(session, OWNER, document.id or 0)[ORIGINAL]
        return OutgoingDocument(
            key=f"document-{document.id}",
            file_name=document.name,
            title=document.name,
            media_type=original.media_type,
            sha256=original.sha256,
            content=self._blobs.get(original.sha256),
            recipients=[Recipient(email=document.recipient_email, tax_code=document.recipient_tax_code)],
        )

    def _service_of(self, document: Document) -> SigningService:
        instance = self._services.get(document.service)
        if instance is None:
            raise OperatorNeeded(f"signing.{document.service} is not configured any more")
        return instance.adapter

    def _reader(self) -> SignatureReader:
        for instance in self._readers.values():
            return instance.adapter
        raise OperatorNeeded('no signature reader is configured: add [signatures.kep] with type = "kep"')

    def _again(self, document: Document) -> Again:
        """A twentieth of the document's age, between the setting and an hour."""
        age = self._clock() - (document.attempt_started_at or document.created_at)
        return Again(min(LONGEST_LOOK, max(self._look_every, age / 20)))


def ref_of(document: Document) -> RemoteRef:
    """Where the document lives. Raises OperatorNeeded when that is not known."""
    if document.remote_ref is None:
        raise OperatorNeeded("the document has no place at its service")
    return RemoteRef(json.loads(document.remote_ref))
