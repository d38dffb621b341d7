"""A sandbox 1C over a real socket, and sources that read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import httpx
import pytest

from ztoe_billing_1c import LIMITS
from ztoe_billing_1c.service import OneCSource
from ztoe_billing_1c.settings import OneCSettings
from ztoe_hub import AdapterContext
from ztoe_hub.testing.contexts import adapter_context
from ztoe_sandbox.process import Counterparty

APRIL = datetime(2018, 4, 15, tzinfo=UTC)
MakeSource = Callable[..., OneCSource]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """The address of a base with the manual's data and 30 generated consumers."""
    with Counterparty("1c", "--consumers", "30") as counterparty:
        yield counterparty.url


@pytest.fixture
def make_source() -> Iterator[MakeSource]:
    """Build a source for an address; settings are keywords. It lives in April 2018 and looks back to January."""
    contexts: list[AdapterContext] = []

    def make(
        url: str, *, transport: httpx.BaseTransport | None = None, now: datetime = APRIL, **settings: object
    ) -> OneCSource:
        context = adapter_context(
            limits=LIMITS,
            transport=transport,
            clock=lambda: now,
            sleep=lambda _: None,
        )
        contexts.append(context)
        given: dict[str, object] = {
            "base_url": f"{url}/utility",
            "service_url": f"{url}/utility/hs/ztoe",
            "username": "Адміністратор",
            "password": "demo",
            "history_from": date(2018, 1, 1),
            "page_size": 40,
        }
        return OneCSource(OneCSettings.model_validate(given | settings), context)

    yield make
    for context in contexts:
        context.http.close()


@pytest.fixture
def source(sandbox: str, make_source: MakeSource) -> OneCSource:
    """The sandbox as it is."""
    return make_source(sandbox)
