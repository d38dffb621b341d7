"""Both state machines: only the listed moves, one winner, one audit line a move."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlmodel import Session, select

from ztoe_hub.errors import WrongMoment
from ztoe_hub.lifecycle import DOCUMENT_MOVES, ORDER_MOVES, DocumentEvent, OrderEvent, advance, next_state
from ztoe_hub.storage.states import DocumentState, OrderState
from ztoe_hub.storage.tables import AuditLine, Document, ServiceOrder
from ztoe_hub.testing.situations import Situation
from ztoe_hub.values import OrderUpdateKind

# The tables of docs/design, written anew: state -> event -> next.
S, E = OrderState, OrderEvent
ORDERS: Mapping[OrderState, Mapping[OrderEvent, OrderState]] = {
    S.COLLECTING: {E.SUBMIT: S.AWAITING_SIGNATURE, E.DELETE: S.DELETED},
    S.AWAITING_SIGNATURE: {E.ACCEPT: S.ACCEPTED, E.RETURN: S.COLLECTING, E.DELETE: S.DELETED},
    S.ACCEPTED: {E.REGISTER: S.REGISTERED, E.DELETE: S.DELETED, E.REFUSE: S.REFUSED},
    S.REGISTERED: {E.INVOICE: S.INVOICED, E.DELETE: S.DELETED, E.REFUSE: S.REFUSED},
    S.INVOICED: {E.PAY: S.INVOICED, E.SCHEDULE: S.SCHEDULED, E.DELETE: S.DELETED},
    S.SCHEDULED: {E.RESCHEDULE: S.SCHEDULED, E.COMPLETE: S.COMPLETED},
    S.COMPLETED: {},
    S.DELETED: {},
    S.REFUSED: {},
}
D, V = DocumentState, DocumentEvent
AWAITED = {V.SIGN: D.SIGNED, V.DECLINE: D.DECLINED, V.EXPIRE: D.EXPIRED, V.RECALL: D.RECALLED}
DOCUMENTS: Mapping[DocumentState, Mapping[DocumentEvent, DocumentState]] = {
    D.PREPARED: {V.SUBMIT: D.SUBMITTED, V.REJECT: D.FAILED, V.RECALL: D.RECALLED},
    D.SUBMITTED: {V.VIEW: D.VIEWED, **AWAITED},
    D.VIEWED: AWAITED,
    D.SIGNED: {V.ARCHIVE: D.COMPLETED, V.MISMATCH: D.NEEDS_OPERATOR},
    D.NEEDS_OPERATOR: {V.APPROVE: D.COMPLETED, V.REFUSE: D.DECLINED},
    D.FAILED: {V.RETRY: D.PREPARED},
    D.COMPLETED: {},
    D.DECLINED: {},
    D.EXPIRED: {},
    D.RECALLED: {},
}


@pytest.mark.parametrize(("state", "event"), [*itertools.product(OrderState, OrderEvent)])
def test_only_the_listed_moves_of_an_order_are_allowed(state: OrderState, event: OrderEvent) -> None:
    wanted = ORDERS[state].get(event)
    if wanted is not None:
        assert next_state(ORDER_MOVES, state, event) is wanted
        return
    with pytest.raises(WrongMoment):
        next_state(ORDER_MOVES, state, event)


@pytest.mark.parametrize(("state", "event"), [*itertools.product(DocumentState, DocumentEvent)])
def test_only_the_listed_moves_of_a_document_are_allowed(state: DocumentState, event: DocumentEvent) -> None:
    wanted = DOCUMENTS[state].get(event)
    if wanted is not None:
        assert next_state(DOCUMENT_MOVES, state, event) is wanted
        return
    with pytest.raises(WrongMoment):
        next_state(DOCUMENT_MOVES, state, event)


def test_an_order_event_moves_no_document() -> None:
    with pytest.raises(WrongMoment):
        next_state(DOCUMENT_MOVES, OrderState.COLLECTING, OrderEvent.SUBMIT)


def test_a_move_writes_state_version_time_changes_and_one_audit_line(situation: Situation) -> None:
    order_id = situation.accepted()
    at = situation.clock.advance(hours=1)

    with situation.hub.database.write() as session:
        order = session.get_one(ServiceOrder, order_id)
        version = order.version
        advance(session, order, E.REGISTER, now=at, actor="somebody", registration_number="876-SA")

    with situation.hub.database.read() as session:
        order = session.get_one(ServiceOrder, order_id)
        assert (order.state, order.version, order.changed_at) == (S.REGISTERED, version + 1, at)
        assert order.registration_number == "876-SA"
        [line] = _audit(session, order_id, "service_order.register")
        assert (line.actor, line.before, line.at) == ("somebody", "accepted", at)
        assert line.after == 'registered {"registration_number": "876-SA"}'


def test_a_move_that_is_rolled_back_leaves_no_trace(situation: Situation) -> None:
    order_id = situation.accepted()

    class Broken(Exception):
        pass

    with pytest.raises(Broken), situation.hub.database.write() as session:  # noqa: PT012
        order = session.get_one(ServiceOrder, order_id)
        advance(session, order, E.REGISTER, now=situation.clock(), actor="somebody")
        raise Broken

    with situation.hub.database.read() as session:
        assert session.get_one(ServiceOrder, order_id).state is S.ACCEPTED
        assert not _audit(session, order_id, "service_order.register")


def test_of_two_sessions_that_read_the_same_row_one_wins(situation: Situation) -> None:
    order_id = situation.accepted()
    both_have_read = Barrier(2)

    def register(number: str) -> str | None:
        with situation.hub.database.read() as session:
            order = session.get_one(ServiceOrder, order_id)
        both_have_read.wait(10)
        try:
            with situation.hub.database.write() as session:
                order = session.merge(order, load=False)
                advance(session, order, E.REGISTER, now=situation.clock(), actor=number)
        except WrongMoment:
            return None
        return number

    with ThreadPoolExecutor(2) as pool:
        winners = [found for found in pool.map(register, ["one", "other"]) if found]

    assert len(winners) == 1
    with situation.hub.database.read() as session:
        assert [line.actor for line in _audit(session, order_id, "service_order.register")] == winners


def test_a_state_that_came_round_again_is_not_the_one_that_was_read(situation: Situation) -> None:
    order_id = situation.collecting()
    with situation.hub.database.read() as session:
        stale = session.get_one(ServiceOrder, order_id)
    with situation.hub.database.write() as session:
        order = session.get_one(ServiceOrder, order_id)
        advance(session, order, E.SUBMIT, now=situation.clock(), actor="a")
        advance(session, order, E.RETURN, now=situation.clock(), actor="a")

    with pytest.raises(WrongMoment), situation.hub.database.write() as session:
        advance(session, session.merge(stale, load=False), E.SUBMIT, now=situation.clock(), actor="b")


def test_work_is_planned_only_when_it_is_paid_for(situation: Situation) -> None:
    order_id = situation.accepted()
    billing, key = situation.fakes.billing, f"hub-{order_id}"
    billing.happen(key, OrderUpdateKind.REGISTERED, registration_number="1-SA")
    billing.happen(key, OrderUpdateKind.INVOICED)
    billing.happen(key, OrderUpdateKind.SCHEDULED, work_date=situation.clock().date())
    situation.hub.schedule()
    situation.pass_time(seconds=60)

    assert situation.order(order_id).state is S.INVOICED
    assert "apply_order_update" in situation.parked()


def test_a_paid_order_cannot_be_deleted(situation: Situation) -> None:
    order_id = situation.accepted()
    billing, key = situation.fakes.billing, f"hub-{order_id}"
    billing.happen(key, OrderUpdateKind.REGISTERED, registration_number="1-SA")
    billing.happen(key, OrderUpdateKind.INVOICED)
    situation.hub.schedule()
    situation.pass_time(seconds=60)
    assert situation.order(order_id).can_delete
    billing.happen(key, OrderUpdateKind.PAID)
    situation.pass_time(seconds=60)

    assert not situation.order(order_id).can_delete
    with pytest.raises(WrongMoment, match="Оплачене"):
        situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    assert situation.order(order_id).state is S.INVOICED


@pytest.mark.parametrize("state", [*OrderState, *DocumentState])
def test_states_and_versions_are_kept_by_their_words(state: OrderState | DocumentState) -> None:
    assert state == state.value == str(state)


def test_a_document_moves_through_the_same_function(situation: Situation) -> None:
    order_id = situation.awaiting()
    with situation.hub.database.write() as session:
        document = session.get_one(Document, situation.document(order_id).id)
        advance(session, document, V.VIEW, now=situation.clock(), actor="hub")
        assert document.state is D.VIEWED
        with pytest.raises(WrongMoment):
            advance(session, document, V.VIEW, now=situation.clock(), actor="hub")


def _audit(session: Session, order_id: int, action: str) -> list[AuditLine]:
    wanted = AuditLine.subject == f"service_order:{order_id}", AuditLine.action == action
    return list(session.exec(select(AuditLine).where(*wanted)))
