"""Answers get lost after the work was done: in the end everything is there, and once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .books import check_books, repeats

if TYPE_CHECKING:
    from .world import World

pytestmark = pytest.mark.slow

UPLOAD, SHARE = "POST/api2/checked/upload", "POST/api2/checked/share"
FILES, ORDER, UPDATES = "/files/", "PUT/utility/hs/ztoe/v1/orders/", "/order-updates"


def test_nothing_is_amiss_when_nothing_is(world: World) -> None:
    world.worker()
    world.order()
    world.play_to_the_end()
    check_books(world)
    assert repeats(world) == 0


@pytest.mark.parametrize(("place", "at"), [("paperless", UPLOAD), ("paperless", SHARE), ("base", UPDATES)])
def test_a_lost_answer_loses_and_doubles_nothing(world: World, place: str, at: str) -> None:
    world.place(place).play("lost", at=at, times=1)
    world.worker()
    world.order()
    world.play_to_the_end()
    assert world.place(place).used("lost", at=at) == 1
    check_books(world)
    if place == "paperless":
        assert len(world.paperless.answered(at)) == 1, "what was done is looked up, not done again"


def test_a_lost_answer_to_the_order_itself_makes_no_second_order(world: World) -> None:
    world.base.delay_once(0.5, at=ORDER, spare=FILES)
    world.worker()
    world.order()
    world.wait(lambda: world.base.used("delay", at=ORDER), "the order is on its way", meanwhile=world.sign)
    world.base.play("lost", at=ORDER, times=1)
    world.play_to_the_end()
    assert world.base.used("lost", at=ORDER) == 1
    assert [each["status"] for each in world.base.answered(ORDER, but=FILES)] == [201, 200]
    check_books(world)


def test_a_lost_answer_to_an_e_mail_repeats_it_under_the_same_message_id(world: World) -> None:
    world.mail.play("lost", times=2)
    world.worker()
    world.order()
    world.play_to_the_end()
    check_books(world)
    assert repeats(world) == 2
