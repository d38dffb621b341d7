"""Plays HTTP faults in front of a Flask application and serves their run-time control under /sandbox/."""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, jsonify, request

from ztoe_sandbox.faults import Faults
from ztoe_sandbox.strict import parse_object

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]

CONTROL = "/sandbox/"
MAINTENANCE = """<!doctype html><html lang="uk"><head><meta charset="utf-8"><title>Технічні роботи</title></head>
<body><h1>Ведуться технічні роботи</h1><p>Сервіс тимчасово недоступний. Спробуйте пізніше.</p></body></html>
"""


class Dropped(ConnectionAbortedError):
    """The connection is to be closed now, whatever was sent so far."""


def install(app: Flask, faults: Faults) -> None:
    """Wrap `app` so that `faults` happen to it, and give it the control routes."""
    install_control(app, faults)
    # The method is replaced as Flask's documentation tells middleware to be added.
    app.wsgi_app = FaultyApp(app.wsgi_app, faults)  # type: ignore[method-assign]


def install_control(app: Flask, faults: Faults) -> None:
    """Give `app` the routes /sandbox/faults and /sandbox/requests, and nothing else."""
    control = Blueprint("sandbox_faults", __name__, url_prefix=CONTROL.rstrip("/"))

    @control.get("/faults")
    def list_faults() -> Response:
        return jsonify(faults.as_json())

    @control.post("/faults")
    def add_fault() -> tuple[Response, int]:
        try:
            return jsonify(faults.add_json(parse_object(request.get_data())).as_json()), 201
        except ValueError as error:
            return jsonify(error=str(error)), 400

    @control.delete("/faults")
    def remove_faults() -> tuple[str, int]:
        faults.remove(request.args.get("name"))
        return "", 204

    @control.get("/requests")
    def list_requests() -> Response:
        return jsonify(faults.requests())

    @control.delete("/requests")
    def forget_requests() -> tuple[str, int]:
        faults.forget_requests()
        return "", 204

    app.register_blueprint(control)


class FaultyApp:
    """WSGI middleware: decides for each request which faults hit it, and logs it. /sandbox/ itself is never hit."""

    def __init__(self, app: "WSGIApplication", faults: Faults) -> None:
        self._app = app
        self._faults = faults
        self._never = threading.Event()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        if path.startswith(CONTROL):
            return self._app(environ, start_response)
        exchange = _Exchange(environ, path, self._faults)
        try:
            return self._answer(exchange, environ, start_response)
        finally:
            self._faults.log(exchange.as_json())

    def _answer(
        self, exchange: "_Exchange", environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if delay := exchange.take("delay"):
            self._never.wait(float(delay))
        if exchange.take("reset"):
            reset_connection(environ["werkzeug.socket"])
            raise Dropped
        if status := exchange.take("status"):
            exchange.status = int(status)
            return _refusal(int(status))(environ, start_response)
        if exchange.take("html"):
            exchange.status = 200
            return Response(MAINTENANCE, mimetype="text/html")(environ, start_response)
        return self._process(exchange, environ, start_response)

    def _process(
        self, exchange: "_Exchange", environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        def note_status(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
            exchange.status = int(status[:3])
            return start_response(status, headers, exc_info)

        lost = exchange.take("lost")
        if not (lost or exchange.take("truncate")):
            return self._app(environ, note_status)
        response = Response.from_app(self._app, environ)
        exchange.status = response.status_code
        body = response.get_data()
        response.close()
        if lost:
            raise Dropped
        start_response(response.status, response.headers.to_wsgi_list())
        return _half_of(body)


class _Exchange:
    """What happens to one request: the faults that hit it, and its line in the log."""

    def __init__(self, environ: "WSGIEnvironment", path: str, faults: Faults) -> None:
        self.status: int | None = None
        self._method = environ["REQUEST_METHOD"]
        self._path = path
        self._query = environ.get("QUERY_STRING", "")
        self._faults = faults
        self._hits: list[str] = []
        self._at = datetime.now(UTC)
        self._started = time.monotonic()

    def take(self, name: str) -> str | None:
        value = self._faults.take(name, self._method + self._path)
        if value is not None:
            self._hits.append(name)
        return value

    def as_json(self) -> dict[str, Any]:
        """`status` is what the service decided, null when it never saw the request; `took_ms` excludes the transfer."""
        return {
            "method": self._method,
            "path": self._path,
            "query": self._query,
            "status": self.status,
            "at": self._at.isoformat(),
            "took_ms": round((time.monotonic() - self._started) * 1000),
            "fault": ",".join(self._hits) or None,
        }


def reset_connection(connection: socket.socket) -> None:
    """Close with RST: the peer sees "connection reset", never an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The descriptor is closed itself: file objects of the handler would keep socket.close() waiting.
    os.close(connection.detach())


def _refusal(status: int) -> Response:
    headers = {"Retry-After": "1"} if status in (429, 503) else {}
    return Response(f"sandbox fault: {status}\n", status, headers, mimetype="text/plain")


def _half_of(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise Dropped
