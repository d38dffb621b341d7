"""Orders at billing: handed over once, followed in order, and nothing that billing says is lost or done twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ztoe_hub.errors import ItemRejected, NotFound, OperatorNeeded, TransientError
from ztoe_hub.storage.states import OrderState
from ztoe_hub.testing.fakes.billing import FakeBillingSource
from ztoe_hub.testing.hubs import FakePlugin
from ztoe_hub.testing.samples import A_PDF, a_pdf
from ztoe_hub.testing.situations import Situation
from ztoe_hub.values import (
    BillingCapabilities,
    OrderUpdateKind,
    OrderUpdates,
    OutgoingOrder,
    RecipientState,
    Stream,
)

REGISTERED, INVOICED, PAID = OrderUpdateKind.REGISTERED, OrderUpdateKind.INVOICED, OrderUpdateKind.PAID
SCHEDULED, RESCHEDULED = OrderUpdateKind.SCHEDULED, OrderUpdateKind.RESCHEDULED
COMPLETED, REFUSED = OrderUpdateKind.COMPLETED, OrderUpdateKind.REFUSED
FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


class Desk:
    """An accepted order, and the utility's people at work on it."""

    def __init__(self, situation: Situation) -> None:
        self.situation = situation
        self.order_id = situation.accepted()
        self.key = f"hub-{self.order_id}"
        self.billing: FakeBillingSource = situation.fakes.billing
        situation.hub.schedule()
        situation.hub.engine.drain()

    def happen(self, *kinds: OrderUpdateKind, **facts: object) -> None:
        """Let these things happen, and the hub notice."""
        usual: dict[OrderUpdateKind, dict[str, object]] = {
            REGISTERED: {"registration_number": "876-SA"},
            SCHEDULED: {"work_date": FRIDAY},
            RESCHEDULED: {"work_date": MONDAY},
            REFUSED: {"reason": "немає технічної можливості"},
        }
        for kind in kinds:
            self.billing.happen(self.key, kind, **{**usual.get(kind, {}), **facts})
        self.notice()

    def notice(self) -> None:
        self.situation.pass_time(minutes=1)

    def state(self) -> OrderState:
        return self.situation.order(self.order_id).state

    def told(self) -> list[str]:
        prefix = f"Замовлення № {self.order_id}: "
        return [subject.removeprefix(prefix) for subject in self.situation.subjects()][2:]


@pytest.fixture
def desk(situation: Situation) -> Desk:
    return Desk(situation)


def test_an_accepted_order_is_handed_over_with_its_files(desk: Desk) -> None:
    [order] = desk.billing.orders.values()
    assert (order.key, order.service_code, order.service_name) == (
        desk.key,
        "meter-check",
        "Експертиза лічильника",
    )
    assert (order.account_number, order.consumer_code, order.metering_point_key) == (
        "561",
        "125000186",
        "p-1",
    )
    assert (order.eic, order.device_count, str(order.voltage_class_kv)) == ("62Z8102184873135", 1, "0.400")
    assert order.ordered_at.isoformat() == "2026-11-02T10:00:00+02:00"
    files = {file.role: file for file in order.files}
    assert set(files) == {"certificate", "extract", "application", "application_signed"}
    assert files["application_signed"].content == b"signed:" + files["application"].content
    assert files["certificate"].content == a_pdf("certificate")


def test_a_billing_that_is_away_gets_the_order_later_and_once(situation: Situation) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, RecipientState.SIGNED)
    situation.clock.advance(seconds=20)
    for _ in range(4):
        situation.fakes.billing.fail_next = TransientError("1C is away")
        situation.hub.engine.drain()
        situation.clock.advance(minutes=5)
    assert situation.order(order_id).state is OrderState.ACCEPTED
    situation.hub.engine.drain()
    assert list(situation.fakes.billing.orders) == [f"hub-{order_id}"]
    assert not situation.parked()


def test_an_order_goes_through_all_its_states(desk: Desk) -> None:
    desk.happen(REGISTERED)
    order = desk.situation.order(desk.order_id)
    assert (order.state, order.registration_number) == (OrderState.REGISTERED, "876-SA")
    desk.happen(INVOICED)
    hub, user, account = desk.situation.hub, desk.situation.user, desk.situation.account_id
    found = hub.orders.file(user, account, desk.order_id, "invoice")
    assert (found.name, found.content) == (f"Рахунок_замовлення_{desk.order_id}.pdf", A_PDF)
    desk.happen(PAID)
    assert desk.situation.order(desk.order_id).paid_at == desk.billing.updates[-1].at
    assert desk.state() is OrderState.INVOICED
    desk.happen(SCHEDULED)
    assert desk.situation.order(desk.order_id).work_date == FRIDAY
    desk.happen(RESCHEDULED)
    assert desk.situation.order(desk.order_id).work_date == MONDAY
    desk.happen(COMPLETED)
    assert desk.state() is OrderState.COMPLETED
    planned = "Сплановано дату виконання робіт"
    assert desk.told() == [
        "Зареєстровано", "Сформовано рахунок, очікування оплати", planned, planned, "Виконано",
    ]  # fmt: skip
    texts = [message.text for message in desk.situation.hub.messages.of(user)[0]]
    assert any("876-SA" in text for text in texts)
    assert any("20.11.2026" in text for text in texts)
    assert any("23.11.2026" in text for text in texts)
    assert not desk.situation.parked()


def test_everything_at_once_is_applied_in_order(desk: Desk) -> None:
    desk.billing.updates_at_once = 2
    desk.happen(REGISTERED, INVOICED, PAID, SCHEDULED, RESCHEDULED, COMPLETED)
    assert desk.state() is OrderState.COMPLETED
    assert not desk.situation.parked()


def test_a_refusal_comes_with_its_reason(desk: Desk) -> None:
    desk.happen(REGISTERED, REFUSED)
    order = desk.situation.order(desk.order_id)
    assert (order.state, order.refusal_reason) == (OrderState.REFUSED, "немає технічної можливості")
    assert "немає технічної можливості" in desk.situation.hub.messages.of(desk.situation.user)[0][0].text


def test_a_refusal_without_a_reason_is_a_refusal_all_the_same(desk: Desk) -> None:
    desk.happen(REFUSED, reason=None)
    assert desk.state() is OrderState.REFUSED
    assert "None" not in desk.situation.hub.messages.of(desk.situation.user)[0][0].text


@pytest.mark.parametrize(
    ("kinds", "facts"),
    [
        ([REGISTERED], {"registration_number": None}),
        ([REGISTERED], {"registration_number": "x" * 41}),
        ([SCHEDULED], {"work_date": None}),
    ],
)
def test_an_update_that_does_not_say_what_it_should_waits_for_a_person(
    desk: Desk, kinds: list[OrderUpdateKind], facts: dict[str, object]
) -> None:
    if kinds == [SCHEDULED]:
        desk.happen(REGISTERED, INVOICED, PAID)
    before = desk.state()
    desk.happen(*kinds, **facts)
    assert desk.state() == before
    assert list(desk.situation.parked()) == ["apply_order_update"]
    assert not [text for text in desk.told() if "None" in text]


def test_reading_the_same_cursor_again_changes_nothing(desk: Desk, situation: Situation) -> None:
    desk.happen(REGISTERED, INVOICED, PAID, SCHEDULED, RESCHEDULED)
    before, told = situation.order(desk.order_id), desk.told()
    desk.billing.updates += list(desk.billing.updates)  # billing gives everything once more
    desk.notice()
    assert situation.order(desk.order_id) == before
    assert desk.told() == told
    assert not situation.parked()
    desk.happen(COMPLETED, id="another")
    assert desk.state() is OrderState.COMPLETED


def test_an_update_out_of_order_waits_for_a_person_and_can_be_tried_again(desk: Desk) -> None:
    desk.happen(INVOICED)
    assert desk.state() is OrderState.ACCEPTED
    assert list(desk.situation.parked()) == ["apply_order_update"]
    with pytest.raises(NotFound):
        desk.situation.hub.orders.file(
            desk.situation.user, desk.situation.account_id, desk.order_id, "invoice"
        )
    desk.happen(REGISTERED)
    assert desk.state() is OrderState.REGISTERED
    assert desk.situation.retry_parked() == 1
    desk.situation.hub.engine.drain()
    assert desk.state() is OrderState.INVOICED
    assert not desk.situation.parked()
    assert (
        desk.situation.hub.orders.file(
            desk.situation.user, desk.situation.account_id, desk.order_id, "invoice"
        ).content
        == A_PDF
    )


@pytest.mark.parametrize(
    "key", ["hub-999", "999", "1", "hub-", "hub-x", "hub-٣", "", f"hub-{'9' * 40}", "HUB-1"]
)
def test_an_order_that_is_not_ours_waits_for_a_person_and_holds_up_nobody(desk: Desk, key: str) -> None:
    desk.billing.happen(key, REGISTERED, registration_number="1")
    desk.happen(REGISTERED)
    order = desk.situation.order(desk.order_id)
    assert (order.state, order.registration_number) == (OrderState.REGISTERED, "876-SA")
    [reason] = desk.situation.parked().values()
    assert key in str(reason)


def test_another_base_does_not_move_our_order(tmp_path: Path) -> None:
    text = Situation.settings_with('[billing.other]\ntype = "other"\n')
    other = FakePlugin(type_name="other")
    situation = Situation(tmp_path, settings_text=text, plugins=(other,))
    order_id = situation.accepted()
    other.billing.happen(f"hub-{order_id}", REFUSED, reason="a mistake")
    situation.hub.schedule()
    situation.pass_time(minutes=1)
    assert situation.order(order_id).state is OrderState.ACCEPTED
    assert list(situation.parked()) == ["apply_order_update"]
    situation.close()


def test_an_invoice_that_does_not_exist_yet_is_waited_for(desk: Desk) -> None:
    desk.happen(REGISTERED)
    desk.billing.happen(desk.key, INVOICED)
    desk.billing.order_invoices.clear()
    desk.notice()
    assert desk.state() is OrderState.REGISTERED
    desk.billing.order_invoices[desk.key] = a_pdf("invoice")
    desk.situation.pass_time(minutes=10)
    assert desk.state() is OrderState.INVOICED
    assert not desk.situation.parked()


def test_an_invoice_that_billing_will_never_have_waits_for_a_person(desk: Desk) -> None:
    desk.happen(REGISTERED)
    refusing = desk.billing.order_invoice

    def refuse(_: str) -> None:
        raise ItemRejected("no such order")

    desk.billing.order_invoice = refuse  # type: ignore[method-assign, assignment]
    desk.happen(INVOICED)
    assert desk.state() is OrderState.REGISTERED
    assert list(desk.situation.parked()) == ["apply_order_update"]
    desk.billing.order_invoice = refusing  # type: ignore[method-assign]
    desk.situation.retry_parked()
    desk.situation.hub.engine.drain()
    assert desk.state() is OrderState.INVOICED


@pytest.mark.parametrize("error", [TransientError("away"), OperatorNeeded("refused"), ValueError("a defect")])
def test_a_poll_that_fails_is_repeated_and_loses_nothing(desk: Desk, error: Exception) -> None:
    desk.billing.fail_next = error  # type: ignore[assignment]  # a defect is no HubError
    desk.happen(REGISTERED)
    assert desk.state() is OrderState.ACCEPTED
    desk.situation.pass_time(minutes=5)
    assert desk.state() is OrderState.REGISTERED


def test_cancelling_too_late_waits_for_a_person(desk: Desk) -> None:
    def refuse(_: str) -> None:
        raise ItemRejected("the work is planned already")

    desk.billing.cancel_order = refuse  # type: ignore[method-assign, assignment]
    desk.situation.hub.orders.delete(desk.situation.user, desk.situation.account_id, desk.order_id)
    desk.situation.hub.engine.drain()
    assert desk.situation.parked() == {"cancel_order": "the work is planned already"}


def test_a_source_that_takes_no_orders_leaves_them_to_the_staff(situation: Situation) -> None:
    situation.fakes.billing.capabilities = BillingCapabilities(streams=frozenset(Stream))
    situation.hub.schedule()
    order_id = situation.accepted()
    situation.pass_time(hours=1)
    assert situation.order(order_id).state is OrderState.ACCEPTED
    assert situation.fakes.billing.orders == {}
    situation.hub.orders.delete(situation.user, situation.account_id, order_id)
    situation.hub.engine.drain()
    assert not situation.parked()


def test_an_order_whose_source_was_removed_waits_for_the_operator(situation: Situation) -> None:
    order_id = situation.awaiting()
    situation.act(order_id, RecipientState.SIGNED)
    later = situation.another_hub(
        settings_text=situation.settings_text.replace("[billing.main]", "[billing.new]")
    )
    situation.clock.advance(seconds=20)
    later.engine.drain()
    later.close()
    assert situation.parked() == {"send_order": "billing.main is not configured any more"}
    situation.retry_parked()
    situation.hub.engine.drain()
    assert list(situation.fakes.billing.orders) == [f"hub-{order_id}"]


class Slow(FakeBillingSource):
    """Lets something happen while an order, or an answer, is on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[object] = []

    def send_order(self, order: OutgoingOrder) -> None:
        self._happen()
        super().send_order(order)

    def order_updates(self, since: str | None) -> OrderUpdates:
        found = super().order_updates(since)
        self._happen()
        return found

    def cancel_order(self, key: str) -> None:
        if key in self.orders:
            super().cancel_order(key)

    def _happen(self) -> None:
        while self.meanwhile:
            deed = self.meanwhile.pop()
            assert callable(deed)
            deed()


class SlowPlugin(FakePlugin):
    """A plugin whose billing is Slow."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.billing = Slow()


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Situation]:
    situation = Situation(tmp_path, fakes=SlowPlugin)
    yield situation
    situation.close()


def test_an_order_deleted_while_it_is_handed_over_is_cancelled_after_it(slow: Situation) -> None:
    billing = slow.fakes.billing
    assert isinstance(billing, Slow)
    order_id = slow.awaiting()

    def delete() -> None:
        slow.hub.orders.delete(slow.user, slow.account_id, order_id)
        slow.hub.engine.drain()  # the cancellation arrives before the order

    billing.meanwhile.append(delete)
    slow.sign(order_id)
    assert slow.order(order_id).state is OrderState.DELETED
    assert (list(billing.orders), billing.cancelled) == ([f"hub-{order_id}"], {f"hub-{order_id}"})


def test_two_polls_at_once_apply_each_update_once(slow: Situation) -> None:
    billing = slow.fakes.billing
    assert isinstance(billing, Slow)
    desk = Desk(slow)
    desk.happen(REGISTERED, INVOICED, PAID, SCHEDULED)
    other = slow.another_hub()

    def poll_meanwhile() -> None:
        slow.clock.advance(seconds=31)  # the first poll's lease lapses, another worker takes over
        other.engine.drain()

    billing.meanwhile.append(poll_meanwhile)
    billing.happen(desk.key, RESCHEDULED, work_date=MONDAY)
    told = len(desk.told())
    desk.notice()
    other.close()
    assert len(desk.told()) == told + 1
    assert not slow.parked()


def test_updates_of_several_orders_do_not_mix(situation: Situation) -> None:
    first, second = Desk(situation), Desk(situation)
    first.happen(REGISTERED)
    second.happen(REGISTERED, INVOICED)
    assert (first.state(), second.state()) == (OrderState.REGISTERED, OrderState.INVOICED)


def test_what_was_applied_is_known_by_its_number_and_not_by_its_words(desk: Desk) -> None:
    desk.happen(REGISTERED, INVOICED, PAID, SCHEDULED, RESCHEDULED)
    again = replace(desk.billing.updates[-1], id="another", work_date=FRIDAY)
    desk.billing.updates.append(again)
    desk.notice()
    assert desk.situation.order(desk.order_id).work_date == FRIDAY
