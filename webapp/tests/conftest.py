"""A small utility in memory: two companies, fake billing and document service, and the cabinet over a real SQLite."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel
from werkzeug.test import TestResponse

from ztoe_cabinet.app import create_app
from ztoe_hub import AdapterType, hookimpl
from ztoe_hub.hub import Hub, build_hub
from ztoe_hub.settings_file import load_settings
from ztoe_hub.storage.schema import upgrade
from ztoe_hub.storage.states import Role
from ztoe_hub.testing.billing import RECORD_TYPES
from ztoe_hub.testing.fakes.billing import FakeBillingSource
from ztoe_hub.testing.fakes.signing import FakeSigningService
from ztoe_hub.testing.samples import A_PDF
from ztoe_hub.values import Stream

PASSWORD = "demo-demo-demo"
SETTINGS = """
[hub]
secret_key = "0123456789abcdef0123456789abcdef0123456789abcdef"
public_url = "{public_url}"
utility = {{ uk = "АТ «Житомиробленерго»", en = "Zhytomyroblenergo" }}

[cabinet]
trusted_proxies = {proxies}

[[services]]
code = "expertise"
title = {{ uk = "Експертиза лічильника", en = "Meter examination" }}
request = "провести експертизу електролічильника"

[[services]]
code = "replacement"
title = {{ uk = "Заміна лічильника", en = "Meter replacement" }}
request = "замінити електролічильник"

[billing.base]
type = "fake"

[signing.main]
type = "fake"
title = "Paperless"
"""


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def go(self, **step: float) -> None:
        self.now += timedelta(**step)


class NoSettings(BaseModel):
    """The fakes have none."""


@dataclass
class World:
    """The cabinet with its hub, and both sides' means of doing something to it."""

    hub: Hub
    app: Flask
    clock: Clock
    billing: FakeBillingSource
    signing: FakeSigningService
    own: int = field(init=False)
    second: int = field(init=False)
    foreign: int = field(init=False)

    def __post_init__(self) -> None:
        users = {user.login: user for user in self.hub.users.all()}
        self.own, self.second = (account.id for account in self.hub.accounts.of(users["156561010"]))
        (self.foreign,) = (account.id for account in self.hub.accounts.of(users["200000001"]))

    @property
    def user(self) -> Any:
        return next(user for user in self.hub.users.all() if user.login == "156561010")

    @property
    def stranger(self) -> Any:
        return next(user for user in self.hub.users.all() if user.login == "200000001")

    def visitor(self) -> Browser:
        """A browser that nobody is logged in with."""
        return Browser(self.app.test_client())

    def browser(self, login: str = "156561010", **options: str) -> Browser:
        """A logged-in browser."""
        browser = self.visitor()
        answer = browser.post("/login", login=login, password=PASSWORD, **options)
        assert answer.status_code == 302, answer.text
        return browser


class Browser:
    """A client that sends forms as the pages have them, token included."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, buffered=True, **options)

    def token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/nowhere").text)
        assert found
        return found[1]

    def post(self, path: str, **form: Any) -> TestResponse:
        data = {"csrf_token": self.token(), **form}
        answer = self.client.post(path, data=data, buffered=True)
        answer.request.environ["wsgi.input"].close()  # large forms are in a file that nobody else closes
        return answer

    def cookie(self, name: str = "ztoe_session") -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found else None


def a_form(world: World, **changes: str) -> dict[str, str]:
    """Step 1 as the first account's user fills it in."""
    point = world.hub.accounts.metering_points(world.user, world.own)[0]
    return {
        "service_code": "expertise",
        "metering_point_id": str(point.id),
        "voltage_class_kv": "0.4",
        "device_count": "1",
        "contact_name": "Олена Зразкова",
        "contact_phone": "+380 41 240 00 00",
        **changes,
    }


@pytest.fixture
def form_of() -> Callable[..., dict[str, str]]:
    return a_form


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment with its data, made once and copied for every test."""
    folder = tmp_path_factory.mktemp("deployment")
    hub, _, _ = _open(folder, Clock())
    upgrade(hub.database)
    hub.sync.import_source("base")
    for login, role, tax_code in [
        ("156561010", Role.CONSUMER, "12345678"),
        ("200000001", Role.CONSUMER, "87654321"),
        ("operator", Role.OPERATOR, None),
    ]:
        hub.users.create(
            login=login,
            email=f"{login}@example.com",
            role=role,
            password=PASSWORD,
            tax_code=tax_code,
            actor="test",
        )
    hub.close()
    return folder


@pytest.fixture
def make_world(template: Path, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Make worlds with other settings."""
    opened: list[Hub] = []

    def make(**options: Any) -> World:
        folder = tmp_path / f"world-{len(opened)}"
        shutil.copytree(template, folder)
        clock = Clock()
        hub, billing, signing = _open(folder, clock, **options)
        opened.append(hub)
        return World(hub=hub, app=create_app(hub), clock=clock, billing=billing, signing=signing)

    yield make
    for hub in opened:
        hub.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


@pytest.fixture
def consumer(world: World) -> Browser:
    """The first company's representative, logged in, their first account chosen."""
    browser = world.browser()
    browser.post(f"/accounts/{world.own}/choose")
    return browser


@pytest.fixture
def order(world: World, consumer: Browser) -> int:
    """An order of the first account with both files, not yet submitted."""
    answer = consumer.post(f"/accounts/{world.own}/orders/new", **a_form(world))
    order_id = int(answer.location.split("/")[-2])
    for role in ("certificate", "extract"):
        world.hub.orders.attach(world.user, world.own, order_id, role, f"{role}.pdf", A_PDF)
    return order_id


def _open(
    folder: Path, clock: Clock, *, public_url: str = "http://127.0.0.1:8000", proxies: int = 0
) -> tuple[Hub, FakeBillingSource, FakeSigningService]:
    path = folder / "ztoe-hub.toml"
    path.write_text(SETTINGS.format(public_url=public_url, proxies=proxies), "utf-8")
    billing, signing = FakeBillingSource(_records()), FakeSigningService(clock=clock)
    billing.invoices = {record.key: A_PDF for record in billing.records[Stream.INVOICES]}
    plugin = SimpleNamespace(
        billing_sources=hookimpl(_offering(billing)), signing_services=hookimpl(_offering_documents(signing))
    )
    hub = build_hub(load_settings(path, {}), plugins=[("fakes", plugin)], clock=clock, sleep=lambda _: None)
    return hub, billing, signing


def _offering(billing: FakeBillingSource) -> Callable[[], list[AdapterType[Any]]]:
    def billing_sources() -> list[AdapterType[Any]]:
        return [AdapterType(name="fake", settings=NoSettings, build=lambda *_: billing)]

    return billing_sources


def _offering_documents(signing: FakeSigningService) -> Callable[[], list[AdapterType[Any]]]:
    def signing_services() -> list[AdapterType[Any]]:
        return [AdapterType(name="fake", settings=NoSettings, build=lambda *_: signing)]

    return signing_services


def _records() -> dict[Stream, Any]:
    tables = tomllib.loads(Path(__file__).with_name("companies.toml").read_text("utf-8"))
    return {
        Stream(name): [msgspec.convert(row, RECORD_TYPES[Stream(name)]) for row in rows]
        for name, rows in tables.items()
    }
