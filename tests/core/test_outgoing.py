"""The way out, against a real socket server: what is retried, what is not, and what is never followed."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import httpx
import pytest

from ztoe_hub.errors import (
    ItemRejected,
    OutcomeUnknown,
    ProviderMisconfigured,
    TransientError,
    UnexpectedAnswer,
)
from ztoe_hub.outgoing import Answer, Limits, Outgoing, raise_for_status, request_id
from ztoe_hub.pacing import CircuitBreaker, TokenBucket

Send = Callable[[socket.socket], object]


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]


def answer(status: str = "200 OK", body: bytes = b"{}", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Provider:
    """A server that plays `script`, one entry a connection, and `usual` when the script is over.

    An entry is bytes to send, or a function of the connected socket, which is closed afterwards.
    """

    def __init__(self) -> None:
        self.script: list[bytes | Send] = []
        self.usual: bytes | Send = answer()
        self.received: list[Received] = []
        self.let_go = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.let_go.set()
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                more = connection.recv(65536)
                if not more:
                    return
                head += more
            lines = head.partition(b"\r\n\r\n")[0].decode().split("\r\n")
            method, path, _ = lines[0].split(" ")
            pairs = (line.partition(": ") for line in lines[1:])
            self.received.append(Received(method, path, {name.lower(): value for name, _, value in pairs}))
            step = self.script.pop(0) if self.script else self.usual
            if isinstance(step, bytes):
                connection.sendall(step)
            else:
                step(connection)


@pytest.fixture
def provider() -> Iterator[Provider]:
    running = Provider()
    yield running
    running.close()


@pytest.fixture
def naps() -> list[float]:
    """What the client slept, had it slept."""
    return []


Open = Callable[..., Outgoing]


@pytest.fixture
def open_client(naps: list[float]) -> Iterator[Open]:
    opened: list[Outgoing] = []

    def build(**limits: object) -> Outgoing:
        opened.append(Outgoing("tested", Limits().changed({"timeout_s": 5.0, **limits}), sleep=naps.append))
        return opened[-1]

    yield build
    for client in opened:
        client.close()


def break_off(_: socket.socket) -> None:
    """Close without an answer."""


def refused_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_an_answer_comes_back_whole(provider: Provider, open_client: Open) -> None:
    provider.usual = answer(body='{"ok": "так"}'.encode(), Content_Type="application/json; charset=utf-8")
    found = open_client().request("GET", f"{provider.url}/a?b=c")
    assert (found.status, found.media_type, found.json()) == (200, "application/json", {"ok": "так"})
    assert provider.received[0].path == "/a?b=c"


@pytest.mark.parametrize(
    "lost", [break_off, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"not HTTP\r\n\r\n"]
)
def test_a_lost_answer_to_a_post_is_an_unknown_outcome_and_not_repeated(
    provider: Provider, open_client: Open, lost: bytes | Send
) -> None:
    provider.script = [lost]
    with pytest.raises(OutcomeUnknown):
        open_client().request("POST", provider.url, json={})
    assert len(provider.received) == 1


@pytest.mark.parametrize("lost", [break_off, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_a_lost_answer_to_a_get_is_asked_for_again(
    provider: Provider, open_client: Open, lost: bytes | Send, naps: list[float]
) -> None:
    provider.script = [lost, lost]
    assert open_client().request("GET", provider.url).status == 200
    assert len(provider.received) == 3
    assert len(naps) == 2
    assert all(0 < nap <= 5 for nap in naps)


def test_a_get_is_given_up_after_its_attempts(provider: Provider, open_client: Open) -> None:
    provider.usual = break_off
    with pytest.raises(TransientError):
        open_client(attempts=2).request("GET", provider.url)
    assert len(provider.received) == 2


def test_a_post_that_does_no_harm_twice_is_repeated_when_the_adapter_says_so(
    provider: Provider, open_client: Open
) -> None:
    provider.script = [break_off]
    assert open_client().request("POST", provider.url, repeatable=True).status == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_transient_whatever_the_method(open_client: Open, method: str) -> None:
    with pytest.raises(TransientError, match="unreachable"):
        open_client().request(method, refused_url())


def test_a_name_without_an_address_is_transient(open_client: Open) -> None:
    with pytest.raises(TransientError, match="unreachable"):
        open_client(attempts=1).request("POST", "http://no-such-host.invalid/")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_provider_that_does_not_answer_in_time_is_told_by_method(
    provider: Provider, open_client: Open, method: str
) -> None:
    provider.usual = lambda _: provider.let_go.wait(10)
    with pytest.raises(TransientError if method == "GET" else OutcomeUnknown, match="lost"):
        open_client(timeout_s=0.2, attempts=1).request(method, provider.url)


def test_a_short_retry_after_is_waited_for_here(
    provider: Provider, open_client: Open, naps: list[float]
) -> None:
    provider.script = [answer("429 Too Many Requests", Retry_After="3")]
    assert open_client().request("POST", provider.url).status == 200
    assert naps == [3]


def test_a_long_retry_after_goes_to_the_queue(
    provider: Provider, open_client: Open, naps: list[float]
) -> None:
    provider.script = [answer("429 Too Many Requests", Retry_After="120")]
    with pytest.raises(TransientError) as caught:
        open_client().request("GET", provider.url)
    assert caught.value.retry_after_s == 120
    assert (naps, len(provider.received)) == ([], 1)


@pytest.mark.parametrize("word", ["", "soon", "-1", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT", "²"])
def test_a_retry_after_that_is_no_number_of_seconds_is_ignored(word: str) -> None:
    assert Answer(status=429, headers={"retry-after": word}, content=b"").retry_after_s is None


def test_an_answer_beyond_the_cap_is_refused(provider: Provider, open_client: Open) -> None:
    provider.usual = answer(body=b"x" * 1001)
    client = open_client(max_bytes=1000)
    with pytest.raises(UnexpectedAnswer, match="larger than 1000 bytes"):
        client.request("GET", provider.url)
    assert len(client.request("GET", provider.url, max_bytes=2000).content) == 1001


def test_a_compressed_answer_is_measured_unpacked(provider: Provider, open_client: Open) -> None:
    provider.usual = answer(body=gzip.compress(bytes(5_000_000)), Content_Encoding="gzip")
    with pytest.raises(UnexpectedAnswer, match="larger"):
        open_client(max_bytes=1_000_000).request("GET", provider.url)


def test_a_slow_drip_ends_at_the_deadline(provider: Provider, open_client: Open) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not provider.let_go.wait(0.05):
            connection.sendall(b"x")

    provider.usual = drip
    started = time.monotonic()
    with pytest.raises(TransientError, match="lost"):
        open_client(deadline_s=0.5, attempts=1).request("GET", provider.url)
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_broken_gzip_is_a_lost_answer(provider: Provider, open_client: Open, method: str) -> None:
    provider.usual = answer(body=b"\x1f\x8b this is no gzip", Content_Encoding="gzip")
    with pytest.raises(TransientError if method == "GET" else OutcomeUnknown):
        open_client(attempts=1).request(method, provider.url)


def test_a_redirect_to_the_same_origin_is_followed_with_everything(
    provider: Provider, open_client: Open
) -> None:
    provider.script = [answer("302 Found", Location="/new?x=1")]
    open_client().request(
        "GET", f"{provider.url}/old", params={"q": "1"}, headers={"Authorization": "Bearer t"}
    )
    assert [each.path for each in provider.received] == ["/old?q=1", "/new?x=1"]
    assert provider.received[1].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:1/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://localhost/",
        "https://[::ffff:10.0.0.1]/",
        "http://example.com/",
        "file:///etc/passwd",
        "//127.0.0.1:1/x",
        "https://[broken/",
        "https://user@127.0.0.1:1/",
    ],
)
def test_a_redirect_to_a_private_or_plain_address_is_not_followed(
    provider: Provider, open_client: Open, location: str
) -> None:
    provider.usual = answer("302 Found", Location=location)
    with pytest.raises(UnexpectedAnswer, match="redirects"):
        open_client().request("GET", provider.url)


def test_a_redirect_to_another_origin_goes_without_credentials() -> None:
    seen: list[httpx.Request] = []

    def play(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "origin.example":
            return httpx.Response(302, headers={"Location": "https://93.184.215.14/file"})
        return httpx.Response(200, content=b"file")

    client = Outgoing("tested", Limits(), transport=httpx.MockTransport(play))
    found = client.request(
        "GET",
        "https://origin.example/",
        headers={"Authorization": "Bearer t", "X-Api-Key": "k"},
        auth=("user", "password"),
        params={"token": "t"},
    )
    client.close()
    assert found.content == b"file"
    assert seen[0].headers["authorization"].startswith("Basic")
    assert "authorization" not in seen[1].headers
    assert "x-api-key" not in seen[1].headers
    assert str(seen[1].url) == "https://93.184.215.14/file"


def test_redirects_without_end_are_given_up(provider: Provider, open_client: Open) -> None:
    provider.usual = answer("302 Found", Location="/again")
    with pytest.raises(UnexpectedAnswer, match="too many"):
        open_client().request("GET", provider.url)
    assert len(provider.received) == 4


def test_a_redirected_post_is_not_followed(provider: Provider, open_client: Open) -> None:
    provider.usual = answer("302 Found", Location="/elsewhere")
    with pytest.raises(UnexpectedAnswer, match="302"):
        open_client().request("POST", provider.url)
    assert len(provider.received) == 1


def test_the_circuit_opens_after_five_failures_and_lets_one_trial_through(
    caplog: pytest.LogCaptureFixture,
) -> None:
    time_is = [0.0]
    circuit = CircuitBreaker("tested", now=lambda: time_is[0])
    for _ in range(5):
        circuit.before_call()
        circuit.failed()
    with pytest.raises(TransientError) as caught:
        circuit.before_call()
    assert caught.value.retry_after_s == 30
    time_is[0] = 30.0
    circuit.before_call()  # the trial
    with pytest.raises(TransientError):
        circuit.before_call()  # only one
    circuit.failed()
    time_is[0] = 61.0
    circuit.before_call()
    circuit.succeeded()
    for _ in range(3):
        circuit.before_call()
    assert [record.getMessage() for record in caplog.records] == ["circuit opened", "circuit closed"]


def test_a_dead_provider_is_left_alone_after_five_failures(provider: Provider, open_client: Open) -> None:
    provider.usual = break_off
    client = open_client(attempts=1)
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            client.request("POST", provider.url)
    with pytest.raises(TransientError, match="does not answer") as caught:
        client.request("POST", provider.url)
    assert 0 < (caught.value.retry_after_s or 0) <= 30
    assert len(provider.received) == 5


def test_an_answer_between_failures_keeps_the_circuit_closed(provider: Provider, open_client: Open) -> None:
    client = open_client(attempts=1)
    for _ in range(3):
        provider.script = [break_off] * 4
        for _ in range(4):
            with pytest.raises(OutcomeUnknown):
                client.request("POST", provider.url)
        client.request("POST", provider.url)


def test_the_rate_holds_for_threads_together() -> None:
    time_is, lock = [0.0], threading.Lock()
    booked: list[float] = []

    def sleep(seconds: float) -> None:
        with lock:
            booked.append(time_is[0] + seconds)

    bucket = TokenBucket(10, sleep=sleep, now=lambda: time_is[0])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: bucket.acquire(), range(50)))
    at = sorted([0.0] * (50 - len(booked)) + booked)
    for start in range(len(at)):
        within = [moment for moment in at[start:] if moment < at[start] + 1 - 1e-9]
        assert len(within) <= 12  # ten a second and the burst of two
    assert at[-1] == pytest.approx(4.8)


def test_no_more_calls_at_once_than_allowed(provider: Provider, open_client: Open) -> None:
    inside, most, lock = [0], [0], threading.Lock()

    def slow(connection: socket.socket) -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        provider.let_go.wait(0.05)
        with lock:
            inside[0] -= 1
        connection.sendall(answer())

    provider.usual = slow
    client = open_client(concurrency=2)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.request("GET", provider.url), range(12)))
    assert most[0] == 2


def test_the_request_id_goes_out(provider: Provider, open_client: Open) -> None:
    client = open_client()
    client.request("GET", provider.url)
    token = request_id.set("work-7-1")
    client.request("GET", provider.url, headers={"Accept": "text/plain"})
    request_id.reset(token)
    first, second = provider.received
    assert "x-request-id" not in first.headers
    assert (second.headers["x-request-id"], second.headers["accept"]) == ("work-7-1", "text/plain")


def test_no_cookie_is_kept_between_calls(provider: Provider, open_client: Open) -> None:
    provider.usual = answer(Set_Cookie="sid=1; Path=/")
    client = open_client()
    client.request("GET", provider.url)
    client.request("GET", provider.url)
    assert "cookie" not in provider.received[1].headers


def test_the_environments_proxy_is_not_used(
    provider: Provider, open_client: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", refused_url())
    monkeypatch.setenv("ALL_PROXY", refused_url())
    assert open_client().request("GET", provider.url).status == 200


@pytest.mark.parametrize(
    ("status", "repeatable", "error"),
    [
        (401, True, ProviderMisconfigured),
        (402, True, ProviderMisconfigured),
        (403, True, ProviderMisconfigured),
        (408, True, TransientError),
        (429, False, TransientError),
        (503, False, TransientError),
        (500, True, TransientError),
        (500, False, OutcomeUnknown),
        (502, False, OutcomeUnknown),
        (400, True, ItemRejected),
        (404, True, ItemRejected),
        (422, True, ItemRejected),
        (302, True, UnexpectedAnswer),
        (418, True, UnexpectedAnswer),
    ],
)
def test_a_status_says_what_the_hub_does_next(status: int, repeatable: bool, error: type[Exception]) -> None:
    with pytest.raises(error):
        raise_for_status(Answer(status=status, headers={}, content=b""), repeatable=repeatable)


def test_html_where_json_should_be_is_unexpected() -> None:
    page = Answer(status=200, headers={"content-type": "text/html"}, content=b"<html>")
    with pytest.raises(UnexpectedAnswer, match="text/html"):
        page.json()


def test_an_adapter_may_judge_for_itself(provider: Provider, open_client: Open) -> None:
    provider.usual = answer("404 Not Found")
    assert open_client().request("GET", provider.url, judge=lambda _: None).status == 404
