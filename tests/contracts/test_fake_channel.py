"""The channel in memory keeps the contract of every channel, so that tests may trust it."""

from __future__ import annotations

import pytest

from ztoe_hub.errors import ProviderMisconfigured, TransientError
from ztoe_hub.ports import NotificationChannel
from ztoe_hub.testing.notifications import FakeChannel, Inbox, NotificationChannelContract, a_notice


class TestFakeChannel(NotificationChannelContract):
    @pytest.fixture
    def fake(self) -> FakeChannel:
        return FakeChannel()

    @pytest.fixture
    def channel(self, fake: FakeChannel) -> NotificationChannel:
        return fake

    @pytest.fixture
    def inbox(self, fake: FakeChannel) -> Inbox:
        return fake

    def test_it_can_be_down_for_a_while(self, fake: FakeChannel) -> None:
        fake.down = True

        assert not fake.check().ok
        with pytest.raises(TransientError):
            fake.send(a_notice())
        assert not fake.sent

    def test_it_can_need_an_operator(self, fake: FakeChannel) -> None:
        fake.misconfigured = True

        assert not fake.check().ok
        with pytest.raises(ProviderMisconfigured):
            fake.send(a_notice())

    def test_two_notices_never_share_a_key_by_accident(self) -> None:
        assert a_notice().key != a_notice().key
