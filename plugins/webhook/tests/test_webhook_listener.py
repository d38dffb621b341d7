"""The webhook listener against a receiver on a real socket, which checks signatures in its own way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pluggy
import pytest
from pydantic import ValidationError

import ztoe_webhook
from ztoe_hub import AdapterContext, hookspecs
from ztoe_hub.errors import HubError, ItemRejected, ProviderMisconfigured, TransientError
from ztoe_hub.testing.contexts import adapter_context
from ztoe_hub.values import DocumentCompleted, OrderStatusChanged
from ztoe_webhook.listener import WebhookListener
from ztoe_webhook.settings import WebhookSettings

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
STATUS_CHANGED = OrderStatusChanged(
    event_id="order-19-accepted",
    at=datetime(2026, 11, 2, 8, 15, 30, tzinfo=UTC),
    order_id=19,
    consumer_code="125000186",
    service_code="перевірка",
    old_state="awaiting_signature",
    new_state="accepted",
)
COMPLETED = DocumentCompleted(
    event_id="document-7-completed",
    at=datetime(2026, 11, 2, 8, 15, 31, tzinfo=UTC),
    document_id=7,
    origin="order",
    subject_id=19,
    signed_sha256="ab" * 32,
    signer_tax_codes=["32855961"],
)


@dataclass
class Post:
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """What arrived, and the answers still to be given; 204 when there are none."""

    url: str = ""
    posts: list[Post] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.posts.append(Post(self.path, headers, body))
            status, extra = state.answers.pop(0) if state.answers else (204, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **extra}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class calls it so
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/ztoe?tenant=1"
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture
def context() -> Iterator[AdapterContext]:
    context = adapter_context(
        "accounting", limits=ztoe_webhook.LIMITS, clock=lambda: NOW, sleep=lambda _: None
    )
    yield context
    context.http.close()


@pytest.fixture
def listener(receiver: Receiver, context: AdapterContext) -> WebhookListener:
    return WebhookListener(settings(url=receiver.url, allow_insecure=True), context)


def settings(**changes: object) -> WebhookSettings:
    return WebhookSettings.model_validate({"url": "https://erp.example/hook", "secret": SECRET, **changes})


def expected_signature(post: Post) -> str:
    """Computed the long way, straight from the specification's text."""
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in KEY.ljust(64, b"\0")))
    inner.update(f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body)
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in KEY.ljust(64, b"\0")) + inner.digest())
    return "v1," + base64.b64encode(outer.digest()).decode()


def test_the_specifications_own_example_is_reproduced() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, the example of the specification.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'

    assert base64.b64encode(hmac.new(key, signed, "sha256").digest()) == (
        b"g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_status_change_is_posted_signed(listener: WebhookListener, receiver: Receiver) -> None:
    listener.order_status_changed(event=STATUS_CHANGED)

    [post] = receiver.posts
    assert post.path == "/hooks/ztoe?tenant=1"
    assert post.headers["content-type"] == "application/json"
    assert post.headers["webhook-id"] == "order-19-accepted"
    assert post.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert post.headers["webhook-signature"] == expected_signature(post)
    assert post.json == {
        "type": "order.status_changed",
        "timestamp": "2026-11-02T08:15:30+00:00",
        "data": {
            "order_id": 19,
            "consumer_code": "125000186",
            "service_code": "перевірка",
            "old_state": "awaiting_signature",
            "new_state": "accepted",
        },
    }


def test_a_completed_document_is_posted_signed(listener: WebhookListener, receiver: Receiver) -> None:
    listener.document_completed(event=COMPLETED)

    [post] = receiver.posts
    assert post.headers["webhook-signature"] == expected_signature(post)
    assert post.json["type"] == "document.completed"
    assert post.json["data"] == {
        "document_id": 7,
        "origin": "order",
        "subject_id": 19,
        "signed_sha256": "ab" * 32,
        "signer_tax_codes": ["32855961"],
    }


def test_a_repeat_carries_the_same_id_and_body(listener: WebhookListener, receiver: Receiver) -> None:
    listener.order_status_changed(event=STATUS_CHANGED)
    listener.order_status_changed(event=STATUS_CHANGED)

    first, second = receiver.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_only_the_chosen_events_are_posted(receiver: Receiver, context: AdapterContext) -> None:
    chosen = settings(url=receiver.url, allow_insecure=True, events=["document.completed"])
    listener = WebhookListener(chosen, context)

    listener.order_status_changed(event=STATUS_CHANGED)
    listener.document_completed(event=COMPLETED)

    assert [post.json["type"] for post in receiver.posts] == ["document.completed"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ProviderMisconfigured),
        (401, ProviderMisconfigured),
        (404, ProviderMisconfigured),
        (410, ItemRejected),
        (408, TransientError),
        (429, TransientError),
        (500, TransientError),
        (502, TransientError),
        (302, ProviderMisconfigured),
    ],
)
def test_an_answer_other_than_2xx_says_what_to_do_next(
    listener: WebhookListener, receiver: Receiver, status: int, error: type[HubError]
) -> None:
    receiver.answers = [(status, {})] * 5

    with pytest.raises(error):
        listener.order_status_changed(event=STATUS_CHANGED)


def test_a_short_failure_is_bridged_at_once(listener: WebhookListener, receiver: Receiver) -> None:
    receiver.answers = [(503, {})]

    listener.order_status_changed(event=STATUS_CHANGED)

    assert len(receiver.posts) == 2


def test_a_long_wait_is_left_to_the_queue(listener: WebhookListener, receiver: Receiver) -> None:
    receiver.answers = [(429, {"Retry-After": "120"})]

    with pytest.raises(TransientError) as caught:
        listener.order_status_changed(event=STATUS_CHANGED)

    assert caught.value.retry_after_s == 120
    assert len(receiver.posts) == 1


def test_a_redirect_to_a_private_address_is_not_followed(
    listener: WebhookListener, receiver: Receiver
) -> None:
    elsewhere = receiver.url.replace("127.0.0.1", "localhost").replace("/hooks/ztoe", "/admin")
    receiver.answers = [(307, {"Location": elsewhere})]

    with pytest.raises(ProviderMisconfigured):
        listener.order_status_changed(event=STATUS_CHANGED)

    assert [post.path for post in receiver.posts] == ["/hooks/ztoe?tenant=1"]


def test_a_receiver_that_is_down_is_tried_later(context: AdapterContext) -> None:
    listener = WebhookListener(settings(url="http://127.0.0.1:9/hook", allow_insecure=True), context)

    with pytest.raises(TransientError):
        listener.order_status_changed(event=STATUS_CHANGED)


def test_several_threads_post_at_once(listener: WebhookListener, receiver: Receiver) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: listener.order_status_changed(event=STATUS_CHANGED), range(32)))

    assert len(receiver.posts) == 32
    assert all(post.headers["webhook-signature"] == expected_signature(post) for post in receiver.posts)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        base64.b64encode(KEY).decode(),
        "whsec_не-base64",
        "whsec_" + base64.b64encode(KEY[:23]).decode(),
        "whsec_" + base64.b64encode(KEY * 3).decode(),
    ],
)
def test_a_bad_secret_stops_the_start_up_and_is_not_repeated(secret: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(secret=secret)

    assert "secret" in str(caught.value)
    assert not secret.removeprefix("whsec_") or secret not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://erp.example/hook"},
        {"url": "http://erp.example/hook", "allow_insecure": True},
        {"url": "http://127.0.0.1:8080/hook"},
        {"url": "ftp://erp.example/hook"},
        {"url": "https:///hook"},
        {"url": "https://user:password@erp.example/hook"},
        {"url": "http://127.0.0.1@erp.example/hook", "allow_insecure": True},
        {"url": "http://127.0.0.1.erp.example/hook", "allow_insecure": True},
        {"events": []},
        {"events": ["order.deleted"]},
        {"secert": "whsec_"},
    ],
)
def test_settings_that_cannot_work_stop_the_start_up(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**changes)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://localhost:8080/hook", "http://[::1]:8080/hook"])
def test_plain_http_is_for_this_very_machine(url: str) -> None:
    assert settings(url=url, allow_insecure=True).url == url


def test_the_secret_shows_nowhere() -> None:
    assert SECRET not in repr(settings())


def test_the_plugin_offers_the_listener_and_its_hooks_fit(
    receiver: Receiver, context: AdapterContext
) -> None:
    manager = pluggy.PluginManager("ztoe_hub")
    manager.add_hookspecs(hookspecs)
    manager.register(ztoe_webhook)
    [[kind]] = manager.hook.listeners()
    built = kind.build(settings(url=receiver.url, allow_insecure=True), context)

    manager.register(built, name="accounting")
    manager.check_pending()
    notify: Callable[..., object] = manager.hook.order_status_changed
    notify(event=STATUS_CHANGED)

    assert kind.name == "webhook"
    assert len(receiver.posts) == 1
