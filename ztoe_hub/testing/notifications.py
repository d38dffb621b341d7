"""What every notification channel has to do: a contract suite to inherit."""
# ruff: noqa: S101  a contract suite asserts

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from ..errors import ItemRejected, TransientError
from ..ports import NotificationChannel
from .fakes.channel import FakeChannel, ReceivedNotice
from .samples import UKRAINIAN, a_notice

__all__ = [
    "UKRAINIAN",
    "FakeChannel",
    "Inbox",
    "NotificationChannelContract",
    "ReceivedNotice",
    "a_notice",
]


class Inbox(Protocol):
    """The far end of a channel under test: what arrived there, and how it is made to refuse."""

    def received(self) -> Sequence[ReceivedNotice]:
        """Everything that arrived, oldest first."""
        ...

    def refuse(self, address: str) -> None:
        """From now on `address` does not exist."""
        ...

    def be_busy(self, address: str) -> None:
        """The next notice to `address` is put off; the one after it goes through."""
        ...


class NotificationChannelContract:
    """Subclass as `TestXyz` and define the fixtures `channel` and `inbox` (an Inbox) at its far end.

    Text is compared without regard to line ends and trailing blanks, which channels may change.
    """

    def test_a_check_finds_it_well_and_sends_nothing(
        self, channel: NotificationChannel, inbox: Inbox
    ) -> None:
        health = channel.check()

        assert health.ok, health.detail
        assert not inbox.received()

    def test_a_notice_arrives_once_and_leaves_a_receipt(
        self, channel: NotificationChannel, inbox: Inbox
    ) -> None:
        notice = a_notice(to="a@polissia.example")

        receipt = channel.send(notice)

        [received] = inbox.received()
        assert received.to == "a@polissia.example"
        assert receipt.reference
        assert receipt.detail

    def test_a_repeat_carries_the_same_key(self, channel: NotificationChannel, inbox: Inbox) -> None:
        notice = a_notice()

        receipts = [channel.send(notice), channel.send(notice)]

        assert len({received.key for received in inbox.received()}) == 1
        assert receipts[0].reference == receipts[1].reference

    def test_different_notices_carry_different_keys(self, channel: NotificationChannel, inbox: Inbox) -> None:
        for key in ("order:19:accepted", "order-19-accepted", "order 19 accepted", "замовлення:19"):
            channel.send(a_notice(key=key))

        assert len({received.key for received in inbox.received()}) == 4

    def test_ukrainian_text_survives(self, channel: NotificationChannel, inbox: Inbox) -> None:
        channel.send(a_notice(subject=UKRAINIAN, text=f"{UKRAINIAN}\n\n.\nКрапка на початку рядка.\n"))

        [received] = inbox.received()
        assert received.subject == UKRAINIAN
        assert _lines(received.text) == [UKRAINIAN, "", ".", "Крапка на початку рядка."]

    def test_a_notice_without_html_arrives(self, channel: NotificationChannel, inbox: Inbox) -> None:
        channel.send(a_notice(text="Лише текст.", html=None))

        assert [_lines(received.text) for received in inbox.received()] == [["Лише текст."]]

    def test_an_address_that_never_works_is_the_items_fault(
        self, channel: NotificationChannel, inbox: Inbox
    ) -> None:
        inbox.refuse("nobody@polissia.example")

        with pytest.raises(ItemRejected):
            channel.send(a_notice(to="nobody@polissia.example"))
        channel.send(a_notice(to="somebody@polissia.example"))

        assert [received.to for received in inbox.received()] == ["somebody@polissia.example"]

    def test_a_busy_server_is_asked_again(self, channel: NotificationChannel, inbox: Inbox) -> None:
        inbox.be_busy("busy@polissia.example")
        notice = a_notice(to="busy@polissia.example")

        with pytest.raises(TransientError):
            channel.send(notice)
        channel.send(notice)

        assert len(inbox.received()) == 1

    def test_several_threads_send_at_once(self, channel: NotificationChannel, inbox: Inbox) -> None:
        notices = [a_notice(to=f"user{number}@polissia.example") for number in range(24)]

        with ThreadPoolExecutor(8) as pool:
            receipts = list(pool.map(channel.send, notices))

        assert len({receipt.reference for receipt in receipts}) == 24
        assert {received.to for received in inbox.received()} == {notice.to for notice in notices}


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]
