"""kill -9 of the worker at each step of the story: the next worker ends it, and everything is there, once."""

from __future__ import annotations

import random
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ztoe_demo.story import STATES
from ztoe_hub.storage.states import WorkState

from .books import check_books, repeats

if TYPE_CHECKING:
    from .world import World

pytestmark = pytest.mark.slow

WINDOW_S = 0.7
LIVES, ORDERS = 20, 5


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request of the worker: where it goes, and what in a path tells others from it."""

    place: str
    at: str
    spare: str = ""
    handed_over: bool = False  # it is waited for only when billing has the order
    once: bool = False  # what the counterparty has done is found again and not asked for a second time


STEPS = {
    "upload": Step(place="paperless", at="POST/api2/checked/upload", once=True),
    "share": Step(place="paperless", at="POST/api2/checked/share", once=True),
    "status poll": Step(place="paperless", at="GET/api2/checked/resource/", spare="/resource/with"),
    "download": Step(place="paperless", at="/resource/withsign/"),
    "file for billing": Step(place="base", at="/files/application"),
    "order for billing": Step(place="base", at="PUT/utility/hs/ztoe/v1/orders/", spare="/files/"),
    "order updates": Step(place="base", at="/order-updates", handed_over=True),
    "invoice": Step(place="base", at="/invoice"),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("answered", [False, True], ids=["in flight", "answered but not recorded"])
def test_a_worker_killed_at_a_step_is_made_good_by_the_next(world: World, name: str, answered: bool) -> None:
    step = STEPS[name]
    place = world.place(step.place)
    worker = world.worker()
    if step.handed_over:
        world.order()
        world.wait(world.orders_at_base, "billing has the order", meanwhile=world.sign)
    place.delay_once(WINDOW_S, at=step.at, spare=step.spare)
    if not step.handed_over:
        world.order()
    world.wait(
        lambda: place.used("delay", at=step.at), f"{name} is in flight", meanwhile=world.everybody_acts
    )
    held = place.answered(step.at, but=step.spare)
    with world.nothing_can_be_written() if answered else nullcontext():
        if answered:
            world.wait(lambda: place.answered(step.at, but=step.spare) != held, f"{name} is answered")
        worker.kill()
    world.start_worker()
    world.play_to_the_end()
    check_books(world)
    if step.once:
        assert len(place.answered(step.at)) == 1


def test_a_worker_killed_between_the_archive_and_its_record_is_made_good(world: World) -> None:
    worker = world.worker()
    world.paperless.delay_once(WINDOW_S, at="/resource/withsign/")
    world.order()
    world.wait(
        lambda: world.paperless.used("delay", at="/resource/withsign/"), "a download", meanwhile=world.sign
    )
    kept = _blobs(world)
    with world.nothing_can_be_written():
        world.wait(lambda: _blobs(world) - kept, "the signed container lies in the archive")
        worker.kill()
    world.start_worker()
    world.play_to_the_end()
    check_books(world)


@pytest.mark.parametrize("number", range(len(STATES)), ids=STATES)
def test_a_worker_killed_after_an_e_mail_was_accepted_repeats_it(world: World, number: int) -> None:
    worker = world.worker()
    _play_until_e_mails(world, number)
    world.mail.delay_once(WINDOW_S, at="")
    _make_next_e_mail_due(world, number)
    world.wait(lambda: world.mail.used("delay"), "an e-mail is in flight")
    with world.nothing_can_be_written():
        world.wait(lambda: len(world.e_mails()) == number + 1, "the e-mail is accepted")
        worker.kill()
    world.start_worker()
    world.play_to_the_end()
    check_books(world)
    assert repeats(world) == 1
    assert [mail["subject"].rpartition(": ")[2] for mail in world.e_mails()].count(STATES[number]) == 2


def test_a_worker_killed_while_an_e_mail_is_in_flight_sends_it_again(world: World) -> None:
    worker = world.worker()
    world.mail.delay_once(WINDOW_S, at="")
    world.order()
    world.wait(lambda: world.mail.used("delay"), "an e-mail is in flight")
    worker.kill()
    world.start_worker()
    world.play_to_the_end()
    check_books(world)


@pytest.mark.xdist_group("crowd")
def test_workers_killed_at_random_moments_of_five_orders_at_once(world: World) -> None:
    chance = random.Random(156561010)  # noqa: S311  the same moments every time, as far as clocks go
    for place in (world.paperless, world.base, world.mail):
        place.play("delay", 0.1)
    world.end_workers()
    for _ in range(ORDERS):
        world.order()
    acts = busy = 0
    for life in range(LIVES):
        worker = world.start_worker()
        until = time.monotonic() + chance.uniform(0.05, 0.6)
        while time.monotonic() < until:
            # 30 acts make the story; they are spread so that every life has some of it, and none the end.
            if acts < 1.3 * (life + 1):
                acts += _act_once(world)
            time.sleep(0.05)
        assert not world.is_over(), "every kill is within the story"
        worker.kill()
        busy += bool(world.work(state=WorkState.RUNNING))
    assert busy >= LIVES / 4, "kills hit workers that were at work"
    for place in (world.paperless, world.base, world.mail):
        place.mend()
    world.start_worker()
    world.let_hours_pass()
    world.play_to_the_end(within=60)
    check_books(world)


def _act_once(world: World) -> int:
    """The consumer signs what there is, or else the staff take orders on."""
    return world.sign() or world.staff_act()


def _play_until_e_mails(world: World, number: int) -> None:
    """Play up to the state that the e-mail of this number tells of; it and the earlier ones have come."""
    lasts = ("", "", "register", "invoice", "schedule", "complete")

    def act() -> Any:
        if number >= 2:
            world.sign()
        if number >= 3:
            world.staff_act(last=lasts[number - 1])

    if number:
        world.order()
        world.wait(lambda: len(world.e_mails()) == number, f"{number} e-mails", meanwhile=act)
        world.wait(lambda: not world.work("send_notice"), "they are recorded")


def _make_next_e_mail_due(world: World, number: int) -> None:
    """What people do for the order to reach the next state."""
    if number == 0:
        world.order()
    elif number == 1:
        world.wait(world.sign, "the consumer signs")
    else:
        world.wait(world.staff_act, "the staff act")
        if number == 4:  # paid for; now it can be planned
            world.staff_act()


def _blobs(world: World) -> set[Path]:
    return {path for path in world.hub.settings.hub.files.glob("??/*") if not path.name.startswith(".")}
