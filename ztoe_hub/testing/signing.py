"""What every document service has to do: a contract suite to inherit, and a service in memory."""
# ruff: noqa: S101  a contract suite asserts

from __future__ import annotations

import contextlib
import hashlib
import itertools
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Protocol

import pytest

from ..errors import (
    HubError,
    ItemRejected,
    OperatorNeeded,
    OutcomeUnknown,
    ProviderMisconfigured,
    TransientError,
)
from ..ports import Recalls, SigningService, SubmitSteps
from ..values import (
    Artifact,
    Health,
    OutgoingDocument,
    Recipient,
    RecipientSnapshot,
    RecipientState,
    RemoteRef,
    Rendition,
    SigningCapabilities,
    Snapshot,
)

CUSTOMER = "clienttst@meta.ua"


def a_pdf(text: str) -> bytes:
    """A real PDF of one page that says `text` (ASCII); equal texts give equal bytes."""
    drawing = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    parts = ["%PDF-1.4\n", *(f"{n} 0 obj\n{body}\nendobj\n" for n, body in enumerate(objects, 1))]
    starts = list(itertools.accumulate(map(len, parts)))
    table = "".join(f"{start:010} 00000 n \n" for start in starts[:-1])
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return "".join([*parts, end, f"startxref\n{starts[-1]}\n%%EOF\n"]).encode("ascii")


def a_document(
    *,
    key: str | None = None,
    file_name: str | None = None,
    content: bytes | None = None,
    media_type: str = "application/pdf",
    emails: Sequence[str] = (CUSTOMER,),
) -> OutgoingDocument:
    """A document that any service can carry; key, name and bytes are unique unless given."""
    key = key or uuid.uuid4().hex
    content = a_pdf(f"Document {key}") if content is None else content
    return OutgoingDocument(
        key=key,
        file_name=file_name or f"Заява_td53_{key}.pdf",
        title="Заява на послугу комерційного обліку",
        media_type=media_type,
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        recipients=[Recipient(email=email) for email in emails],
    )


class Interrupted(BaseException):
    """The process died here, as far as a test is concerned; no adapter can catch it by accident."""


class MemorySteps:
    """The hub's memory of one submit. Dies once, at the moment `interrupt_at`: each call has one before and after."""

    def __init__(
        self,
        *,
        started_at: datetime | None = None,
        begun: Iterable[str] = (),
        bound: Iterable[RemoteRef] = (),
        interrupt_at: int | None = None,
    ) -> None:
        self._started_at = started_at or datetime.now(UTC)
        self._begun = set(begun)
        self._bound = list(bound)
        self._results: dict[str, Mapping[str, str | int]] = {}
        self._interrupt_at = interrupt_at
        self._moments = itertools.count()

    @property
    def started_at(self) -> datetime:
        return self._started_at

    def done(self, step: str) -> Mapping[str, str | int] | None:
        return self._results.get(step)

    def save(self, step: str, result: Mapping[str, str | int]) -> None:
        self._pass_a_moment()
        self._results[step] = dict(result)
        self._pass_a_moment()

    def begin(self, step: str) -> bool:
        self._pass_a_moment()
        earlier = step in self._begun
        self._begun.add(step)
        self._pass_a_moment()
        return earlier

    def is_bound(self, ref: RemoteRef) -> bool:
        return ref in self._bound

    def _pass_a_moment(self) -> None:
        if next(self._moments) == self._interrupt_at:
            raise Interrupted


class OtherSide(Protocol):
    """What customers and the service itself do, for a test to steer."""

    def view(self, ref: RemoteRef, email: str) -> None:
        """The customer opens the document."""

    def sign(self, ref: RemoteRef, email: str) -> None:
        """The customer signs it."""

    def documents(self) -> Sequence[str]:
        """The file names, extension included, of all documents that the service ever took."""
        ...

    def lose_next_answer(self, step: str) -> None:
        """The service will do this step of a submit once, and its answer will not arrive."""

    def refuse_us(self) -> None:
        """From now on the service does not accept our login."""


class SigningServiceContract:
    """Subclass as `TestXyz` and define the fixtures `service` and `act` (an OtherSide)."""

    steps: ClassVar[Sequence[str]] = ("upload", "share")  # the names of the adapter's steps of a submit

    def test_a_submitted_document_can_be_fetched_as_sent(self, service: SigningService) -> None:
        ref = service.submit(a_document(), MemorySteps())
        assert service.fetch(ref).recipients[CUSTOMER].state is RecipientState.SENT

    def test_addresses_are_told_apart_by_letters_and_not_by_case(self, service: SigningService) -> None:
        ref = service.submit(a_document(emails=[CUSTOMER.upper()]), MemorySteps())
        assert set(service.fetch(ref).recipients) == {CUSTOMER}

    def test_submitting_again_with_the_same_steps_makes_no_second_document(
        self, service: SigningService, act: OtherSide
    ) -> None:
        document, steps = a_document(), MemorySteps()
        assert service.submit(document, steps) == service.submit(document, steps)
        assert act.documents().count(document.file_name) == 1

    @pytest.mark.parametrize("moment", [*range(8)])
    def test_continuing_an_interrupted_submit_makes_no_second_document(
        self, service: SigningService, act: OtherSide, moment: int
    ) -> None:
        document, steps = a_document(), MemorySteps(interrupt_at=moment)
        with contextlib.suppress(Interrupted):
            service.submit(document, steps)
        ref = service.submit(document, steps)
        assert act.documents().count(document.file_name) == 1
        assert set(service.fetch(ref).recipients) == {CUSTOMER}

    def test_a_lost_answer_after_success_makes_no_second_document(
        self, service: SigningService, act: OtherSide
    ) -> None:
        for step in self.steps:
            document, steps = a_document(), MemorySteps()
            act.lose_next_answer(step)
            with contextlib.suppress(OutcomeUnknown, TransientError):
                service.submit(document, steps)
            ref = service.submit(document, steps)
            assert act.documents().count(document.file_name) == 1, step
            assert set(service.fetch(ref).recipients) == {CUSTOMER}, step

    def test_a_file_of_the_same_name_made_earlier_is_not_taken(self, service: SigningService) -> None:
        document = a_document()
        earlier = service.submit(document, MemorySteps())
        later = MemorySteps(started_at=datetime.now(UTC) + timedelta(hours=1), begun=self.steps)
        assert service.submit(document, later) != earlier

    def test_a_file_that_belongs_to_another_document_is_not_taken(self, service: SigningService) -> None:
        document = a_document()
        other = service.submit(document, MemorySteps())
        assert service.submit(document, MemorySteps(begun=self.steps, bound=[other])) != other

    def test_viewing_and_signing_show_per_recipient(self, service: SigningService, act: OtherSide) -> None:
        ref = service.submit(a_document(emails=[CUSTOMER, "other@example.com"]), MemorySteps())
        for deed, state in ((act.view, RecipientState.VIEWED), (act.sign, RecipientState.SIGNED)):
            deed(ref, CUSTOMER)
            recipients = service.fetch(ref).recipients
            assert recipients[CUSTOMER].state is state
            assert recipients["other@example.com"].state is RecipientState.SENT

    def test_the_original_comes_back_byte_for_byte(self, service: SigningService) -> None:
        document = a_document()
        ref = service.submit(document, MemorySteps())
        assert service.download(ref, Rendition.ORIGINAL).content == document.content

    def test_the_signed_rendition_exists_only_after_signing_and_is_not_the_original(
        self, service: SigningService, act: OtherSide
    ) -> None:
        document = a_document()
        ref = service.submit(document, MemorySteps())
        with pytest.raises(TransientError):
            service.download(ref, Rendition.SIGNED)
        act.sign(ref, CUSTOMER)
        assert service.download(ref, Rendition.SIGNED).content not in (b"", document.content)
        assert service.download(ref, Rendition.ORIGINAL).content == document.content

    def test_what_does_not_fit_is_the_items_fault(self, service: SigningService, act: OtherSide) -> None:
        large = a_document(content=a_pdf("large").ljust(service.capabilities.max_bytes + 1, b"\n"))
        strange = a_document(content=b"just text", media_type="application/x-unknown")
        for document in (large, strange):
            with pytest.raises(ItemRejected):
                service.submit(document, MemorySteps())
            assert document.file_name not in act.documents()

    def test_a_document_can_be_recalled_until_it_is_signed(
        self, service: SigningService, act: OtherSide
    ) -> None:
        if not service.capabilities.recall:
            return
        assert isinstance(service, Recalls)
        taken_back = service.submit(a_document(), MemorySteps())
        for _ in range(2):
            service.recall(taken_back)
            recipient = service.fetch(taken_back).recipients.get(CUSTOMER)
            assert recipient is None or recipient.state is RecipientState.REVOKED
        signed = service.submit(a_document(), MemorySteps())
        act.sign(signed, CUSTOMER)
        with pytest.raises(ItemRejected):
            service.recall(signed)

    def test_several_threads_submit_at_once_without_mixing(self, service: SigningService) -> None:
        documents = [a_document() for _ in range(6)]
        with ThreadPoolExecutor(len(documents)) as pool:
            refs = [*pool.map(lambda document: service.submit(document, MemorySteps()), documents)]
        for document, ref in zip(documents, refs, strict=True):
            assert service.download(ref, Rendition.ORIGINAL).content == document.content

    def test_the_check_says_that_the_service_works(self, service: SigningService) -> None:
        assert service.check().ok

    def test_a_refused_login_is_the_operators_matter(self, service: SigningService, act: OtherSide) -> None:
        act.refuse_us()
        assert not service.check().ok
        with pytest.raises(OperatorNeeded):
            service.submit(a_document(), MemorySteps())


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
