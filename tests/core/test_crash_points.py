"""The process dies at every point of an order's life; in the end everything has happened just once."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from ztoe_hub.hookspecs import hookimpl
from ztoe_hub.ports import AdapterType, BillingSource, NotificationChannel, SignatureReader, SigningService
from ztoe_hub.storage.states import OrderState
from ztoe_hub.testing.clocks import FrozenClock
from ztoe_hub.testing.fakes.billing import FakeBillingSource
from ztoe_hub.testing.hubs import FakePlugin, FakeSettings
from ztoe_hub.testing.situations import Situation
from ztoe_hub.testing.steps import Interrupted
from ztoe_hub.values import OrderUpdateKind, RecipientState


class Moments:
    """Counts the moments at which the process may die; dies once, at the chosen one."""

    def __init__(self) -> None:
        self.passed = 0
        self.die_at: int | None = None

    def pass_one(self) -> None:
        self.passed += 1
        if self.passed - 1 == self.die_at:
            raise Interrupted

    @contextmanager
    def around(self) -> Iterator[None]:
        """One moment before, one after."""
        self.pass_one()
        yield
        self.pass_one()


class Dying:
    """Stands before an object: each call of these methods has a moment before its effect and one after."""

    def __init__(self, inner: object, moments: Moments, methods: Sequence[str]) -> None:
        self._inner = inner
        self._moments = moments
        self._methods = methods

    def __getattr__(self, name: str) -> object:
        value = getattr(self._inner, name)
        return self._dying(value) if name in self._methods else value

    def _has_news(self, cursor: object) -> bool:
        return isinstance(self._inner, FakeBillingSource) and len(self._inner.updates) > int(str(cursor or 0))

    def _dying(self, method: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            if method.__name__ == "order_updates" and not self._has_news(arguments[0]):
                return method(*arguments)  # an idle poll is no moment of an order's life
            mortal = [
                Dying(each, self._moments, ["begin", "save"]) if hasattr(each, "is_bound") else each
                for each in arguments
            ]
            with self._moments.around():
                return method(*mortal)

        return call


class DyingPlugin(FakePlugin):
    """The fakes behind Dying, for every port that work calls."""

    def __init__(self, *, clock: FrozenClock) -> None:
        super().__init__(clock=clock)
        self.moments = Moments()

    def _offer(self, inner: object, *methods: str) -> list[AdapterType[object]]:
        def build(*_: object) -> object:
            return Dying(inner, self.moments, methods)

        return [AdapterType(name="fake", settings=FakeSettings, build=build)]

    @hookimpl
    def signing_services(self) -> Sequence[AdapterType[SigningService]]:
        return self._offer(self.signing, "submit", "fetch", "download", "recall")  # type: ignore[return-value]

    @hookimpl
    def notification_channels(self) -> Sequence[AdapterType[NotificationChannel]]:
        return self._offer(self.channel, "send")  # type: ignore[return-value]

    @hookimpl
    def billing_sources(self) -> Sequence[AdapterType[BillingSource]]:
        return self._offer(self.billing, "send_order", "order_updates", "order_invoice")  # type: ignore[return-value]

    @hookimpl
    def signature_readers(self) -> Sequence[AdapterType[SignatureReader]]:
        return self._offer(self.reader, "read")  # type: ignore[return-value]


class Life:
    """An order's whole life, in a process that is started again whenever it dies."""

    def __init__(self, folder: Path, die_at: int | None) -> None:
        self.situation = Situation(folder, fakes=DyingPlugin)
        assert isinstance(self.situation.fakes, DyingPlugin)
        self.moments = self.situation.fakes.moments
        self.moments.die_at = die_at
        self.deaths = 0
        self.situation.hub.schedule()

    def run_for(self, minutes: int) -> None:
        """Let time pass; a process that died is replaced, and its leases lapse."""
        for _ in range(minutes):
            self.situation.clock.advance(minutes=1)
            try:
                self.situation.hub.engine.drain()
            except Interrupted:
                self.deaths += 1
                self.situation.hub.close()
                self.situation.hub = self.situation.another_hub()

    def live(self) -> int:
        """From the submit to the last update; returns the order's number."""
        situation = self.situation
        order_id = situation.collecting()
        situation.hub.orders.submit(situation.user, situation.account_id, order_id)
        self.run_for(4)
        situation.act(order_id, RecipientState.VIEWED)
        self.run_for(4)
        situation.act(order_id, RecipientState.SIGNED)
        self.run_for(6)
        billing, key = situation.fakes.billing, f"hub-{order_id}"
        billing.happen(key, OrderUpdateKind.REGISTERED, registration_number="876-SA")
        billing.happen(key, OrderUpdateKind.INVOICED)
        billing.happen(key, OrderUpdateKind.PAID)
        self.run_for(4)
        day = situation.clock().date()
        billing.happen(key, OrderUpdateKind.SCHEDULED, work_date=day)
        billing.happen(key, OrderUpdateKind.COMPLETED)
        self.run_for(6)
        return order_id


STATES = [
    "Очікування підпису заяви",
    "Прийнято",
    "Зареєстровано",
    "Сформовано рахунок, очікування оплати",
    "Сплановано дату виконання робіт",
    "Виконано",
]
MOMENTS = 52  # counted by the test of a life without a death


def check(life: Life, order_id: int) -> None:
    situation = life.situation
    order = situation.order(order_id)
    assert order.state is OrderState.COMPLETED
    assert order.registration_number == "876-SA"
    assert order.paid_at is not None
    assert len(situation.fakes.signing.stored) == 1
    assert len(situation.documents()) == 1
    assert list(situation.fakes.billing.orders) == [f"hub-{order_id}"]
    assert situation.subjects() == [f"Замовлення № {order_id}: {state}" for state in STATES]
    sent = Counter((notice.key, notice.subject, notice.text) for notice in situation.fakes.channel.sent)
    assert len(sent) == len({key for key, _, _ in sent}) == len(STATES)
    assert set(sent.values()) <= {1, 2}
    assert sum(sent.values()) <= len(STATES) + life.deaths
    assert not situation.parked()


def test_a_life_without_a_death_passes_these_moments(tmp_path: Path) -> None:
    life = Life(tmp_path, None)
    check(life, life.live())
    assert life.deaths == 0
    assert life.moments.passed == MOMENTS
    life.situation.close()


@pytest.mark.parametrize("moment", [*range(MOMENTS)])
def test_dying_at_any_moment_makes_nothing_twice_and_loses_nothing(tmp_path: Path, moment: int) -> None:
    life = Life(tmp_path, moment)
    check(life, life.live())
    assert life.deaths == 1
    life.situation.close()


def test_dying_again_and_again_changes_nothing_either(tmp_path: Path) -> None:
    life = Life(tmp_path, 0)
    deaths = itertools.count(7, 7)

    class Often(Moments):
        def pass_one(self) -> None:
            self.passed += 1
            if self.passed == self.die_at:
                self.die_at = self.passed + next(deaths)
                raise Interrupted

    often = Often()
    often.die_at = 3
    assert isinstance(life.situation.fakes, DyingPlugin)
    life.situation.fakes.moments = often
    life.situation.hub.close()
    life.situation.hub = life.situation.another_hub()
    check(life, life.live())
    assert life.deaths > 3
    life.situation.close()
