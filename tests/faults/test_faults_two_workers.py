"""Two workers on one SQLite file, and one that was frozen longer than its lease: no effect is doubled."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from .books import check_books

if TYPE_CHECKING:
    from .world import World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("crowd")]


def test_two_workers_at_once_double_nothing(world: World) -> None:
    world.end_workers()
    world.paperless.play("delay", 0.2, at="/api2/")
    for _ in range(2):
        world.start_worker(WORK__THREADS="1")
    for _ in range(5):
        world.order()
    world.play_to_the_end(within=60)
    check_books(world)
    assert _at_the_same_time(world.paperless.answered("/api2/")), "with one thread each, both were at work"


@pytest.mark.parametrize("at", ["POST/api2/checked/upload", "POST/api2/checked/share"])
def test_a_worker_that_wakes_up_when_another_has_submitted_takes_nothing_back(world: World, at: str) -> None:
    sleeper = world.worker()
    world.paperless.delay_once(1, at=at)
    world.order()
    world.wait(lambda: world.paperless.used("delay", at=at), "in flight")
    world.freeze(sleeper)
    world.start_worker()
    world.wait(lambda: world.work("follow_document"), "the other has submitted the document")
    sleeper.thaw_and_finish()
    world.play_to_the_end()
    check_books(world)


@pytest.mark.parametrize(
    ("place", "at", "spare"),
    [
        ("paperless", "GET/api2/checked/resource/", "/resource/with"),
        ("paperless", "/resource/withsign/", ""),
        ("base", "PUT/utility/hs/ztoe/v1/orders/", "/files/"),
        ("base", "/invoice", ""),
    ],
    ids=["status poll", "download", "order for billing", "updates and invoice"],
)
def test_a_worker_that_wakes_up_when_all_is_done_does_no_harm(
    world: World, place: str, at: str, spare: str
) -> None:
    sleeper = world.worker()
    world.place(place).delay_once(1, at=at, spare=spare)
    world.order()
    world.wait(lambda: world.place(place).used("delay", at=at), "in flight", meanwhile=world.everybody_acts)
    world.freeze(sleeper)
    world.start_worker()
    world.play_to_the_end()
    sleeper.thaw_and_finish()
    world.play_to_the_end()
    check_books(world)


def test_a_worker_that_wakes_up_with_an_e_mail_in_its_hands_repeats_it(world: World) -> None:
    sleeper = world.worker()
    world.order()
    world.wait(lambda: not world.work("send_notice") and world.work("follow_document"), "it is sent")
    world.mail.delay_once(1, at="")
    world.sign()
    world.wait(lambda: world.mail.used("delay"), "the next e-mail is in flight")
    world.freeze(sleeper)
    world.start_worker()
    world.play_to_the_end()
    sleeper.thaw_and_finish()
    world.play_to_the_end()
    check_books(world)


def test_an_upload_that_arrives_after_another_worker_gave_up_on_it_is_shared_with_nobody(
    world: World,
) -> None:
    upload, share = "POST/api2/checked/upload", "POST/api2/checked/share"
    other = world.worker()
    world.freeze(other)
    sleeper = world.start_worker()
    world.paperless.delay_once(12, at=upload)
    world.paperless.delay_once(8, at=share)
    world.order()
    world.wait(lambda: world.paperless.used("delay", at=upload), "an upload is in flight")
    world.freeze(sleeper)
    other.thaw()
    world.wait(lambda: world.paperless.used("delay", at=share), "the other shares its own upload")
    world.wait(lambda: len(world.documents()) == 2, "the first upload arrives")
    sleeper.thaw_and_finish()
    world.wait(world.is_settled, "the order is completed", meanwhile=world.everybody_acts)
    assert sorted(len(each["shares"]) for each in world.documents()) == [0, 1]


def _at_the_same_time(requests: list[dict[str, Any]]) -> bool:
    spans = sorted(
        (start, start + timedelta(milliseconds=each["took_ms"]))
        for each in requests
        if (start := datetime.fromisoformat(each["at"]))
    )
    return any(later[0] < earlier[1] for earlier, later in pairwise(spans))
