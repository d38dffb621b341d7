"""The document service in memory keeps the contract of every service, so that tests may trust it."""

from __future__ import annotations

import io

import pypdf
import pytest

from ztoe_hub.errors import ItemRejected, OutcomeUnknown, TransientError
from ztoe_hub.ports import SigningService
from ztoe_hub.testing.signing import (
    CUSTOMER,
    FakeSigningService,
    MemorySteps,
    OtherSide,
    SigningServiceContract,
    a_document,
)
from ztoe_hub.values import RecipientState, RemoteRef, Rendition


@pytest.fixture
def fake() -> FakeSigningService:
    return FakeSigningService()


class TestFakeSigningService(SigningServiceContract):
    @pytest.fixture
    def service(self, fake: FakeSigningService) -> SigningService:
        return fake

    @pytest.fixture
    def act(self, fake: FakeSigningService) -> OtherSide:
        return fake


def test_the_next_call_fails_as_told_and_does_nothing(fake: FakeSigningService) -> None:
    fake.fail_next = TransientError("down", retry_after_s=5)
    with pytest.raises(TransientError):
        fake.submit(a_document(), MemorySteps())
    assert fake.documents() == []
    assert fake.check().ok


def test_a_lost_answer_leaves_the_document_there(fake: FakeSigningService) -> None:
    fake.lose_answer_of = "upload"
    document = a_document()
    with pytest.raises(OutcomeUnknown):
        fake.submit(document, MemorySteps())
    assert fake.documents() == [document.file_name]


def test_any_state_can_be_reached_by_any_recipient(fake: FakeSigningService) -> None:
    ref = fake.submit(a_document(), MemorySteps())
    for state in RecipientState:
        fake.move(ref, CUSTOMER, state)
        assert fake.fetch(ref).recipients[CUSTOMER].state is state


def test_the_signed_container_is_made_as_told(fake: FakeSigningService) -> None:
    fake.container_of = lambda content: b"CMS of " + content[:5]
    ref = fake.submit(a_document(), MemorySteps())
    fake.sign(ref, CUSTOMER)
    assert fake.download(ref, Rendition.SIGNED).content == b"CMS of %PDF-"


def test_a_document_that_was_never_there_is_the_items_fault(fake: FakeSigningService) -> None:
    with pytest.raises(ItemRejected):
        fake.fetch(RemoteRef({"id": 404}))


def test_the_sample_document_is_a_pdf_that_others_can_read() -> None:
    document = a_document(key="k1")
    reader = pypdf.PdfReader(io.BytesIO(document.content), strict=True)
    assert reader.pages[0].extract_text() == "Document k1"
    assert a_document().content != a_document().content
