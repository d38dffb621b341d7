"""A notification channel in memory, which is its own inbox."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...errors import HubError, ItemRejected, ProviderMisconfigured, TransientError
from ...values import ChannelCapabilities, DeliveryReceipt, Health, Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedNotice:
    """What arrived at the recipient. `key` is the channel's form of the notice's key (an e-mail's Message-ID)."""

    key: str
    to: str
    subject: str
    text: str


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
