"""Logging in to Paperless, and what happens when the session or the login is refused."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from ztoe_hub.errors import OperatorNeeded, ProviderMisconfigured, TransientError, UnexpectedAnswer
from ztoe_hub.testing.signing import MemorySteps, a_document
from ztoe_hub.values import RemoteRef
from ztoe_paperless.service import PaperlessService

if TYPE_CHECKING:
    from .conftest import Script

CLIENT_ID = "00000000-0000-4000-8000-000000000001"
REF = RemoteRef({"id": 7, "hash": "h/7"})


def test_the_login_proves_the_secret_without_sending_it(service: PaperlessService, paperless: Script) -> None:
    assert service.check().ok
    authorize, token, check = paperless.requests
    assert parse_qs(authorize.content.decode()) == {
        "response_type": ["code"],
        "agentCheck": ["true"],
        "client_id": [CLIENT_ID],
    }
    assert authorize.headers["Accept"] == "application/json"
    assert parse_qs(token.content.decode()) == {
        "grant_type": ["authorization_code"],
        "client_id": [CLIENT_ID],
        "code": ["c0de"],
        "client_secret": [hashlib.sha512(f"{CLIENT_ID}s3cretc0de".encode()).hexdigest()],
    }
    assert check.headers["Cookie"] == f'sessionId="Bearer t1, Id {CLIENT_ID}"'
    assert "Authorization" not in check.headers


def test_one_login_serves_many_calls(service: PaperlessService, paperless: Script) -> None:
    for _ in range(3):
        service.submit(a_document(), MemorySteps())
    paths = [request.url.path.rpartition("/")[2] for request in paperless.requests]
    assert paths == ["authorize", "token", *["upload", "7"] * 3]


def test_a_code_in_markup_is_read_too(service: PaperlessService, paperless: Script) -> None:
    paperless.on("/oauth/authorize", text="<answer><state>ok</state><code> c0de </code></answer>")
    assert service.check().ok


@pytest.mark.parametrize(
    "reply",
    [
        {"json": {"state": "err", "desc": "client not found"}},
        {"status": 403},
        {"status": 404, "text": "no such page"},
    ],
)
def test_a_refused_client_is_a_misconfiguration(
    service: PaperlessService, paperless: Script, reply: dict[str, object]
) -> None:
    paperless.on("/oauth/authorize", **reply)  # type: ignore[arg-type]
    with pytest.raises(ProviderMisconfigured):
        service.fetch(REF)
    assert not service.check().ok


@pytest.mark.parametrize("path", ["/oauth/authorize", "/oauth/token"])
@pytest.mark.parametrize("text", ["<html>maintenance</html>", "{}", '{"state": "ok"}', "[]"])
def test_a_login_answer_out_of_shape_is_the_operators_matter(
    service: PaperlessService, paperless: Script, path: str, text: str
) -> None:
    paperless.on(path, text=text)
    with pytest.raises(UnexpectedAnswer):
        service.fetch(REF)


def test_a_refused_secret_is_a_misconfiguration_and_not_repeated_at_once(
    service: PaperlessService, paperless: Script
) -> None:
    paperless.on("/oauth/token", json={"error": "invalid_grant", "error_description": "no"})
    for _ in range(5):
        with pytest.raises(ProviderMisconfigured, match="invalid_grant"):
            service.fetch(REF)
    assert len(paperless.called("/oauth/token")) == 1
    paperless.now += timedelta(seconds=61)
    paperless.on("/oauth/token", json={"access_token": "t9"})
    assert service.check().ok


def test_a_token_that_would_break_out_of_the_cookie_is_refused(
    service: PaperlessService, paperless: Script
) -> None:
    paperless.on("/oauth/token", json={"access_token": 'x", Id evil\r\nHost: evil'})
    with pytest.raises(UnexpectedAnswer):
        service.fetch(REF)


def test_a_lost_login_answer_has_no_unknown_outcome(service: PaperlessService, paperless: Script) -> None:
    paperless.lose("/oauth/token")
    with pytest.raises(TransientError):
        service.submit(a_document(), MemorySteps())
    assert not paperless.called("/checked/upload")


@pytest.mark.parametrize(
    ("status", "body"), [(403, {}), (401, {}), (423, {}), (200, {"error": "session expired"})]
)
def test_an_expired_session_is_renewed_once(
    service: PaperlessService, paperless: Script, status: int, body: dict[str, str]
) -> None:
    assert service.check().ok
    paperless.on("/resource/7", status, json=body)
    paperless.on("/resource/7", again=True, json={"id": 7, "shares": {"a@b.ua": 1}})
    assert set(service.fetch(REF).recipients) == {"a@b.ua"}
    cookies = [request.headers["Cookie"].split(",")[0] for request in paperless.called("/resource/7")]
    assert cookies == ['sessionId="Bearer t1', 'sessionId="Bearer t2']


def test_an_upload_refused_for_its_session_is_sent_again_in_the_new_one(
    service: PaperlessService, paperless: Script
) -> None:
    paperless.on("/checked/upload", 423)
    paperless.on("/checked/upload", again=True, json={"state": "ok", "resourceDTO": [{"id": 7, "hash": "h"}]})
    assert service.submit(a_document(), MemorySteps()).data["id"] == 7
    assert len(paperless.called("/checked/upload")) == 2


def test_a_refusal_in_a_fresh_session_is_a_misconfiguration(
    service: PaperlessService, paperless: Script
) -> None:
    paperless.on("/resource/7", 403)
    with pytest.raises(ProviderMisconfigured):
        service.fetch(REF)
    assert len(paperless.called("/oauth/token")) == 2


def test_a_dead_session_found_by_the_check_is_renewed(service: PaperlessService, paperless: Script) -> None:
    paperless.on("/checked/login", json={"error": "no session"})
    paperless.on("/checked/login", again=True, json={})
    assert service.check().ok
    paperless.on("/checked/login", json={"error": "no session"})
    assert not service.check().ok


def test_threads_share_one_new_login(service: PaperlessService, paperless: Script) -> None:
    with ThreadPoolExecutor(8) as pool:
        healths = [*pool.map(lambda _: service.check(), range(8))]
    assert all(health.ok for health in healths)
    assert len(paperless.called("/oauth/token")) == 1


@pytest.mark.parametrize("path", ["/oauth/token", "/checked/login"])
def test_the_check_never_raises(service: PaperlessService, paperless: Script, path: str) -> None:
    paperless.lose(path)
    assert not service.check().ok


def test_no_secret_stands_in_an_error(service: PaperlessService, paperless: Script) -> None:
    paperless.on("/resource/7", 403)
    with pytest.raises(OperatorNeeded) as caught:
        service.fetch(REF)
    assert not any(secret in str(caught.value) for secret in ("s3cret", "t1", "c0de"))
