"""Sends documents to Paperless, follows them and brings them back."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

from pydantic import ValidationError

from ztoe_hub.errors import HubError, ItemRejected, TransientError, UnexpectedAnswer
from ztoe_hub.outgoing import Answer
from ztoe_hub.ports import AdapterContext, SubmitSteps
from ztoe_hub.values import (
    Artifact,
    Health,
    OutgoingDocument,
    RecipientState,
    RemoteRef,
    Rendition,
    SigningCapabilities,
    Snapshot,
)

from .answers import Document, Findings, Found, Resource, Uploaded, is_unsigned_pdf, plain_bytes
from .session import PaperlessSession
from .settings import PaperlessSettings
from .words import DELETED_DOCUMENT, AlreadyThere, Gone, SessionDead, names_of, remote_name, share_state

PDF = "application/pdf"
MOST_SEARCH_PAGES = 10  # names are unique: more than this is not a search, it is a fault

_PATHS = {Rendition.ORIGINAL: "withoutsign", Rendition.SIGNED: "withsign"}


class PaperlessService:
    """One account of the utility. A submit is two calls: upload, then share with the customer's e-mail."""

    def __init__(self, settings: PaperlessSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._sleep = context.sleep
        self._session = PaperlessSession(settings, context.http, context.clock)
        self._capabilities = SigningCapabilities(
            max_bytes=settings.max_bytes,
            media_types=frozenset({PDF}),
            addressing=frozenset({"email"}),
            qualified=True,
            recall=settings.recall,
            web_url=str(settings.web_url or settings.base_url),
        )

    @property
    def capabilities(self) -> SigningCapabilities:
        """Fixed for the life of the instance."""
        return self._capabilities

    def check(self) -> Health:
        """Log in and ask Paperless whether the session lives."""
        try:
            self._session.call("GET", "/api2/checked/login")
        except HubError as error:
            return Health(ok=False, detail=str(error))
        return Health(ok=True, detail="Paperless accepts the login")

    def submit(self, document: OutgoingDocument, steps: SubmitSteps) -> RemoteRef:
        """Upload and share; each step is done once, however often this is called with the same steps."""
        self._refuse_unfit(document)
        ref = self._upload_once(document, steps)
        self._share_once(ref, document, steps)
        return ref

    def fetch(self, ref: RemoteRef) -> Snapshot:
        """Each recipient's state, by the share and never by `signed`, which tells of the author."""
        answer = self._get_document(ref)
        shares = Document.of_answer(answer).shares
        return Snapshot(
            recipients={email.lower(): share_state(word) for email, word in shares.items()},
            raw=answer.content.decode("utf-8", "replace"),
        )

    def download(self, ref: RemoteRef, which: Rendition) -> Artifact:
        """The bytes, taken out of base64 where Paperless wrapped them."""
        if which is Rendition.ORIGINAL:
            return Artifact(content=self._bytes_of(ref, which))
        try:
            content = self._bytes_of(ref, which)
        except Gone as error:
            raise TransientError("Paperless has no signed rendition yet") from error
        if is_unsigned_pdf(content):
            raise TransientError("nobody has signed the document in Paperless yet")
        return Artifact(content=content)

    def recall(self, ref: RemoteRef) -> None:
        """Take the document back from everybody it was shared with; refused once it is signed."""
        try:
            recipients = self.fetch(ref).recipients
        except Gone:
            return
        if any(recipient.state is RecipientState.SIGNED for recipient in recipients.values()):
            raise ItemRejected("the document is signed: it is too late to take it back")
        # Who has seen it comes first: if Paperless refuses there, nobody else has lost it by half.
        for email in sorted(
            recipients, key=lambda email: recipients[email].state is not RecipientState.VIEWED
        ):
            if recipients[email].state is not RecipientState.REVOKED:
                self._unshare(ref, email)

    def _refuse_unfit(self, document: OutgoingDocument) -> None:
        if document.media_type != PDF or b"%PDF-" not in document.content[:1024]:
            raise ItemRejected("Paperless takes PDF only")
        if len(document.content) > self._settings.max_bytes:
            raise ItemRejected(f"Paperless takes at most {self._settings.max_bytes} bytes")
        if not document.recipients:
            raise ItemRejected("Paperless needs the customer's e-mail")

    # --- upload ------------------------------------------------------------------------------

    def _upload_once(self, document: OutgoingDocument, steps: SubmitSteps) -> RemoteRef:
        finished = steps.done("upload")
        if finished is not None:
            return RemoteRef(finished)
        earlier = self._look_for_lost(document, steps) if steps.begin("upload") else None
        ref = earlier or self._upload_or_recognise(document, steps)
        steps.save("upload", ref.data)
        return ref

    def _upload_or_recognise(self, document: OutgoingDocument, steps: SubmitSteps) -> RemoteRef:
        try:
            return self._upload(document)
        except AlreadyThere:
            earlier = self._find_lost(document, steps)
            if earlier is None:
                raise
            return earlier

    def _upload(self, document: OutgoingDocument) -> RemoteRef:
        encoded = self._settings.upload_encoding == "base64"
        body = base64.b64encode(document.content) if encoded else document.content
        # Bytes, not a stream: Paperless needs a Content-Length.
        files = {"file": (remote_name(document.file_name), body, PDF)}
        answer = self._session.call("POST", "/api2/checked/upload", files=files)
        return _ref_of(Uploaded.of(answer.json()).resourceDTO[0])

    def _look_for_lost(self, document: OutgoingDocument, steps: SubmitSteps) -> RemoteRef | None:
        """What an earlier upload left behind; looks twice, because that upload may be arriving just now."""
        found = self._find_lost(document, steps)
        if found is None:
            self._sleep(self._settings.look_again_after_s)
            found = self._find_lost(document, steps)
        return found

    def _find_lost(self, document: OutgoingDocument, steps: SubmitSteps) -> RemoteRef | None:
        """A document of our name and bytes that appeared after the attempt began and is nobody else's."""
        name = remote_name(document.file_name)
        earliest = steps.started_at - timedelta(seconds=self._settings.clock_skew_s)
        for found in self._search(name):
            ref = _ref_of(found)
            ours = found.name in names_of(name) and found.created_at >= earliest and not steps.is_bound(ref)
            if ours and self._holds(ref, document.sha256):
                return ref
        return None

    def _search(self, name: str) -> Iterator[Found]:
        limit = self._settings.search_limit
        # Without the extension, which the list may leave out; the exact name is compared by the caller.
        query = {"searchQuery": name.removesuffix(".pdf"), "author": "all", "docList": "docs", "limit": limit}
        for page in range(MOST_SEARCH_PAGES):
            answer = self._session.call(
                "POST",
                "/api2/checked/resource/search",
                repeatable=True,
                json={**query, "offset": page * limit},
            )
            found = Findings.of_answer(answer).resourceDTO
            yield from found
            if len(found) < limit:
                return
        raise UnexpectedAnswer("the search in Paperless does not end")

    def _holds(self, ref: RemoteRef, sha256: str) -> bool:
        try:
            content = self._bytes_of(ref, Rendition.ORIGINAL)
        except Gone:
            return False
        return hashlib.sha256(content).hexdigest() == sha256.lower()

    # --- share -------------------------------------------------------------------------------

    def _share_once(self, ref: RemoteRef, document: OutgoingDocument, steps: SubmitSteps) -> None:
        if steps.done("share") is not None:
            return
        wanted = {recipient.email.strip().lower(): None for recipient in document.recipients}
        reached = self.fetch(ref).recipients if steps.begin("share") else {}
        missing = [email for email in wanted if email not in reached]
        if missing:
            self._share(ref, missing)
        steps.save("share", {"recipients": len(wanted)})

    def _share(self, ref: RemoteRef, emails: list[str]) -> None:
        comment, mode = self._settings.share_comment, self._settings.share_mode
        requests = [{"email": email, "comment": comment, "mode": mode} for email in emails]
        path = f"/api2/checked/share/{_resource_of(ref).id}"
        self._session.call("POST", path, json={"requestList": requests}).json()

    def _unshare(self, ref: RemoteRef, email: str) -> None:
        path = f"/api2/checked/share/{_resource_of(ref).id}/{quote(email, safe='@')}"
        try:
            self._session.call("DELETE", path)
        except Gone:
            return
        except SessionDead as error:
            raise ItemRejected("Paperless does not take the document back any more") from error

    # --- reading -----------------------------------------------------------------------------

    def _get_document(self, ref: RemoteRef) -> Answer:
        answer = self._session.call("GET", f"/api2/checked/resource/{_resource_of(ref).id}")
        if Document.of_answer(answer).status >= DELETED_DOCUMENT:
            raise Gone("the document was deleted in Paperless")
        return answer

    def _bytes_of(self, ref: RemoteRef, which: Rendition) -> bytes:
        resource = _resource_of(ref)
        path = f"/api2/checked/resource/{_PATHS[which]}/{resource.id}/{quote(resource.hash, safe='')}"
        return plain_bytes(self._session.call("GET", path).content)


def _ref_of(resource: Resource) -> RemoteRef:
    return RemoteRef({"id": resource.id, "hash": resource.hash})


def _resource_of(ref: RemoteRef) -> Resource:
    try:
        return Resource.model_validate(dict(ref.data))
    except ValidationError as error:
        raise ItemRejected("this document does not live in Paperless") from error
