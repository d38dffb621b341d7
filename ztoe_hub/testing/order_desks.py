"""The contract of every billing source that takes service orders."""

# ruff: noqa: S101 - these are tests, only kept where plugin authors can import them

from __future__ import annotations

import uuid
from datetime import date
from typing import Protocol

import pytest

from ..errors import ItemRejected, TransientError
from ..ports import OrderDesk
from ..values import OrderUpdate, OrderUpdateKind, OutgoingOrder
from .samples import an_order


class DeskStaff(Protocol):
    """The utility's people at the other end, for OrderDeskContract: each act does what its name says."""

    def received(self, key: str) -> int:
        """How many orders with this key the desk has."""
        ...

    def register(self, key: str, number: str) -> None: ...
    def invoice(self, key: str) -> None: ...
    def pay(self, key: str) -> None: ...
    def schedule(self, key: str, day: date) -> None: ...
    def reschedule(self, key: str, day: date) -> None: ...
    def complete(self, key: str) -> None: ...


class OrderDeskContract:
    """A source that takes orders. Fixtures: `desk`, `act` (a DeskStaff) and, where accounts matter, `order`."""

    @pytest.fixture
    def desk(self) -> OrderDesk:
        raise NotImplementedError("define a `desk` fixture")

    @pytest.fixture
    def act(self) -> DeskStaff:
        raise NotImplementedError("define an `act` fixture")

    @pytest.fixture
    def order(self) -> OutgoingOrder:
        """An order that the desk has not seen yet."""
        return an_order(str(uuid.uuid4()))

    def test_sending_twice_is_one_order(self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder) -> None:
        desk.send_order(order)
        desk.send_order(order)
        assert act.received(order.key) == 1

    def test_sending_again_after_it_was_registered_changes_nothing(
        self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder
    ) -> None:
        desk.send_order(order)
        act.register(order.key, "876-SA")
        desk.send_order(order)
        assert [update.kind for update in updates_of(desk, order.key)] == [OrderUpdateKind.REGISTERED]

    def test_updates_tell_what_happened_in_order(
        self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder
    ) -> None:
        desk.send_order(order)
        _bring_to_the_end(act, order.key)
        updates = updates_of(desk, order.key)
        assert [update.kind.value for update in updates] == [
            "registered", "invoiced", "paid", "scheduled", "rescheduled", "completed",
        ]  # fmt: skip
        assert updates[0].registration_number == "876-SA"
        assert [update.work_date for update in updates[3:5]] == [date(2024, 3, 22), date(2024, 3, 25)]
        assert all(update.at.tzinfo is not None for update in updates)
        assert len({update.id for update in updates}) == len(updates)

    def test_an_old_cursor_can_be_read_again(
        self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder
    ) -> None:
        desk.send_order(order)
        _, before = all_updates(desk, None)
        act.register(order.key, "45-DF122")
        act.invoice(order.key)
        first, after = all_updates(desk, before)
        again, _ = all_updates(desk, before)
        assert [update.kind for update in first] == [OrderUpdateKind.REGISTERED, OrderUpdateKind.INVOICED]
        assert again == first
        assert all_updates(desk, after)[0] == []

    def test_cancelling_can_be_repeated(self, desk: OrderDesk, order: OutgoingOrder) -> None:
        desk.send_order(order)
        desk.cancel_order(order.key)
        desk.cancel_order(order.key)

    def test_cancelling_planned_work_is_too_late(
        self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder
    ) -> None:
        desk.send_order(order)
        _bring_to_the_end(act, order.key)
        with pytest.raises(ItemRejected):
            desk.cancel_order(order.key)

    def test_the_invoice_comes_when_it_exists(
        self, desk: OrderDesk, act: DeskStaff, order: OutgoingOrder
    ) -> None:
        desk.send_order(order)
        act.register(order.key, "877-SA")
        with pytest.raises(TransientError):
            desk.order_invoice(order.key)
        act.invoice(order.key)
        assert desk.order_invoice(order.key).content.startswith(b"%PDF-")


def _bring_to_the_end(act: DeskStaff, key: str) -> None:
    act.register(key, "876-SA")
    act.invoice(key)
    act.pay(key)
    act.schedule(key, date(2024, 3, 22))
    act.reschedule(key, date(2024, 3, 25))
    act.complete(key)


def all_updates(desk: OrderDesk, since: str | None) -> tuple[list[OrderUpdate], str]:
    """All updates after a cursor, batch by batch, and the cursor after the last."""
    found: list[OrderUpdate] = []
    while True:
        batch = desk.order_updates(since)
        found.extend(batch.updates)
        since = batch.cursor
        if not batch.more:
            return found, since


def updates_of(desk: OrderDesk, key: str) -> list[OrderUpdate]:
    """All that ever happened to one order."""
    return [update for update in all_updates(desk, None)[0] if update.order_key == key]
