"""Work that holds up other work, is lost between two others, or runs hot: found in a review."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from ztoe_hub import outbox
from ztoe_hub.engine import embedded
from ztoe_hub.engine.embedded import EmbeddedEngine
from ztoe_hub.engine.running import WorkKind, WorkRunner
from ztoe_hub.errors import ItemRejected, TransientError
from ztoe_hub.outbox import list_work
from ztoe_hub.storage.database import Database
from ztoe_hub.storage.states import OrderState
from ztoe_hub.testing.samples import A_PDF
from ztoe_hub.testing.situations import Situation
from ztoe_hub.values import OrderUpdateKind, RecipientState, RemoteRef

REGISTERED, INVOICED, PAID = OrderUpdateKind.REGISTERED, OrderUpdateKind.INVOICED, OrderUpdateKind.PAID


def test_an_invoice_that_is_missing_holds_up_its_own_order_alone(situation: Situation) -> None:
    one, other = situation.accepted(), situation.accepted()
    situation.hub.schedule()
    billing = situation.fakes.billing
    for kind in (REGISTERED, INVOICED, PAID):
        billing.happen(f"hub-{one}", kind, registration_number="876-SA")
    billing.happen(f"hub-{one}", OrderUpdateKind.SCHEDULED, work_date=date(2026, 11, 20))
    billing.happen(f"hub-{other}", REGISTERED, registration_number="877-SA")
    billing.order_invoices.clear()
    situation.pass_time(minutes=1)
    assert (situation.order(one).state, situation.order(other).state) == (OrderState.REGISTERED,) * 2
    assert not situation.parked()
    billing.order_invoices[f"hub-{one}"] = A_PDF
    for _ in range(4):
        situation.pass_time(minutes=10)
    assert situation.order(one).state is OrderState.SCHEDULED  # what came after it was not given up meanwhile
    assert not situation.parked()


def test_an_order_that_was_handed_over_by_a_worker_that_died_is_cancelled_once_it_is_deleted(
    situation: Situation,
) -> None:
    order_id = situation.awaiting()
    billing = situation.fakes.billing
    send = billing.send_order

    def cancelled_first_then_dead(order: object) -> None:
        situation.hub.orders.delete(situation.user, situation.account_id, order_id)
        situation.hub.engine.drain()
        assert billing.cancelled == {f"hub-{order_id}"}  # billing did not know it yet, and forgets this
        billing.cancelled.clear()
        send(order)  # type: ignore[arg-type]
        raise TransientError("the worker dies before it knows")

    billing.send_order = cancelled_first_then_dead  # type: ignore[method-assign]
    situation.sign(order_id)
    situation.pass_time(minutes=10)
    assert list(billing.orders) == [f"hub-{order_id}"]
    assert billing.cancelled == {f"hub-{order_id}"}


def test_a_recall_that_comes_too_late_waits_for_nobody(situation: Situation) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, RecipientState.SIGNED)
    situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    situation.hub.engine.drain()
    assert not situation.parked()
    situation.pass_time(seconds=20)
    assert [document.state for document in situation.documents()] == ["completed"]


def test_a_recall_of_what_is_gone_leaves_the_document_to_whoever_follows_it(situation: Situation) -> None:
    order_id = situation.awaiting()

    def gone(_: RemoteRef) -> None:
        raise ItemRejected("there is no such document")

    situation.fakes.signing.recall = gone  # type: ignore[method-assign, assignment]
    situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    situation.hub.engine.drain()
    assert not situation.parked()
    assert situation.document(order_id).state == "submitted"


@pytest.mark.parametrize("fails", [False, True])
def test_an_import_by_hand_does_not_put_off_the_one_that_is_planned(
    situation: Situation, fails: bool
) -> None:
    situation.hub.schedule()
    [planned] = [row.due_at for row in list_work(situation.hub.database) if row.kind == "import_billing"]
    situation.clock.advance(hours=23)
    if fails:
        situation.fakes.billing.fail_next = TransientError("away")
        with pytest.raises(TransientError):
            situation.hub.sync.import_by_hand("main")
    else:
        situation.hub.sync.import_by_hand("main")
    [row] = [row for row in list_work(situation.hub.database) if row.kind == "import_billing"]
    assert (row.due_at, row.state) == (planned, "due")


def test_a_database_that_takes_no_writes_is_not_asked_without_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "PAUSE_S", 0.2)
    stop, asked = threading.Event(), []

    class FullDisk(WorkRunner):
        def run_work(self, work_id: int) -> bool:
            asked.append(work_id)
            raise OSError("no space left on device")

    now = datetime(2026, 11, 2, tzinfo=UTC)
    with database.write() as session:
        outbox.add_work(session, "anything", "1", now=now)
    kinds = {"anything": WorkKind(handler=lambda _: None)}
    runner = FullDisk(database, kinds, clock=lambda: now, lease=timedelta(seconds=30))
    engine = EmbeddedEngine(database, runner, clock=lambda: now, threads=1, poll_s=0.01)
    threading.Timer(1.0, stop.set).start()
    engine.serve(stop)
    assert 1 <= len(asked) <= 8
