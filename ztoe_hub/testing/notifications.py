"""What every notification channel has to do: a contract suite to inherit, and a channel in memory."""
# ruff: noqa: S101  a contract suite asserts

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import pytest

from ..errors import HubError, ItemRejected, ProviderMisconfigured, TransientError
from ..ports import NotificationChannel
from ..values import ChannelCapabilities, DeliveryReceipt, Health, Notice

UKRAINIAN = "Заяву № 876-SA прийнято: ґанок, їжак, єнот, об’єкт «Полісся» — ₴ 1 744,48"

_numbers = itertools.count(1)


def a_notice(
    *,
    key: str | None = None,
    to: str = "bukhgalter@polissia.example",
    language: str = "uk",
    subject: str = "Замовлення послуги: статус змінено",
    text: str = "Доброго дня!\n\nСтатус Вашого замовлення змінено на «Прийнято».\n",
    html: str | None = "<p>Доброго дня!</p><p>Статус Вашого замовлення змінено на «Прийнято».</p>",
    created_at: datetime = datetime(2026, 11, 2, 8, 15, 30, tzinfo=UTC),
) -> Notice:
    """A notice that any channel can carry; its key is unique in the process unless given."""
    return Notice(
        key=key or f"notice-{next(_numbers)}",
        to=to,
        language=language,
        subject=subject,
        text=text,
        html=html,
        created_at=created_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedNotice:
    """What arrived at the recipient. `key` is the channel's form of the notice's key (an e-mail's Message-ID)."""

    key: str
    to: str
    subject: str
    text: str


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


@dataclass
class FakeChannel:
    """A channel in memory, which is its own inbox. Steer it by setting the attributes.

    `rejected` are addresses that never work, `busy` counts the refusals that an address still has ahead
    of it, `down` makes every call fail for now and `misconfigured` until an operator acts. `sent` holds
    every notice taken over, repeats included.
    """

    capabilities: ChannelCapabilities = field(
        default_factory=lambda: ChannelCapabilities(address_kind="email", html=True)
    )
    rejected: set[str] = field(default_factory=set)
    busy: dict[str, int] = field(default_factory=dict)
    down: bool = False
    misconfigured: bool = False
    sent: list[Notice] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def check(self) -> Health:
        """As `send` would find it."""
        try:
            self._connect()
        except HubError as error:
            return Health(ok=False, detail=str(error))
        return Health(ok=True, detail="in memory")

    def send(self, notice: Notice) -> DeliveryReceipt:
        """Keep the notice in `sent`, unless an attribute says otherwise."""
        self._connect()
        with self._lock:
            if notice.to in self.rejected:
                raise ItemRejected("the address does not exist")
            if self.busy.get(notice.to, 0) > 0:
                self.busy[notice.to] -= 1
                raise TransientError("the server is busy")
            self.sent.append(notice)
        return DeliveryReceipt(reference=notice.key, detail="kept in memory")

    def received(self) -> Sequence[ReceivedNotice]:
        """`sent`, as the recipients see it."""
        with self._lock:
            return [ReceivedNotice(key=n.key, to=n.to, subject=n.subject, text=n.text) for n in self.sent]

    def refuse(self, address: str) -> None:
        """Put `address` among the `rejected`."""
        self.rejected.add(address)

    def be_busy(self, address: str) -> None:
        """Let `busy` hold one refusal for `address`."""
        self.busy[address] = 1

    def _connect(self) -> None:
        if self.misconfigured:
            raise ProviderMisconfigured("the channel refuses our credentials")
        if self.down:
            raise TransientError("the channel is unreachable")


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
