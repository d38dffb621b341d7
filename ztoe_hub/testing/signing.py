"""What every document service has to do: a contract suite to inherit."""
# ruff: noqa: S101  a contract suite asserts

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Protocol

import pytest

from ..errors import ItemRejected, OperatorNeeded, OutcomeUnknown, TransientError
from ..ports import Recalls, SigningService
from ..values import RecipientState, RemoteRef, Rendition
from .fakes.signing import FakeSigningService, StoredDocument
from .samples import CUSTOMER, a_document, a_pdf
from .steps import Interrupted, MemorySteps

__all__ = [
    "CUSTOMER",
    "FakeSigningService",
    "Interrupted",
    "MemorySteps",
    "OtherSide",
    "SigningServiceContract",
    "StoredDocument",
    "a_document",
    "a_pdf",
]


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
