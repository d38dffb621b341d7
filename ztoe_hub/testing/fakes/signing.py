"""A document service in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ...errors import HubError, ItemRejected, OutcomeUnknown, ProviderMisconfigured, TransientError
from ...ports import SubmitSteps
from ...values import (
    Artifact,
    Health,
    OutgoingDocument,
    RecipientSnapshot,
    RecipientState,
    RemoteRef,
    Rendition,
    SigningCapabilities,
    Snapshot,
)


@dataclass(slots=True, kw_only=True)
class StoredDocument:
    """What the fake keeps of a document."""

    file_name: str
    content: bytes = field(repr=False)
    created_at: datetime
    states: dict[str, RecipientState] = field(default_factory=dict)
    signed: bytes | None = field(default=None, repr=False)


class FakeSigningService:
    """A document service in memory. Steer it by its attributes and as OtherSide; thread-safe."""

    def __init__(self, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.capabilities = SigningCapabilities(
            max_bytes=1024 * 1024,
            media_types=frozenset({"application/pdf"}),
            addressing=frozenset({"email"}),
            qualified=True,
            recall=True,
            web_url="https://signing.example",
        )
        self.fail_next: HubError | None = None  # the next call raises it and does nothing
        self.lose_answer_of: str | None = None  # the next step of this name works and raises OutcomeUnknown
        self.refuses_us = False
        self.container_of: Callable[[bytes], bytes] = lambda content: b"signed:" + content
        self.stored: dict[int, StoredDocument] = {}
        self._clock = clock
        self._lock = threading.Lock()

    def check(self) -> Health:
        try:
            self._answer()
        except HubError as error:
            return Health(ok=False, detail=str(error))
        return Health(ok=True, detail="the fake is well")

    def submit(self, document: OutgoingDocument, steps: SubmitSteps) -> RemoteRef:
        self._answer()
        fits = document.media_type in self.capabilities.media_types
        if not fits or len(document.content) > self.capabilities.max_bytes:
            raise ItemRejected("the fake does not take such documents")
        uploaded = steps.done("upload")
        if uploaded is None:
            earlier = self._find(document, steps) if steps.begin("upload") else None
            uploaded = (earlier or self._upload(document)).data
            steps.save("upload", uploaded)
        if steps.done("share") is None:
            steps.begin("share")
            self._share(RemoteRef(uploaded), document)
            steps.save("share", {})
        return RemoteRef(uploaded)

    def fetch(self, ref: RemoteRef) -> Snapshot:
        self._answer()
        states = self._stored(ref).states
        return Snapshot(
            recipients={e: RecipientSnapshot(state=s, raw=s.value) for e, s in states.items()},
            raw=repr(states),
        )

    def download(self, ref: RemoteRef, which: Rendition) -> Artifact:
        self._answer()
        stored = self._stored(ref)
        content = stored.content if which is Rendition.ORIGINAL else stored.signed
        if content is None:
            raise TransientError("nobody has signed yet")
        return Artifact(content=content)

    def recall(self, ref: RemoteRef) -> None:
        self._answer()
        states = self._stored(ref).states
        if RecipientState.SIGNED in states.values():
            raise ItemRejected("it is too late to take it back")
        states.update(dict.fromkeys(states, RecipientState.REVOKED))

    def documents(self) -> list[str]:
        return [stored.file_name for stored in list(self.stored.values())]

    def view(self, ref: RemoteRef, email: str) -> None:
        self.move(ref, email, RecipientState.VIEWED)

    def sign(self, ref: RemoteRef, email: str) -> None:
        self.move(ref, email, RecipientState.SIGNED)
        stored = self._stored(ref)
        stored.signed = self.container_of(stored.content)

    def move(self, ref: RemoteRef, email: str, state: RecipientState) -> None:
        """The recipient does whatever leads to `state`."""
        self._stored(ref).states[email.lower()] = state

    def lose_next_answer(self, step: str) -> None:
        self.lose_answer_of = step

    def refuse_us(self) -> None:
        self.refuses_us = True

    def _answer(self) -> None:
        failure, self.fail_next = self.fail_next, None
        if failure is not None:
            raise failure
        if self.refuses_us:
            raise ProviderMisconfigured("the fake refuses the login")

    def _find(self, document: OutgoingDocument, steps: SubmitSteps) -> RemoteRef | None:
        for number, stored in list(self.stored.items()):
            ref = RemoteRef({"id": number})
            same = (stored.file_name, stored.content) == (document.file_name, document.content)
            if same and stored.created_at >= steps.started_at and not steps.is_bound(ref):
                return ref
        return None

    def _upload(self, document: OutgoingDocument) -> RemoteRef:
        with self._lock:
            number = len(self.stored) + 1
            self.stored[number] = StoredDocument(
                file_name=document.file_name, content=document.content, created_at=self._clock()
            )
        self._perhaps_lose("upload")
        return RemoteRef({"id": number})

    def _share(self, ref: RemoteRef, document: OutgoingDocument) -> None:
        for recipient in document.recipients:
            self._stored(ref).states.setdefault(recipient.email.lower(), RecipientState.SENT)
        self._perhaps_lose("share")

    def _perhaps_lose(self, step: str) -> None:
        if self.lose_answer_of == step:
            self.lose_answer_of = None
            raise OutcomeUnknown(f"the answer to {step} was lost")

    def _stored(self, ref: RemoteRef) -> StoredDocument:
        try:
            return self.stored[int(ref.data["id"])]
        except (KeyError, ValueError) as error:
            raise ItemRejected("the fake has no such document") from error
