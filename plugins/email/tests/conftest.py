"""A channel with the settings of a small local mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ztoe_email.channel import EmailChannel
from ztoe_email.settings import EmailSettings
from ztoe_hub.testing.contexts import adapter_context


@pytest.fixture
def make_channel() -> Iterator[Callable[..., EmailChannel]]:
    """A channel with the settings given, over those of a small local server."""
    context = adapter_context("mail")

    def make(**settings: object) -> EmailChannel:
        defaults = {
            "host": "127.0.0.1",
            "security": "none",
            "sender": "cabinet@oblenergo.example",
            "timeout_s": 5,
        }
        return EmailChannel(EmailSettings.model_validate({**defaults, **settings}), context)

    yield make
    context.http.close()
