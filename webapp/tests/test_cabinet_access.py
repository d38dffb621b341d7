"""Every route, walked from the map of addresses: an unlisted route fails here before it can be forgotten."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from werkzeug.routing import Rule

from ztoe_hub.hub import OrderForm
from ztoe_hub.testing.samples import A_PDF

if TYPE_CHECKING:
    from webapp.tests.conftest import Browser, World

PUBLIC = {
    "/",
    "/favicon.ico",
    "/login",
    "/language",
    "/health/live",
    "/health/ready",
    "/robots.txt",
    "/static/<path:filename>",
}
#: What an id in an address stands for. A new kind of id has to be added here, with a stranger's example.
KNOWN = {"account_id", "order_id", "document_id", "invoice_id", "role", "filename"}


def rules(world: World, method: str | None = None) -> Iterator[Rule]:
    for rule in world.app.url_map.iter_rules():
        if method is None or method in (rule.methods or ()):
            yield rule


def fill(rule: Rule, **values: object) -> str:
    path = rule.rule
    for name in rule.arguments:
        path = re.sub(rf"<[^<>]*{name}>", str(values[name]), path)
    return path


@pytest.fixture
def ids(world: World, order: int, form_of: Callable[..., dict[str, str]]) -> dict[str, dict[str, object]]:
    """Things of ours and of a stranger, of every kind."""
    world.hub.orders.submit(world.user, world.own, order)
    point = world.hub.accounts.metering_points(world.stranger, world.foreign)[0]
    form = OrderForm(**form_of(world, metering_point_id=str(point.id)))
    theirs = world.hub.orders.start(world.stranger, world.foreign, form)
    for role in ("certificate", "extract"):
        world.hub.orders.attach(world.stranger, world.foreign, theirs, role, "a.pdf", A_PDF)
    world.hub.orders.submit(world.stranger, world.foreign, theirs)
    return {
        name: {
            "account_id": account,
            "order_id": an_order,
            "document_id": world.hub.documents.of(user, account)[0].id,
            "invoice_id": _an_invoice(world, user, account),
        }
        for name, user, account, an_order in [
            ("ours", world.user, world.own, order),
            ("theirs", world.stranger, world.foreign, theirs),
        ]
    }


def _an_invoice(world: World, user: object, account: int) -> int:
    month = world.hub.invoices.months(user, account)[0]  # type: ignore[arg-type]
    return world.hub.invoices.of_month(user, account, month)[0].id  # type: ignore[arg-type]


def role_for(rule: Rule) -> str:
    return "original" if "document_id" in rule.arguments else "certificate"


def test_every_id_in_an_address_is_known_and_typed(world: World) -> None:
    for rule in rules(world):
        assert rule.arguments <= KNOWN, f"{rule.rule}: add its ids to this file"
        for name in rule.arguments - {"role", "filename"}:
            assert f"<int:{name}>" in rule.rule


def test_nobody_gets_past_the_public_pages_without_logging_in(world: World) -> None:
    values = dict.fromkeys(KNOWN, 1)
    for rule in rules(world, "GET"):
        if rule.rule not in PUBLIC:
            answer = world.visitor().get(fill(rule, **values))
            assert answer.status_code == 302, rule.rule
            assert answer.location.startswith("/login"), rule.rule
    for rule in rules(world, "POST"):
        if rule.rule not in PUBLIC:
            assert world.visitor().post(fill(rule, **values)).location == "/login", rule.rule


def test_a_strangers_account_is_not_found_on_any_route(
    world: World, consumer: Browser, ids: dict[str, dict[str, object]]
) -> None:
    walked = 0
    for rule in rules(world):
        if "account_id" in rule.arguments:
            path = fill(rule, role=role_for(rule), **ids["theirs"])
            ask = consumer.post if "POST" in (rule.methods or ()) else consumer.get
            assert ask(path).status_code == 404, path
            walked += 1
    assert walked >= 18


def test_a_strangers_thing_under_our_account_is_not_found(
    world: World, consumer: Browser, ids: dict[str, dict[str, object]]
) -> None:
    form = {"message_id": "1"}
    for rule in rules(world):
        for name in rule.arguments & {"order_id", "document_id", "invoice_id"}:
            path = fill(rule, role=role_for(rule), **{**ids["ours"], name: ids["theirs"][name]})
            ask = consumer.post if "POST" in (rule.methods or ()) else consumer.get
            answer = ask(path, **form) if ask == consumer.post else ask(path)
            assert answer.status_code == 404, path


def test_our_own_things_are_found_on_the_same_routes(
    world: World, consumer: Browser, ids: dict[str, dict[str, object]]
) -> None:
    for rule in rules(world, "GET"):
        if "account_id" in rule.arguments:
            path = fill(rule, role=role_for(rule), **ids["ours"])
            assert consumer.get(path).status_code in (200, 302), path


def test_every_form_needs_its_token(
    world: World, consumer: Browser, ids: dict[str, dict[str, object]]
) -> None:
    before = dump(world)
    for rule in rules(world, "POST"):
        for browser in (consumer, world.visitor()):
            answer = browser.client.post(
                fill(rule, role="certificate", **ids["ours"]), data={"message_id": 1}
            )
            assert answer.status_code == 400, rule.rule
            assert "Форма застаріла" in answer.text, rule.rule
    assert dump(world) == before


def test_there_are_no_methods_but_get_and_post(world: World) -> None:
    for rule in rules(world):
        assert rule.methods is not None
        assert rule.methods - {"HEAD", "OPTIONS"} in ({"GET"}, {"POST"}), rule.rule


def test_reading_every_page_changes_nothing(
    world: World, consumer: Browser, ids: dict[str, dict[str, object]]
) -> None:
    for line in world.hub.invoices.of_month(
        world.user, world.own, world.hub.invoices.months(world.user, world.own)[0]
    ):
        world.hub.invoices.pdf(world.user, world.own, line.id)  # fetched from billing once, then kept
    before = dump(world)
    seen, waiting = set(), ["/"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = consumer.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        found = re.findall(r'(?:href|src)="(/[^"#]*)"', answer.text) if answer.mimetype == "text/html" else []
        waiting += {each.replace("&amp;", "&") for each in found} - seen - set(waiting)
    assert len(seen) > 20
    assert dump(world) == before


def dump(world: World) -> list[str]:
    path = world.hub.settings.hub.database.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        return list(connection.iterdump())
