"""What every answer carries, whatever it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from ztoe_hub.hub import request_id

if TYPE_CHECKING:
    from webapp.tests.conftest import Browser, World

PATHS = [
    "/",
    "/login",
    "/accounts",
    "/messages",
    "/nowhere",
    "/health/live",
    "/robots.txt",
    "/static/cabinet.css",
]


def test_every_route_and_every_error_carries_the_headers(world: World, consumer: Browser) -> None:
    answers = [consumer.get(path) for path in PATHS]
    for rule in world.app.url_map.iter_rules():
        answers.append(world.visitor().get(re.sub(r"<[^>]+>", "1", rule.rule)))
    for answer in answers:
        headers, policy = answer.headers, answer.headers["Content-Security-Policy"]
        for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "geolocation=()" in headers["Permissions-Policy"]
        assert "Access-Control-Allow-Origin" not in headers
        assert "Strict-Transport-Security" not in headers
        if (answer.mimetype or "").startswith("text/"):
            assert headers["Content-Type"].endswith("charset=utf-8")


def test_pages_are_not_kept_and_static_files_are(consumer: Browser) -> None:
    assert consumer.get("/accounts").headers["Cache-Control"] == "no-store"
    assert "immutable" in consumer.get("/static/cabinet.css").headers["Cache-Control"]
    assert consumer.get("/static/nothing.css").headers["Cache-Control"] == "no-store"


def test_scripts_run_by_a_nonce_of_this_answer_alone(consumer: Browser) -> None:
    nonces = set()
    for _ in range(2):
        answer = consumer.get("/accounts")
        found = re.search(r"script-src 'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
        assert found
        assert f'nonce="{found[1]}"' in answer.text
        assert answer.text.count("<script") == 1
        assert "style=" not in answer.text
        assert not re.search(r"\son[a-z]+=", answer.text)
        nonces.add(found[1])
    assert len(nonces) == 2


def test_https_is_demanded_where_there_is_https(make_world: Callable[..., World]) -> None:
    world = make_world(public_url="https://cabinet.example")
    policy = world.visitor().get("/login").headers["Strict-Transport-Security"]
    assert policy == "max-age=31536000; includeSubDomains"


def test_the_request_id_is_ours_and_new_each_time(world: World, consumer: Browser) -> None:
    seen = set()
    for _ in range(3):
        answer = consumer.get("/accounts", headers={"X-Request-Id": "evil"})
        assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-Id"])
        seen.add(answer.headers["X-Request-Id"])
    assert len(seen) == 3
    assert request_id.get() is None


def test_the_audit_names_the_request(world: World, consumer: Browser, order: int) -> None:
    import sqlalchemy as sa

    answer = consumer.post(f"/accounts/{world.own}/orders/{order}/delete")
    with world.hub.database.read() as session:
        found = session.execute(
            sa.text("select request_id from audit_line order by id desc limit 1")
        ).scalar()
    assert found == answer.headers["X-Request-Id"]


def test_health_tells_the_process_from_the_database(world: World) -> None:
    visitor = world.visitor()
    assert visitor.get("/health/live").text == "ok"
    assert visitor.get("/health/ready").text == "ready"
    with world.hub.database.write() as session:
        session.connection().exec_driver_sql("alter table web_session rename to gone")
    assert visitor.get("/health/live").status_code == 200
    assert visitor.get("/health/ready").status_code == 503


def test_robots_read_nothing(world: World) -> None:
    assert world.visitor().get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
