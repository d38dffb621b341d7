"""Entry, exit, and what a copy of a cookie is worth afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:
    from webapp.tests.conftest import Browser, World

PASSWORD = "demo-demo-demo"
REFUSED = "Користувача з таким паролем не знайдено."


def is_in(browser: Browser) -> bool:
    return browser.get("/accounts").status_code == 200


def replay(world: World, token: str | None) -> Browser:
    """Somebody else's browser with a copy of the cookie."""
    browser = world.visitor()
    browser.client.set_cookie("ztoe_session", token or "")
    return browser


def test_a_visitor_is_led_to_the_login_and_back(world: World) -> None:
    browser = world.visitor()
    answer = browser.get("/messages?unread=1")
    assert answer.location == "/login?next=/messages?unread%3D1"
    answer = browser.post("/login", login="156561010", password=PASSWORD, next="/messages?unread=1")
    assert answer.location == "/messages?unread=1"
    assert is_in(browser)


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(world: World) -> None:
    browser = world.visitor()
    for login, password in [("156561010", "a-false-one"), ("nobody", PASSWORD), ("operator", "a-false-one")]:
        answer = browser.post("/login", login=login, password=password)
        assert answer.status_code == 400
        assert REFUSED in answer.text
        assert f'value="{login}"' in answer.text
        assert password not in answer.text
    assert browser.cookie() is None


def test_empty_fields_are_named(world: World) -> None:
    answer = world.visitor().post("/login", login=" ", password="")
    assert 'href="#login">Введіть користувача.' in answer.text
    assert 'href="#password">Введіть пароль.' in answer.text


def test_many_wrong_passwords_are_slowed_down(world: World) -> None:
    browser = world.visitor()
    for _ in range(10):
        browser.post("/login", login="156561010", password="a-false-one")
    answer = browser.post("/login", login="156561010", password=PASSWORD)
    assert answer.status_code == 429
    assert "Забагато невдалих спроб" in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 900


@pytest.mark.parametrize("options", [{}, {"remember": "1"}], ids=["plain", "remembered"])
def test_after_logout_the_browser_and_every_copy_of_its_cookie_are_out(
    world: World, options: dict[str, str]
) -> None:
    browser = world.browser(**options)
    token = browser.cookie()
    assert is_in(replay(world, token))
    assert browser.post("/logout").location == "/login"
    assert browser.cookie() is None
    assert not is_in(browser)
    assert not is_in(replay(world, token))


def test_a_remembered_session_lasts_a_month_and_a_plain_one_does_not_outlive_idleness(world: World) -> None:
    plain, remembered = world.browser(), world.browser(remember="1")
    assert plain.client.get_cookie("ztoe_session").max_age is None  # type: ignore[union-attr]
    assert remembered.client.get_cookie("ztoe_session").max_age == 30 * 86400  # type: ignore[union-attr]
    world.clock.go(hours=2)
    assert not is_in(plain)
    assert is_in(remembered)
    world.clock.go(days=30)
    assert not is_in(remembered)


def test_a_session_ends_after_its_longest_time_however_busy_it_is(world: World) -> None:
    browser = world.browser()
    for _ in range(23):
        world.clock.go(minutes=31)
        assert is_in(browser)
    world.clock.go(minutes=31)
    assert not is_in(browser)


def test_blocking_a_user_ends_their_sessions(world: World) -> None:
    browser = world.browser(remember="1")
    world.hub.users.block("156561010", blocked=True, actor="test")
    assert not is_in(browser)


def test_the_token_changes_at_login_and_the_earlier_one_ends(world: World) -> None:
    browser = world.browser()
    earlier = browser.cookie()
    browser.post("/login", login="156561010", password=PASSWORD)
    assert browser.cookie() != earlier
    assert not is_in(replay(world, earlier))


def test_the_database_does_not_hold_the_token(world: World) -> None:
    token = world.browser().cookie()
    with world.hub.database.read() as session:
        kept = session.execute(sa.text("select id_hash from web_session")).scalars().all()
    assert token not in kept


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "https:evil.example",
        r"\\evil.example",
        r"/\evil.example",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        " //evil.example",
        "evil",
        "",
    ],
)
def test_next_leads_nowhere_but_into_the_cabinet(world: World, target: str) -> None:
    browser = world.visitor()
    assert browser.post("/login", login="156561010", password=PASSWORD, next=target).location == "/"
    assert browser.get("/login", query_string={"next": target}).location == "/"
    assert browser.post("/language", language="en", next=target).location == "/"


def test_the_cookie_is_for_this_host_and_tls_when_the_cabinet_is_reached_by_https(
    make_world: Callable[..., World],
) -> None:
    world = make_world(public_url="https://cabinet.example")
    base = {"base_url": "https://cabinet.example", "headers": {"Referer": "https://cabinet.example/login"}}
    browser = world.visitor()
    page = browser.get("/login", base_url="https://cabinet.example").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    data = {"csrf_token": token, "login": "156561010", "password": PASSWORD}
    answer = browser.client.post("/login", data=data, **base)
    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if "ztoe_session" in each]
    assert cookie.startswith("__Host-ztoe_session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert browser.client.get("/login", base_url="https://cabinet.example").location == "/"


def test_a_forwarded_address_is_believed_only_behind_a_configured_proxy(
    make_world: Callable[..., World],
) -> None:
    for proxies, expected in [(0, "127.0.0.1"), (1, "203.0.113.9")]:
        world = make_world(proxies=proxies)
        browser = world.visitor()
        data = {"csrf_token": browser.token(), "login": "156561010", "password": PASSWORD}
        browser.client.post("/login", data=data, headers={"X-Forwarded-For": "203.0.113.9"})
        with world.hub.database.read() as session:
            assert session.execute(sa.text("select ip from web_session")).scalars().all() == [expected]


def test_the_start_page_leads_to_where_work_goes_on(world: World) -> None:
    assert world.visitor().get("/").location == "/login"
    browser = world.browser()
    assert browser.get("/").location == "/accounts"
    browser.post(f"/accounts/{world.second}/choose")
    assert browser.get("/").location == f"/accounts/{world.second}/statement"
