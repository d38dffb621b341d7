"""Paperless or 1C down, busy, broken or replaced by a page: the work waits, says why, and ends well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ztoe_hub.storage.states import OrderState, WorkState

from .books import check_books

if TYPE_CHECKING:
    from .world import World

pytestmark = pytest.mark.slow

API = "/api2/"
# One call a try: five failures in a row would open the circuit for half a minute, which is not the matter here.
ONE_CALL = '{"attempts": 1}'
FAULTS = [
    ("status", 429, "HTTP 429"),
    ("status", 500, "HTTP 500"),
    ("html", 1, "Paperless answered with a page instead of data"),
]
OUT_OF_ORDER = pytest.mark.parametrize(
    ("fault", "value", "reason", "state"),
    [
        (*fault, state)
        for fault, state in zip(FAULTS, (WorkState.DUE, WorkState.DUE, WorkState.PARKED), strict=True)
    ],
    ids=["busy", "broken", "a page"],
)


def test_an_order_made_while_paperless_is_down_goes_out_later(world: World) -> None:
    world.end_workers()
    world.start_worker(SIGNING__MAIN__HTTP=ONE_CALL)
    world.paperless.process.kill()
    number = world.order()
    world.wait_for_reason("submit_document", "the provider is unreachable")
    assert world.states() == {number: OrderState.AWAITING_SIGNATURE}
    world.paperless.process.restart()
    world.let_hours_pass()
    world.play_to_the_end()
    check_books(world)


@OUT_OF_ORDER
def test_an_order_made_while_paperless_is_out_of_order_goes_out_later(
    world: World, fault: str, value: int, reason: str, state: WorkState
) -> None:
    world.paperless.play(fault, value, at=API)
    world.worker()
    world.order()
    world.wait_for_reason("submit_document", reason)
    world.wait(lambda: world.work("submit_document", state=state), f"it is {state}")
    assert world.documents() == []
    world.paperless.mend()
    world.let_hours_pass()
    if state is WorkState.PARKED:
        world.command("outbox", "retry", "--all")
    world.play_to_the_end()
    check_books(world)


@pytest.mark.parametrize(
    ("fault", "value", "reason"), FAULTS, ids=["busy", "broken", "a page"]
)  # a question is asked again, whatever came instead of its answer
def test_a_signature_is_noticed_when_paperless_is_in_order_again(
    world: World, fault: str, value: int, reason: str
) -> None:
    world.worker()
    world.order()
    world.wait(lambda: world.work("follow_document"), "the document is followed")
    world.paperless.play(fault, value, at=API)
    world.sign()
    world.wait_for_reason("follow_document", reason)
    world.wait(lambda: world.work("follow_document", state=WorkState.DUE), "it is due again")
    world.paperless.mend()
    world.let_hours_pass()
    world.play_to_the_end()
    check_books(world)


def test_an_order_signed_while_1c_is_down_is_handed_over_later(world: World) -> None:
    world.end_workers()
    world.start_worker(BILLING__UTILITY__HTTP=ONE_CALL)
    number = world.order()
    world.wait(lambda: world.work("follow_document"), "the document is followed")
    world.base.process.kill()
    world.sign()
    world.wait_for_reason("send_order", "the provider is unreachable")
    assert world.states() == {number: OrderState.ACCEPTED}
    world.base.process.restart()
    world.let_hours_pass()
    world.play_to_the_end(within=60)
    check_books(world)


def test_updates_come_when_billing_answers_with_data_again(world: World) -> None:
    world.worker()
    number = world.order()
    world.wait(world.orders_at_base, "billing has the order", meanwhile=world.sign)
    world.base.play("html", at="/order-updates")
    world.staff_act()
    world.wait_for_reason("poll_orders", "the HTTP service answers with a page")
    listed = world.command("outbox", "list").splitlines()
    assert any("poll_orders" in line and "answers with a page" in line for line in listed)
    assert world.states() == {number: OrderState.ACCEPTED}
    world.base.mend()
    world.let_hours_pass()
    world.play_to_the_end()
    check_books(world)
