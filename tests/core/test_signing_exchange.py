"""Documents on their way: the whole life, every way in which it can go wrong, and who hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ztoe_hub.errors import (
    ItemRejected,
    OperatorNeeded,
    OutcomeUnknown,
    ProviderMisconfigured,
    TransientError,
)
from ztoe_hub.hookspecs import hookimpl
from ztoe_hub.storage.states import DocumentState, OrderState
from ztoe_hub.testing.situations import Situation
from ztoe_hub.values import (
    DocumentCompleted,
    RecipientState,
)

AWAITING, ACCEPTED, COLLECTING = "Очікування підпису заяви", "Прийнято", "Збір даних"


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
