"""What every answer carries: a request id, and the headers that keep browsers from doing harm."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from ztoe_hub.hub import Hub, request_id

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'nonce-{nonce}'; form-action 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TRANSPORT = "max-age=31536000; includeSubDomains"
STATIC_LIFETIME = "public, max-age=31536000, immutable"  # the address of a static file holds its hash


def begin_request() -> None:
    """First of all: an id made here, never taken from outside, and the nonce of this answer's scripts."""
    request_id.set(secrets.token_hex(8))
    g.nonce = secrets.token_urlsafe(16)


def end_request(_: BaseException | None) -> None:
    """The thread goes on to somebody else's request."""
    request_id.set(None)


def protect(response: Response) -> Response:
    """Add the headers. A page may have brought a stricter policy of its own."""
    response.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=g.get("nonce", "")))
    for name, value in HEADERS.items():
        response.headers[name] = value
    is_static = request.endpoint == "static" and response.status_code == 200
    response.headers["Cache-Control"] = STATIC_LIFETIME if is_static else "no-store"
    response.headers["X-Request-Id"] = request_id.get() or ""
    return response


def install(app: Flask, hub: Hub) -> None:
    """Wire it, and believe as many proxies as the settings name."""
    app.before_request(begin_request)
    app.after_request(protect)
    app.teardown_request(end_request)
    if hub.settings.hub.public_url.startswith("https:"):
        app.after_request(_demand_https)
    if proxies := hub.settings.cabinet.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]


def _demand_https(response: Response) -> Response:
    response.headers["Strict-Transport-Security"] = TRANSPORT
    return response
