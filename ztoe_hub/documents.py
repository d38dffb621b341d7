"""Documents to be signed: prepared here, followed by the exchange, shown to whoever may see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from . import outbox
from .accounts import AccountView, own_account
from .errors import ConfigurationError, NotFound
from .files import FileContent, FileView, files_of, files_of_many, read_file, store_file
from .lifecycle import DocumentEvent, advance
from .plugin_manager import Instance
from .ports import SigningService
from .settings import Settings
from .storage.blobs import BlobStore
from .storage.database import Database
from .storage.states import DocumentState
from .storage.tables import Document
from .texts import DOCUMENT_STATES
from .users import User
from .values import Title

OWNER = "document"
ORIGINAL, SIGNED = "original", "signed"
SUBMIT_DOCUMENT, RECALL_DOCUMENT = "submit_document", "recall_document"
OPEN = (DocumentState.PREPARED, DocumentState.SUBMITTED, DocumentState.VIEWED, DocumentState.FAILED)
UNDER_WAY = (*OPEN, DocumentState.SIGNED, DocumentState.NEEDS_OPERATOR)
ORIGINS = ("application", "invoice")
AWAITED = (DocumentState.SUBMITTED, DocumentState.VIEWED)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """A document as its owner sees it. `state_text` is a msgid; `verdict` is what was found in the signed container."""

    id: int
    origin: str
    subject_id: int
    name: str
    state: DocumentState
    state_text: str
    awaits_signature: bool
    service_title: Title
    sign_url: str | None
    created_at: datetime
    changed_at: datetime
    recipient_email: str
    problem: str | None
    verdict: Mapping[str, object] | None
    files: Mapping[str, FileView]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """What is needed to prepare one."""

    origin: str
    subject_id: int
    user: User
    account: AccountView
    name: str
    sha256: str
    size: int


class Documents:
    """The documents of one user's accounts."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        settings: Settings,
        services: Mapping[str, Instance[SigningService]],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._settings = settings
        self._services = services
        self._clock = clock

    def of(self, user: User, account_id: int) -> Sequence[DocumentView]:
        """The account's documents, newest first."""
        with self._database.read() as session:
            own_account(session, user, account_id)
            rows = session.exec(
                select(Document)
                .where(Document.account_id == account_id)
                .order_by(col(Document.id).desc())
                .limit(200)
            ).all()
            files = files_of_many(session, OWNER, [row.id or 0 for row in rows])
            return [self._view(row, files[row.id or 0]) for row in rows]

    def get(self, user: User, account_id: int, document_id: int) -> DocumentView:
        """One document. Raises NotFound."""
        with self._database.read() as session:
            own_account(session, user, account_id)
            row = session.get(Document, document_id)
            if row is None or row.account_id != account_id:
                raise NotFound("Такого документа немає.")
            return self._view(row, files_of(session, OWNER, document_id))

    def file(self, user: User, account_id: int, document_id: int, role: str) -> FileContent:
        """The bytes of the original or of the signed container. Raises NotFound."""
        document = self.get(user, account_id, document_id)
        file = document.files.get(role)
        if file is None:
            raise NotFound("Такого файлу немає.")
        return read_file(self._blobs, file)

    def of_subject(self, session: Session, origin: str, subject_id: int) -> DocumentView | None:
        """The newest document made for this subject."""
        row = newest_document(session, origin, subject_id)
        return None if row is None else self._view(row, files_of(session, OWNER, row.id or 0))

    def prepare(self, session: Session, new: NewDocument) -> Document:
        """Write a PREPARED document and the work that sends it, in the caller's transaction.

        The bytes are in the blob store already. Raises ConfigurationError when no route leads anywhere.
        """
        now = self._clock()
        earlier = newest_document(session, new.origin, new.subject_id)
        row = Document(
            origin=new.origin,
            subject_id=new.subject_id,
            account_id=new.account.id,
            user_id=new.user.id,
            recipient_email=new.user.email.lower(),
            recipient_tax_code=new.account.consumer_tax_code,
            name=new.name,
            service=self.route(new.origin, new.account.district_code),
            state=DocumentState.PREPARED,
            created_at=now,
            changed_at=now,
            replaces_id=earlier.id if earlier else None,
        )
        session.add(row)
        session.flush()
        store_file(
            session,
            owner=OWNER,
            owner_id=row.id or 0,
            role=ORIGINAL,
            name=new.name,
            media_type="application/pdf",
            sha256=new.sha256,
            size=new.size,
            now=now,
        )
        outbox.add_work(session, SUBMIT_DOCUMENT, row.id, now=now, priority=outbox.PERSON_WAITS)
        return row

    def withdraw(self, session: Session, origin: str, subject_id: int, *, actor: str) -> None:
        """Take back the subject's open document, if there is one, in the caller's transaction.

        One that was not sent is recalled at once; its submit, should it have begun, takes back what is there.
        """
        row = newest_document(session, origin, subject_id)
        if row is None or row.state not in OPEN:
            return
        if row.state is DocumentState.PREPARED:
            advance(session, row, DocumentEvent.RECALL, now=self._clock(), actor=actor)
        else:
            outbox.add_work(session, RECALL_DOCUMENT, row.id, now=self._clock())

    def route(self, origin: str, district_code: str) -> str:
        """The name of the instance that a new document goes to: the first route that matches."""
        for route in self._settings.routes.signing:
            if route.origin in (None, origin) and route.district in (None, district_code):
                return route.service
        if len(self._services) == 1:
            return next(iter(self._services))
        raise ConfigurationError(
            f"{self._settings.path}: routes.signing: no route for {origin} of district {district_code}"
        )

    def _view(self, row: Document, files: Mapping[str, FileView]) -> DocumentView:
        instance = self._services.get(row.service)
        title = instance.title if instance else Title(uk=row.service, en=row.service)
        return DocumentView(
            id=row.id or 0,
            origin=row.origin,
            subject_id=row.subject_id,
            name=row.name,
            state=row.state,
            state_text=DOCUMENT_STATES[row.state],
            awaits_signature=row.state in AWAITED,
            service_title=title,
            sign_url=instance.adapter.capabilities.web_url if instance and row.state in AWAITED else None,
            created_at=row.created_at,
            changed_at=row.changed_at,
            recipient_email=row.recipient_email,
            problem=row.problem,
            verdict=row.verdict,
            files=files,
        )


def newest_document(session: Session, origin: str, subject_id: int) -> Document | None:
    """The newest document row made for this subject."""
    return session.exec(
        select(Document)
        .where(Document.origin == origin, Document.subject_id == subject_id)
        .order_by(col(Document.id).desc())
        .limit(1)
    ).first()


def document_by_id(session: Session, document_id: int) -> Document:
    """The document row, freshly read: for the hub's own work. Raises NotFound."""
    row = session.exec(select(Document).where(col(Document.id) == document_id)).one_or_none()
    if row is None:
        raise NotFound("Такого документа немає.")
    return row


def is_bound(session: Session, service: str, remote_ref: str, but: int) -> bool:
    """Whether another document already lives at this place of the service."""
    found = session.exec(
        select(sa.func.count())
        .select_from(Document)
        .where(Document.service == service, Document.remote_ref == remote_ref, Document.id != but)
    )
    return found.one() > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """A document as operators see it in a list."""

    id: int
    name: str
    service: str
    state: DocumentState
    problem: str | None


def documents_under_way(database: Database, *, limit: int = 500) -> Sequence[DocumentLine]:
    """Documents that have not come to an end, oldest first."""
    columns = [Document.__table__.c[name] for name in DocumentLine.__dataclass_fields__]  # type: ignore[attr-defined]
    with database.read() as session:
        rows = session.execute(
            sa.select(*columns)
            .where(col(Document.state).in_(UNDER_WAY))
            .order_by(col(Document.id))
            .limit(limit)
        )
        return [DocumentLine(**row._mapping) for row in rows]
