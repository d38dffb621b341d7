"""Documents on their way: the whole life, every way in which it can go wrong, and who hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ztoe_hub.errors import (
    ItemRejected,
    NotFound,
    OperatorNeeded,
    OutcomeUnknown,
    ProviderMisconfigured,
    TransientError,
    WrongMoment,
)
from ztoe_hub.hookspecs import hookimpl
from ztoe_hub.ports import SubmitSteps
from ztoe_hub.storage.states import DocumentState, OrderState
from ztoe_hub.testing.fakes.reader import a_signer
from ztoe_hub.testing.fakes.signing import FakeSigningService
from ztoe_hub.testing.hubs import FakePlugin
from ztoe_hub.testing.situations import Situation
from ztoe_hub.values import (
    ContainerFormat,
    DocumentCompleted,
    OutgoingDocument,
    RecipientState,
    RemoteRef,
    Signer,
    SigningCapabilities,
    Snapshot,
)

AWAITING, ACCEPTED, COLLECTING = "Очікування підпису заяви", "Прийнято", "Збір даних"


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


def states(situation: Situation) -> list[DocumentState]:
    return [document.state for document in situation.documents()]


def told(situation: Situation, order_id: int) -> list[str]:
    """What the inbox says, without the order's number."""
    return [subject.removeprefix(f"Замовлення № {order_id}: ") for subject in situation.subjects()]


def test_the_whole_life_of_a_document(situation: Situation) -> None:
    order_id = situation.collecting()
    situation.hub.orders.submit(situation.user, situation.account_id, order_id)
    view = situation.order(order_id).document
    assert view is not None
    assert (view.state, view.sign_url, view.awaits_signature) == (DocumentState.PREPARED, None, False)

    situation.hub.engine.drain()
    view = situation.order(order_id).document
    assert view is not None
    assert (view.state, view.sign_url) == (DocumentState.SUBMITTED, "https://signing.example")
    assert view.service_title.uk == "Тестовий сервіс"

    situation.act(order_id, RecipientState.VIEWED)
    situation.pass_time(seconds=20)
    assert states(situation) == [DocumentState.VIEWED]
    assert situation.order(order_id).state is OrderState.AWAITING_SIGNATURE

    situation.sign(order_id)
    order = situation.order(order_id)
    view = order.document
    assert view is not None
    assert (order.state, view.state, view.problem) == (OrderState.ACCEPTED, DocumentState.COMPLETED, None)
    assert told(situation, order_id) == [AWAITING, ACCEPTED]
    original = situation.hub.documents.file(situation.user, situation.account_id, view.id, "original")
    signed = situation.hub.documents.file(situation.user, situation.account_id, view.id, "signed")
    assert signed.content == b"signed:" + original.content
    assert (signed.name, signed.media_type) == (f"Підписаний_{view.name}.p7s", "application/pkcs7-mime")
    assert view.verdict is not None
    assert (view.verdict["same_document"], view.verdict["matches_customer"]) == (True, True)
    assert view.verdict["signed_sha256"] == view.files["signed"].sha256
    assert not situation.parked()


def test_nothing_goes_on_when_the_document_has_ended(situation: Situation) -> None:
    situation.accepted()
    situation.fakes.signing.fail_next = ItemRejected("nobody should ask")
    for _ in range(3):
        assert situation.pass_time(hours=2) == 0
    assert not situation.parked()


def test_a_document_is_looked_at_ever_less_often(situation: Situation) -> None:
    situation.awaiting()
    looks = []
    for _ in range(7 * 24 * 60):
        if situation.pass_time(minutes=1):
            looks.append(situation.clock())
    first, last = looks[1] - looks[0], looks[-1] - looks[-2]
    assert first.total_seconds() <= 60
    assert 55 * 60 <= last.total_seconds() <= 61 * 60
    assert len(looks) < 350


@pytest.mark.parametrize("step", ["upload", "share"])
def test_a_lost_answer_makes_no_second_document(situation: Situation, step: str) -> None:
    situation.fakes.signing.lose_answer_of = step
    order_id = situation.awaiting()
    assert states(situation) == [DocumentState.PREPARED]
    situation.pass_time(minutes=1)
    assert states(situation) == [DocumentState.SUBMITTED]
    assert len(situation.fakes.signing.documents()) == 1
    situation.sign(order_id)
    assert situation.order(order_id).state is OrderState.ACCEPTED
    assert told(situation, order_id) == [AWAITING, ACCEPTED]


@pytest.mark.parametrize("error", [TransientError("down"), OutcomeUnknown("lost"), ValueError("a defect")])
def test_a_service_that_is_down_for_a_while_delays_and_loses_nothing(
    situation: Situation, error: Exception
) -> None:
    order_id = situation.collecting()
    situation.hub.orders.submit(situation.user, situation.account_id, order_id)
    for _ in range(5):
        situation.fakes.signing.fail_next = error  # type: ignore[assignment]  # a defect is no HubError
        situation.hub.engine.drain()
        situation.clock.advance(minutes=2)
    assert states(situation) == [DocumentState.PREPARED]
    situation.pass_time(minutes=2)
    assert states(situation) == [DocumentState.SUBMITTED]
    for _ in range(5):
        situation.fakes.signing.fail_next = error  # type: ignore[assignment]
        situation.pass_time(minutes=2)
    situation.sign(order_id)
    situation.pass_time(minutes=10)
    assert situation.order(order_id).state is OrderState.ACCEPTED
    assert len(situation.fakes.signing.documents()) == 1
    assert not situation.parked()


def test_a_refused_login_keeps_the_document_until_the_operator_has_mended_it(situation: Situation) -> None:
    situation.fakes.signing.refuses_us = True
    order_id = situation.awaiting()
    assert states(situation) == [DocumentState.PREPARED]
    assert situation.order(order_id).state is OrderState.AWAITING_SIGNATURE
    assert situation.parked() == {"submit_document": "the fake refuses the login"}
    situation.fakes.signing.refuses_us = False
    assert situation.retry_parked() == 1
    situation.hub.engine.drain()
    assert states(situation) == [DocumentState.SUBMITTED]


def test_a_document_that_is_rejected_brings_the_order_back_with_a_message(situation: Situation) -> None:
    situation.fakes.signing.fail_next = ItemRejected("the address is unknown there")
    order_id = situation.awaiting()
    order = situation.order(order_id)
    assert (order.state, order.can_submit) == (OrderState.COLLECTING, True)
    assert order.return_reason == "Не вдалося надіслати"
    assert states(situation) == [DocumentState.FAILED]
    assert told(situation, order_id) == [AWAITING, COLLECTING]
    assert situation.documents()[0].problem == "the address is unknown there"
    assert "не вдалося надіслати" in situation.hub.messages.of(situation.user)[0][0].text
    assert not situation.parked()


ENDS = [
    (RecipientState.DECLINED, DocumentState.DECLINED, "Відхилено"),
    (RecipientState.EXPIRED, DocumentState.EXPIRED, "Строк минув"),
    (RecipientState.REVOKED, DocumentState.RECALLED, "Відкликано"),
]


@pytest.mark.parametrize(("theirs", "ours", "reason"), ENDS)
def test_a_document_that_is_not_signed_brings_the_order_back(
    situation: Situation, theirs: RecipientState, ours: DocumentState, reason: str
) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, theirs)
    situation.pass_time(seconds=20)
    order = situation.order(order_id)
    assert (order.state, order.return_reason) == (OrderState.COLLECTING, reason)
    assert states(situation) == [ours]
    assert told(situation, order_id) == [AWAITING, COLLECTING]
    assert reason.lower() in situation.hub.messages.of(situation.user)[0][0].text


@pytest.mark.parametrize("theirs", [RecipientState.UNKNOWN, RecipientState.AWAITING, RecipientState.SENT])
def test_a_state_that_says_nothing_changes_nothing(situation: Situation, theirs: RecipientState) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, theirs)
    situation.pass_time(minutes=10)
    assert states(situation) == [DocumentState.SUBMITTED]
    situation.sign(order_id)
    situation.pass_time(minutes=10)
    assert states(situation) == [DocumentState.COMPLETED]


def test_a_recipient_that_the_service_does_not_name_changes_nothing(situation: Situation) -> None:
    order_id = situation.awaiting()
    situation.fakes.signing.stored[1].states.clear()
    situation.pass_time(minutes=10)
    assert situation.order(order_id).state is OrderState.AWAITING_SIGNATURE
    assert not situation.parked()


def test_an_order_that_is_sent_anew_is_a_new_document_that_replaces_the_old(situation: Situation) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, RecipientState.DECLINED)
    situation.pass_time(seconds=20)
    situation.clock.advance(minutes=5)
    situation.hub.orders.change(
        situation.user, situation.account_id, order_id, situation.form(device_count="3")
    )
    situation.hub.orders.submit(situation.user, situation.account_id, order_id)
    situation.hub.engine.drain()
    first, second = situation.documents()
    assert (first.state, second.state, second.replaces_id) == (
        DocumentState.DECLINED,
        DocumentState.SUBMITTED,
        first.id,
    )
    assert first.remote_ref != second.remote_ref
    situation.sign(order_id)
    assert situation.order(order_id).state is OrderState.ACCEPTED
    assert told(situation, order_id) == [AWAITING, COLLECTING, AWAITING, ACCEPTED]


def test_a_lost_answer_is_never_mistaken_for_the_earlier_document(situation: Situation) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, RecipientState.DECLINED)
    situation.pass_time(seconds=20)
    situation.fakes.signing.lose_answer_of = "upload"
    situation.hub.orders.submit(situation.user, situation.account_id, order_id)
    situation.hub.engine.drain()
    situation.pass_time(minutes=1)
    first, second = situation.documents()
    assert first.remote_ref != second.remote_ref
    assert len(situation.fakes.signing.stored) == 2


DOUBTS: dict[str, tuple[list[Signer], bytes | None, str]] = {
    "somebody else's signature": ([a_signer("12500021")], None, "Підписав хтось інший"),
    "nobody's signature": ([], None, "не знайдено підпису"),
    "another document": ([a_signer()], b"another", "інший документ"),
    "a broken digest": ([a_signer(digest_ok=False)], None, "невідповідність"),
    "a broken signature": ([a_signer(signature_ok=False)], None, "невідповідність"),
    "a broken chain": ([a_signer(chain_ok=False)], None, "невідповідність"),
    "a certificate out of time": ([a_signer(time_ok=False)], None, "невідповідність"),
    "one good and one broken": (
        [a_signer(), a_signer("12500021", signature_ok=False)],
        None,
        "невідповідність",
    ),
}


@pytest.mark.parametrize("what", [*DOUBTS])
@pytest.mark.parametrize("approve", [True, False])
def test_a_doubtful_signature_waits_for_a_person(situation: Situation, what: str, approve: bool) -> None:
    signers, content, problem = DOUBTS[what]
    situation.fakes.reader.signers = signers
    situation.fakes.reader.content = content
    order_id = situation.accepted()
    [document] = situation.documents()
    assert document.state is DocumentState.NEEDS_OPERATOR
    assert problem in str(document.problem)
    assert situation.order(order_id).state is OrderState.AWAITING_SIGNATURE
    assert situation.hub.documents.file(
        situation.user, situation.account_id, document.id or 0, "signed"
    ).content

    situation.hub.signing.settle(document.id or 0, approve=approve, word="перевірено", actor="cli")
    situation.hub.engine.drain()
    state = situation.order(order_id).state
    assert state is (OrderState.ACCEPTED if approve else OrderState.COLLECTING)
    assert bool(situation.fakes.billing.orders) is approve
    assert situation.documents()[0].problem == "перевірено"
    with pytest.raises(WrongMoment):
        situation.hub.signing.settle(document.id or 0, approve=approve, word="again", actor="cli")


def test_parts_that_were_not_checked_settle_nothing_either_way(situation: Situation) -> None:
    unchecked = dict.fromkeys(("digest_ok", "signature_ok", "chain_ok", "time_ok", "seal", "time_source"))
    situation.fakes.reader.signers = [a_signer(**unchecked)]
    order_id = situation.accepted()
    assert situation.order(order_id).state is OrderState.ACCEPTED


@pytest.mark.parametrize("digest_ok", [True, False, None])
def test_a_detached_signature_counts_by_its_digest(situation: Situation, digest_ok: bool | None) -> None:
    situation.fakes.reader.format = ContainerFormat.CMS_DETACHED
    situation.fakes.reader.signers = [a_signer(digest_ok=digest_ok)]
    order_id = situation.accepted()
    accepted = situation.order(order_id).state is OrderState.ACCEPTED
    assert accepted is (digest_ok is True)


def test_a_sole_traders_code_counts_too(situation: Situation) -> None:
    situation.fakes.reader.signers = [a_signer(None, rnokpp="12500015")]
    order_id = situation.accepted()
    assert situation.order(order_id).state is OrderState.ACCEPTED


def test_bytes_that_are_no_container_wait_for_a_person(situation: Situation) -> None:
    situation.fakes.signing.container_of = lambda _: b"<html>sorry</html>"
    situation.accepted()
    [document] = situation.documents()
    assert document.state is DocumentState.NEEDS_OPERATOR
    view = situation.hub.documents.get(situation.user, situation.account_id, document.id or 0)
    assert view.files["signed"].media_type == "application/octet-stream"


def test_a_document_that_is_not_there_cannot_be_settled(situation: Situation) -> None:
    with pytest.raises(NotFound):
        situation.hub.signing.settle(404, approve=True, word="x", actor="cli")


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


def test_a_service_that_says_signed_and_takes_it_back_is_asked_again(situation: Situation) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, RecipientState.SIGNED)
    situation.fakes.signing.stored[1].signed = None
    situation.pass_time(seconds=20)
    assert states(situation) == [DocumentState.SIGNED]
    situation.act(order_id, RecipientState.SIGNED)
    situation.pass_time(minutes=1)
    assert states(situation) == [DocumentState.COMPLETED]


def test_a_service_that_was_removed_from_the_settings_parks_its_documents(situation: Situation) -> None:
    order_id = situation.awaiting()
    text = situation.settings_text.replace("[signing.main]", "[signing.new]")
    later = situation.another_hub(settings_text=text)
    situation.clock.advance(seconds=20)
    later.engine.drain()
    assert situation.parked() == {"follow_document": "signing.main is not configured any more"}
    view = later.documents.of(situation.user, situation.account_id)[0]
    assert (view.service_title.uk, view.sign_url) == ("main", None)
    later.close()
    situation.retry_parked()
    situation.sign(order_id)
    assert situation.order(order_id).state is OrderState.ACCEPTED


def test_without_a_reader_the_signature_waits(situation: Situation) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, RecipientState.SIGNED)
    text = situation.settings_text.replace('[signatures.reader]\ntype = "fake"\n', "")
    later = situation.another_hub(settings_text=text)
    situation.clock.advance(seconds=20)
    later.engine.drain()
    later.close()
    assert "signatures.kep" in str(situation.parked()["archive_document"])
    situation.retry_parked()
    situation.hub.engine.drain()
    assert situation.order(order_id).state is OrderState.ACCEPTED


def test_listeners_hear_of_a_completed_document_once(tmp_path: Path) -> None:
    heard: list[DocumentCompleted] = []

    class Ear:
        @hookimpl
        def document_completed(self, event: DocumentCompleted) -> None:
            heard.append(event)

    situation = Situation(tmp_path, plugins=(Ear(),))
    order_id = situation.accepted()
    situation.pass_time(days=1)
    [event] = heard
    [document] = situation.documents()
    assert (event.document_id, event.origin, event.subject_id) == (document.id, "application", order_id)
    assert list(event.signer_tax_codes) == ["12500015"]
    assert event.signed_sha256 == (document.verdict or {})["signed_sha256"]
    situation.close()


def test_two_orders_do_not_mix(situation: Situation) -> None:
    first, second = situation.awaiting(), situation.awaiting()
    situation.sign(second)
    assert situation.order(first).state is OrderState.AWAITING_SIGNATURE
    assert situation.order(second).state is OrderState.ACCEPTED


@pytest.mark.parametrize("error", [OperatorNeeded("x"), ProviderMisconfigured("x")])
def test_a_document_whose_service_needs_an_operator_is_followed_again_after_a_retry(
    situation: Situation, error: OperatorNeeded
) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, RecipientState.SIGNED)
    situation.fakes.signing.fail_next = error
    situation.pass_time(seconds=20)
    assert list(situation.parked()) == ["follow_document"]
    situation.retry_parked()
    situation.hub.engine.drain()
    assert situation.order(order_id).state is OrderState.ACCEPTED
