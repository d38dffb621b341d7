"""Notices: the same key on every repeat, one channel that fails keeps no other waiting, and harmless HTML."""

from __future__ import annotations

from pathlib import Path

import pytest

from ztoe_hub.errors import ConfigurationError
from ztoe_hub.outbox import list_work
from ztoe_hub.storage.states import WorkState
from ztoe_hub.storage.tables import CabinetUser
from ztoe_hub.testing.hubs import FakePlugin
from ztoe_hub.testing.records import POLISSIA
from ztoe_hub.testing.samples import CUSTOMER
from ztoe_hub.testing.situations import Situation
from ztoe_hub.values import OrderUpdateKind

SECOND = '[notifications.second]\ntype = "other"\n'


def with_two_channels(folder: Path) -> tuple[Situation, FakePlugin]:
    other = FakePlugin(type_name="other")
    return Situation(folder, settings_text=Situation.settings_with(SECOND), plugins=(other,)), other


def test_a_notice_says_what_the_inbox_says_and_leads_to_it(situation: Situation) -> None:
    order_id = situation.awaiting()
    [notice] = situation.fakes.channel.sent
    [message] = situation.hub.messages.of(situation.user)[0]
    assert (notice.to, notice.language, notice.subject) == (CUSTOMER, "uk", message.subject)
    assert (notice.key, notice.created_at) == (f"order-{order_id}-2", message.created_at)
    link = f"http://127.0.0.1:8000{message.link}"
    assert notice.text.startswith(f"{message.text}\n\n{link}\n\n-- \n")
    assert f'href="{link}"' in str(notice.html)
    assert "Енергопостачальна компанія" in notice.text


def test_every_change_has_its_own_key(situation: Situation) -> None:
    situation.accepted()
    keys = [notice.key for notice in situation.fakes.channel.sent]
    assert len(keys) == len(set(keys)) == 2


def test_a_busy_channel_gets_the_same_notice_later(situation: Situation) -> None:
    situation.fakes.channel.busy[CUSTOMER] = 3
    order_id = situation.awaiting()
    assert situation.fakes.channel.sent == []
    for _ in range(3):
        situation.pass_time(minutes=2)
    [notice] = situation.fakes.channel.sent
    assert notice.key == f"order-{order_id}-2"


def test_a_repeat_after_a_lost_receipt_carries_the_same_key(situation: Situation) -> None:
    channel = situation.fakes.channel
    send = channel.send
    lost = [True]

    def forget(notice: object) -> object:
        receipt = send(notice)  # type: ignore[arg-type]
        if lost.pop() if lost else False:
            raise ConnectionResetError
        return receipt

    channel.send = forget  # type: ignore[method-assign, assignment]
    situation.awaiting()
    situation.pass_time(minutes=1)
    first, second = channel.sent
    assert first == second


def test_an_address_that_never_works_waits_for_a_person_and_the_inbox_has_it_all_the_same(
    situation: Situation,
) -> None:
    situation.fakes.channel.refuse(CUSTOMER)
    situation.awaiting()
    assert situation.parked() == {"send_notice": "the address does not exist"}
    assert len(situation.subjects()) == 1


def test_a_channel_that_is_down_keeps_no_other_waiting(tmp_path: Path) -> None:
    situation, other = with_two_channels(tmp_path)
    situation.fakes.channel.down = True
    situation.awaiting()
    assert (len(situation.fakes.channel.sent), len(other.channel.sent)) == (0, 1)
    situation.fakes.channel.down = False
    situation.pass_time(minutes=1)
    assert situation.fakes.channel.sent == other.channel.sent
    assert len(other.channel.sent) == 1
    situation.close()


def test_a_misconfigured_channel_keeps_its_notices_until_it_is_mended(situation: Situation) -> None:
    situation.fakes.channel.misconfigured = True
    situation.accepted()
    assert len(list_work(situation.hub.database, state=WorkState.PARKED)) == 2
    situation.fakes.channel.misconfigured = False
    situation.retry_parked()
    situation.hub.engine.drain()
    assert len(situation.fakes.channel.sent) == 2


def test_a_channel_that_was_removed_is_no_trouble(tmp_path: Path) -> None:
    situation, other = with_two_channels(tmp_path)
    other.channel.down = True
    situation.awaiting()
    later = situation.another_hub(other, settings_text=Situation.settings_with(""))
    situation.clock.advance(minutes=1)
    later.engine.drain()
    later.close()
    assert not situation.parked()
    assert "send_notice" not in {row.kind for row in list_work(situation.hub.database)}
    situation.close()


def test_without_a_channel_the_inbox_is_enough(tmp_path: Path) -> None:
    text = Situation.settings_with("").replace('[notifications.mail]\ntype = "fake"\n', "")
    situation = Situation(tmp_path, settings_text=text)
    situation.accepted()
    assert len(situation.subjects()) == 2
    assert not [row for row in list_work(situation.hub.database) if row.kind == "send_notice"]
    situation.close()


def test_the_address_of_today_is_used_and_not_that_of_the_message(situation: Situation) -> None:
    situation.fakes.channel.busy[CUSTOMER] = 1
    situation.awaiting()
    with situation.hub.database.write() as session:
        row = session.get_one(CabinetUser, situation.user.id)
        row.email = "new@polissia.example"
        session.add(row)
    situation.pass_time(minutes=1)
    assert [notice.to for notice in situation.fakes.channel.sent] == ["new@polissia.example"]


REASON = "<script>alert(\"1\")</script> {braces} {reason} %s & 'лапки'\r\nBcc: x@y.example"


def test_what_others_wrote_stays_text(situation: Situation) -> None:
    order_id = situation.accepted()
    situation.fakes.billing.happen(f"hub-{order_id}", OrderUpdateKind.REFUSED, reason=REASON)
    situation.hub.schedule()
    situation.pass_time(minutes=1)
    notice = situation.fakes.channel.sent[-1]
    assert REASON in notice.text
    assert "<script>" not in str(notice.html)
    assert "&lt;script&gt;" in str(notice.html)
    assert "\n" not in notice.subject
    assert "\r" not in notice.subject


def test_english_users_are_told_in_english(situation: Situation) -> None:
    with situation.hub.database.write() as session:
        row = session.get_one(CabinetUser, situation.user.id)
        row.language = "en"
        session.add(row)
    situation.awaiting()
    [notice] = situation.fakes.channel.sent
    assert notice.language == "en"
    assert '<html lang="en">' in str(notice.html)
    assert "Energy company" in notice.text


def test_a_user_of_no_known_login_is_told_nothing(situation: Situation) -> None:
    stranger = situation.add_user("156561028", "foreign@example.com")
    situation.awaiting()
    assert situation.hub.messages.of(stranger)[0] == []
    assert {notice.to for notice in situation.fakes.channel.sent} == {CUSTOMER}
    assert situation.user.login == POLISSIA


def test_two_channels_of_an_unknown_type_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"notifications\.second\.type"):
        Situation(tmp_path, settings_text=Situation.settings_with(SECOND))
