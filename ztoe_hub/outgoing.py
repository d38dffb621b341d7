"""The one way out for HTTP: limits, retries, caps, and one door through which failures leave.

An adapter gets its own `Outgoing` and calls `request`. What comes back is an `Answer`, fully read and
within the size cap. What does not come back is one of ztoe_hub.errors:

- nothing was sent (refused, unresolved, circuit open)    TransientError
- sent, but no whole answer, and the call is repeatable   TransientError, after the retries
- sent, but no whole answer, and it is not                OutcomeUnknown
- an answer that `judge` refuses                          whatever `judge` raises
"""

from __future__ import annotations

import ipaddress
import json as jsonlib
import logging
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from .errors import ItemRejected, OutcomeUnknown, ProviderMisconfigured, TransientError, UnexpectedAnswer
from .pacing import CircuitBreaker, Limits, TokenBucket
from .request_ids import request_id

if TYPE_CHECKING:
    import httpx

__all__ = ["Answer", "Limits", "Outgoing", "raise_for_status", "request_id"]

log = logging.getLogger(__name__)

REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
LONGEST_WAIT_HERE_S = 5.0  # a longer hint belongs to the queue, not to a sleeping thread
MAX_REDIRECTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """The Content-Type without parameters, lower case, or an empty string."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def retry_after_s(self) -> float | None:
        """The seconds of a Retry-After header; a date form is not used by our providers and reads as None."""
        value = self.headers.get("retry-after", "")
        return float(value) if value.isdecimal() else None

    def json(self) -> Any:
        """The body as JSON. Raises UnexpectedAnswer when it is something else (HTML with 200)."""
        try:
            return jsonlib.loads(self.content)
        except ValueError as error:
            raise UnexpectedAnswer(f"expected JSON, got {self.media_type or 'no type'}") from error


def raise_for_status(answer: Answer, *, repeatable: bool = True) -> None:
    """The usual reading of HTTP statuses; adapters judge what their provider does differently first."""
    status = answer.status
    if 200 <= status < 300:
        return
    if status in (401, 402, 403, 407):
        raise ProviderMisconfigured(f"the provider refuses us (HTTP {status})")
    if status in (408, 425, 429, 503):
        raise TransientError(f"the provider is busy (HTTP {status})", retry_after_s=answer.retry_after_s)
    if status >= 500:
        if repeatable:
            raise TransientError(f"the provider failed (HTTP {status})")
        raise OutcomeUnknown(f"the provider failed midway (HTTP {status})")
    if status in (400, 404, 409, 410, 413, 415, 422):
        raise ItemRejected(f"the provider refuses this item (HTTP {status})")
    raise UnexpectedAnswer(f"unexpected HTTP {status}")


class Outgoing:
    """The HTTP client of one instance. Thread-safe; `close` it when the hub closes."""

    def __init__(
        self,
        instance: str,
        limits: Limits,
        *,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        _require_proxy_address(limits.proxy)
        self._limits = limits
        self._sleep = sleep
        self._bucket = TokenBucket(limits.rate_per_s, sleep=sleep) if limits.rate_per_s else None
        self._bulkhead = threading.BoundedSemaphore(limits.concurrency)
        self._circuit = CircuitBreaker(instance)
        self._transport = transport
        self._trust = ssl.create_default_context(cafile=str(limits.ca_bundle)) if limits.ca_bundle else None
        self._client: httpx.Client | None = None
        self._making = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        judge: Callable[[Answer], None] | None = None,
        repeatable: bool | None = None,
        max_bytes: int | None = None,
        **call: Any,
    ) -> Answer:
        """One exchange, retried within seconds when that is safe.

        `judge` raises one of ztoe_hub.errors for an answer that is none; without it statuses are read as
        `raise_for_status` does. `repeatable` says that a second call does no harm (by default: by method).
        `call` takes httpx's headers, params, content, json, data, files, auth. For a query whose encoding
        matters, put it into `url`.
        """
        safe = method.upper() in REPEATABLE if repeatable is None else repeatable

        def once() -> Answer:
            answer = self._exchange(method, url, safe, max_bytes or self._limits.max_bytes, call)
            if judge is None:
                raise_for_status(answer, repeatable=safe)
            else:
                judge(answer)
            return answer

        retrying = Retrying(
            sleep=self._sleep,
            stop=stop_after_attempt(self._limits.attempts),
            retry=retry_if_exception(_worth_a_retry_here),
            wait=_wait_s,
            reraise=True,
        )
        return retrying(once)

    def _connected(self) -> httpx.Client:
        """The client, made at the first call: httpx takes 0.3 s to import, which a quiet process need not wait for."""
        import httpx

        with self._making:
            if self._client is None:
                most = self._limits.concurrency
                self._client = httpx.Client(
                    timeout=httpx.Timeout(self._limits.timeout_s),
                    limits=httpx.Limits(max_connections=most, max_keepalive_connections=most),
                    follow_redirects=False,
                    trust_env=False,
                    proxy=self._limits.proxy,
                    verify=self._trust or _usual_authorities(),
                    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                    transport=self._transport,
                )
            return self._client

    def _exchange(self, method: str, url: str, safe: bool, max_bytes: int, call: dict[str, Any]) -> Answer:
        import httpx

        self._circuit.before_call()
        with self._bulkhead:
            if self._bucket is not None:
                self._bucket.acquire()
            try:
                answer = self._send(method, url, max_bytes, call)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                self._circuit.failed()
                raise TransientError(f"the provider is unreachable ({type(error).__name__})") from error
            except httpx.RequestError as error:  # transport failures, and bodies that cannot be decoded
                self._circuit.failed()
                kind = TransientError if safe else OutcomeUnknown
                raise kind(f"the answer was lost ({type(error).__name__})") from error
        self._circuit.succeeded()
        return answer

    def _send(self, method: str, url: str, max_bytes: int, call: dict[str, Any]) -> Answer:
        deadline = time.monotonic() + self._limits.deadline_s
        for _ in range(MAX_REDIRECTS + 1):
            with self._connected().stream(method, url, **_with_request_id(call)) as response:
                if response.has_redirect_location and method.upper() in ("GET", "HEAD"):
                    origin = str(response.request.url)
                    url = _redirect_target(origin, response.headers.get("location", ""))
                    call = {} if not _same_origin(origin, url) else {**call, "params": None}
                    continue
                content = _read(response, max_bytes, deadline)
                return Answer(status=response.status_code, headers=dict(response.headers), content=content)
        raise UnexpectedAnswer("too many redirects")


def _require_proxy_address(proxy: str | None) -> None:
    """Raise ValueError now for what the client, which is made later, would refuse."""
    if proxy is not None:
        parts = urlsplit(proxy)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("a proxy is http://HOST:PORT or https://HOST:PORT")


@cache
def _usual_authorities() -> ssl.SSLContext:
    """Whom to believe when nobody else is named. Shared by all instances: reading them takes 40 ms."""
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def _worth_a_retry_here(error: BaseException) -> bool:
    return isinstance(error, TransientError) and (error.retry_after_s or 0.0) <= LONGEST_WAIT_HERE_S


def _wait_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, TransientError) and error.retry_after_s is not None:
        return error.retry_after_s
    jitter = 0.5 + random.random()  # noqa: S311  spreads retries, guards nothing
    return min(LONGEST_WAIT_HERE_S, 0.25 * 2.0**state.attempt_number * jitter)


def _with_request_id(call: dict[str, Any]) -> dict[str, Any]:
    current = request_id.get()
    if current is None:
        return call
    return {**call, "headers": {**(call.get("headers") or {}), "X-Request-Id": current}}


def _read(response: httpx.Response, max_bytes: int, deadline: float) -> bytes:
    import httpx

    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_bytes():  # as they come: a given size would be waited for, past the deadline
        size += len(chunk)
        if size > max_bytes:
            raise UnexpectedAnswer(f"the answer is larger than {max_bytes} bytes")
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the answer came too slowly")
        chunks.append(chunk)
    return b"".join(chunks)


def _redirect_target(origin: str, location: str) -> str:
    """Where a redirect leads, if it may be followed: to the same origin, or to a public https address."""
    try:
        target = urljoin(origin, location)
        there = urlsplit(target)
    except ValueError as error:
        raise UnexpectedAnswer("the provider redirects to something that is no address") from error
    if _same_origin(origin, target):
        return target
    if there.scheme != "https" or not there.hostname or not _is_public(there.hostname):
        raise UnexpectedAnswer("the provider redirects to an address that is not followed")
    return target


def _same_origin(one: str, other: str) -> bool:
    """Whether credentials meant for one may go to the other."""
    here, there = urlsplit(one), urlsplit(other)
    return (here.scheme, here.netloc) == (there.scheme, there.netloc)


def _is_public(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TransientError("the redirect's host has no address") from error
    return all(ipaddress.ip_address(info[4][0]).is_global for info in found)
