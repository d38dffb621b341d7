"""A whole hub for a test: real tables in a folder, adapters in memory, no entry points."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from ..hookspecs import hookimpl
from ..hub import Hub, build_hub, utc_now
from ..ports import AdapterType, BillingSource, NotificationChannel, SignatureReader, SigningService
from ..settings_file import load_settings
from ..storage.schema import upgrade
from .fakes.billing import FakeBillingSource
from .fakes.channel import FakeChannel
from .fakes.reader import FakeReader
from .fakes.signing import FakeSigningService

SECRET_KEY = {"ZTOE_HUB__HUB__SECRET_KEY": "a test needs no secret, but a long one"}

#: One instance of each fake, and two services that can be ordered. Append your own tables.
FAKE_INSTANCES = """
[signing.main]
type = "fake"
title = { uk = "Тестовий сервіс", en = "Test service" }
[notifications.mail]
type = "fake"
[billing.main]
type = "fake"
[signatures.reader]
type = "fake"
[[services]]
code = "meter-check"
title = { uk = "Експертиза лічильника", en = "Meter examination" }
request = "Прошу провести експертизу електролічильника."
[[services]]
code = "meter-replacement"
title = { uk = "Заміна лічильника", en = "Meter replacement" }
request = "Прошу виконати заміну електролічильника."
"""


class FakeSettings(BaseModel):
    """A fake's table has no keys of its own."""

    model_config = ConfigDict(extra="forbid")


class FakePlugin:
    """A plugin whose type `fake` gives the fake it holds, for each of the four ports.

    All instances of a kind are that one fake. For two services, take two plugins with a `type_name` each.
    """

    def __init__(self, *, clock: Callable[[], datetime] = utc_now, type_name: str = "fake") -> None:
        self.type_name = type_name
        self.signing = FakeSigningService(clock=clock)
        self.channel = FakeChannel()
        self.billing = FakeBillingSource()
        self.reader = FakeReader()

    @hookimpl
    def signing_services(self) -> Sequence[AdapterType[SigningService]]:
        return [AdapterType(name=self.type_name, settings=FakeSettings, build=lambda *_: self.signing)]

    @hookimpl
    def notification_channels(self) -> Sequence[AdapterType[NotificationChannel]]:
        return [AdapterType(name=self.type_name, settings=FakeSettings, build=lambda *_: self.channel)]

    @hookimpl
    def billing_sources(self) -> Sequence[AdapterType[BillingSource]]:
        return [AdapterType(name=self.type_name, settings=FakeSettings, build=lambda *_: self.billing)]

    @hookimpl
    def signature_readers(self) -> Sequence[AdapterType[SignatureReader]]:
        return [AdapterType(name=self.type_name, settings=FakeSettings, build=lambda *_: self.reader)]


def hub_with(
    *plugins: object,
    folder: Path,
    settings_text: str = FAKE_INSTANCES,
    clock: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> Hub:
    """A hub over a migrated SQLite in `folder`, with these plugins alone. Close it when the test ends.

    `settings_text` becomes the settings file; the secret key is given beside it. Called again with the
    same folder it opens the same data, as a second process would. Plugins are named `plugin_1` and on.
    Raises ConfigurationError as `build_hub` does.
    """
    file = folder / "ztoe-hub.toml"
    file.write_text(settings_text, "utf-8")
    named = [(f"plugin_{number}", plugin) for number, plugin in enumerate(plugins, 1)]
    hub = build_hub(load_settings(file, SECRET_KEY), plugins=named, clock=clock, sleep=sleep)
    try:
        upgrade(hub.database)
    except BaseException:
        hub.close()
        raise
    return hub
