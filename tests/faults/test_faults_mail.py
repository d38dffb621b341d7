"""A mail server that is down, or does not want somebody: orders go on, and nobody else waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ztoe_demo.deployment import CONSUMER_EMAIL
from ztoe_demo.story import STATES
from ztoe_hub.storage.states import WorkState

from .books import check_books, repeats
from .world import NEIGHBOUR_EMAIL

if TYPE_CHECKING:
    from .world import World

pytestmark = pytest.mark.slow


def test_a_mail_server_that_is_down_all_the_time_holds_up_no_order_and_loses_no_e_mail(world: World) -> None:
    world.mail.process.kill()
    world.worker()
    number = world.order()
    world.wait(world.is_over, "the order is completed without any e-mail", meanwhile=world.everybody_acts)
    world.wait_for_reason("send_notice", "the mail server is unreachable")
    listed = [line.split("\t") for line in world.command("outbox", "list").splitlines()]
    notices = [(state, reason) for _, state, kind, _, _, *reason in listed if kind == "send_notice"]
    assert [state for state, _ in notices] == ["due"] * len(STATES)
    world.mail.process.restart()
    world.let_hours_pass()
    world.wait(world.is_settled, "the e-mails are sent")
    check_books(world)
    assert repeats(world) == 0
    assert {mail["subject"] for mail in world.e_mails()} == {
        f"Замовлення № {number}: {state}" for state in STATES
    }


def test_a_refused_recipient_is_parked_with_the_reason_and_the_others_get_their_e_mails(
    world: World,
) -> None:
    world.mail.play("rcpt", 550, at=NEIGHBOUR_EMAIL)
    world.worker()
    world.order(world.neighbour)
    world.order()
    world.wait(world.is_over, "both orders are completed", meanwhile=world.everybody_acts)
    world.wait(lambda: len(world.e_mails(CONSUMER_EMAIL)) == len(STATES), "the others' e-mails arrive")
    world.wait(
        lambda: len(world.work("send_notice", state=WorkState.PARKED)) == len(STATES), "these are parked"
    )
    assert world.e_mails(NEIGHBOUR_EMAIL) == []
    listed = world.command("outbox", "list", "--state", "parked").splitlines()
    assert len(listed) == len(STATES)
    assert all("the mail server refuses the recipient or the message: 550" in line for line in listed)
    assert not any(NEIGHBOUR_EMAIL in line for line in listed), "an address is personal data"

    world.mail.mend()
    assert world.command("outbox", "retry", "--all") == f"{len(STATES)} due again\n"
    world.wait(world.is_settled, "the mended mailbox gets its e-mails")
    check_books(world)
    assert repeats(world) == 0


def test_a_full_mailbox_gets_its_e_mails_later(world: World) -> None:
    world.mail.play("rcpt", 452, at=CONSUMER_EMAIL)
    world.worker()
    world.order()
    world.wait(world.is_over, "the order is completed", meanwhile=world.everybody_acts)
    reasons = world.wait_for_reason("send_notice", "the mail server is busy: 452")
    assert {line.state for line in reasons} <= {WorkState.DUE, WorkState.RUNNING}
    assert world.e_mails() == []
    world.mail.mend()
    world.let_hours_pass()
    world.wait(world.is_settled, "the e-mails are sent")
    check_books(world)
    assert repeats(world) == 0
