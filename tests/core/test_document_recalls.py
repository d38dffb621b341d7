"""Documents that are taken back: before, while and after they are sent, and against whatever happens meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from ztoe_hub.errors import (
    TransientError,
)
from ztoe_hub.ports import SubmitSteps
from ztoe_hub.storage.states import DocumentState, OrderState
from ztoe_hub.testing.fakes.signing import FakeSigningService
from ztoe_hub.testing.hubs import FakePlugin
from ztoe_hub.testing.situations import Situation
from ztoe_hub.values import (
    OutgoingDocument,
    RecipientState,
    RemoteRef,
    SigningCapabilities,
    Snapshot,
)

AWAITING = "Очікування підпису заяви"


def states(situation: Situation) -> list[DocumentState]:
    return [document.state for document in situation.documents()]


def told(situation: Situation, order_id: int) -> list[str]:
    """What the inbox says, without the order's number."""
    return [subject.removeprefix(f"Замовлення № {order_id}: ") for subject in situation.subjects()]


class Meanwhile(FakeSigningService):
    """Lets something happen while a call is on its way: after its effect, before its answer."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.during_submit: list[object] = []
        self.during_fetch: list[object] = []

    def submit(self, document: OutgoingDocument, steps: SubmitSteps) -> RemoteRef:
        ref = super().submit(document, steps)
        self._happen(self.during_submit)
        return ref

    def fetch(self, ref: RemoteRef) -> Snapshot:
        found = super().fetch(ref)
        self._happen(self.during_fetch)
        return found

    def _happen(self, deeds: list[object]) -> None:
        while deeds:
            deed = deeds.pop()
            assert callable(deed)
            deed()


class BusyPlugin(FakePlugin):
    """A plugin whose document service is a Meanwhile."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.busy = Meanwhile(clock=options["clock"])
        self.signing = self.busy


def test_deleting_an_order_recalls_its_document(situation: Situation) -> None:
    order_id = situation.awaiting()
    situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    situation.hub.engine.drain()
    assert states(situation) == [DocumentState.RECALLED]
    assert set(situation.fakes.signing.stored[1].states.values()) == {RecipientState.REVOKED}
    assert situation.order(order_id).state is OrderState.DELETED
    assert told(situation, order_id) == [AWAITING, "Видалено"]
    assert not situation.parked()


def test_a_document_is_recalled_even_if_it_was_just_being_sent(tmp_path: Path) -> None:
    situation = Situation(tmp_path, fakes=BusyPlugin)
    service = situation.fakes.signing
    assert isinstance(service, Meanwhile)
    order_id = situation.collecting()
    situation.hub.orders.submit(situation.user, situation.account_id, order_id)

    def delete_and_recall() -> None:
        situation.hub.orders.delete(situation.user, situation.account_id, order_id)
        situation.hub.engine.drain()

    service.during_submit.append(delete_and_recall)
    situation.hub.engine.drain()
    situation.hub.engine.drain()
    assert states(situation) == [DocumentState.RECALLED]
    assert set(service.stored[1].states.values()) == {RecipientState.REVOKED}
    situation.close()


@pytest.mark.parametrize("step", ["upload", "share"])
def test_a_document_is_recalled_even_if_its_answer_was_lost(situation: Situation, step: str) -> None:
    """It lies at the service, perhaps shared, and the hub does not know where."""
    situation.fakes.signing.lose_answer_of = step
    order_id = situation.awaiting()
    situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    situation.hub.engine.drain()
    situation.pass_time(minutes=10)
    assert states(situation) == [DocumentState.RECALLED]
    assert len(situation.fakes.signing.stored) == 1
    assert set(situation.fakes.signing.stored[1].states.values()) <= {RecipientState.REVOKED}
    assert not situation.parked()


def test_a_document_that_was_never_begun_is_never_sent_after_a_delete(situation: Situation) -> None:
    situation.fakes.signing.fail_next = TransientError("down")
    order_id = situation.awaiting()
    situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    situation.pass_time(minutes=10)
    assert situation.fakes.signing.stored == {}
    assert states(situation) == [DocumentState.RECALLED]


def test_a_document_signed_before_the_recall_stays_signed_and_the_order_deleted(situation: Situation) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, RecipientState.SIGNED)
    situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    situation.hub.engine.drain()
    situation.pass_time(seconds=20)
    assert states(situation) == [DocumentState.COMPLETED]
    assert situation.order(order_id).state is OrderState.DELETED
    assert situation.fakes.billing.orders == {}


def test_a_service_that_cannot_recall_is_not_asked(situation: Situation) -> None:
    order_id = situation.awaiting()
    able = situation.fakes.signing.capabilities
    situation.fakes.signing.capabilities = SigningCapabilities(
        max_bytes=able.max_bytes, media_types=able.media_types, addressing=able.addressing, qualified=True
    )
    situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    situation.hub.engine.drain()
    assert states(situation) == [DocumentState.RECALLED]
    assert set(situation.fakes.signing.stored[1].states.values()) == {RecipientState.SENT}


@pytest.mark.parametrize("theirs", [RecipientState.VIEWED, RecipientState.SIGNED, RecipientState.DECLINED])
def test_a_recall_that_comes_between_asking_and_writing_is_no_trouble(
    tmp_path: Path, theirs: RecipientState
) -> None:
    situation = Situation(tmp_path, fakes=BusyPlugin)
    service = situation.fakes.signing
    assert isinstance(service, Meanwhile)
    order_id = situation.awaiting()
    situation.act(order_id, theirs)

    def delete_and_recall() -> None:
        service.stored[1].states[situation.user.email] = RecipientState.SENT
        situation.hub.orders.delete(situation.user, situation.account_id, order_id)
        situation.hub.engine.drain()

    service.during_fetch.append(delete_and_recall)
    situation.pass_time(seconds=20)
    situation.pass_time(minutes=10)
    assert states(situation) == [DocumentState.RECALLED]
    assert situation.order(order_id).state is OrderState.DELETED
    assert not situation.parked()
    situation.close()
