"""Serves a Flask application on loopback with keep-alive connections, until SIGINT or SIGTERM."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, cast

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wsgi import LimitedStream

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Headers = list[tuple[str, str]]

LOOPBACK = "127.0.0.1"
# A body that the application left unread is read to its end up to this size, so that the client gets its answer.
DRAIN_LIMIT = 64 * 1024 * 1024
STOP_AT_EOF = "ZTOE_SANDBOX_STOP_AT_EOF"
BODILESS = (204, 304)


class KeepAliveHandler(WSGIRequestHandler):
    """Werkzeug's handler closes after every answer and eats what a quick client sends next; this one does neither."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """One request and its answer; a dropped connection is the client's or a fault's wish, not an error."""
        body = LimitedStream(cast(IO[bytes], self.rfile), int(self.headers.get("Content-Length") or 0))
        try:
            if self.headers.get("Expect", "").strip().lower() == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._answer(body)
            self._drain(body)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _answer(self, body: LimitedStream) -> None:
        environ = self.make_environ()
        if environ.get("wsgi.input_terminated"):
            self.close_connection = True  # a chunked request; where the next would begin is not tracked
        else:
            environ["wsgi.input"] = body
        head: list[tuple[str, Headers]] = []

        def start_response(
            status: str, headers: Headers, exc_info: object = None
        ) -> Callable[[bytes], object]:
            del exc_info
            head[:] = [(status, headers)]
            return self.wfile.write

        chunks = self.server.app(environ, start_response)
        try:
            self._send(*head[0], chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()

    def _send(self, status: str, headers: Headers, chunks: Iterable[bytes]) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        has_length = any(name.lower() == "content-length" for name, _ in headers)
        chunked = not (has_length or self.command == "HEAD" or int(code) in BODILESS)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        for data in chunks:
            if data:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _drain(self, body: LimitedStream) -> None:
        if body.limit - body.tell() > DRAIN_LIMIT:
            self.close_connection = True
            return
        while body.read(1024 * 1024):
            pass

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: /sandbox/requests is the log."""


class Server:
    """A Flask application behind a loopback port, served by threads of this process."""

    def __init__(self, app: "WSGIApplication", port: int) -> None:
        self._server = ThreadedWSGIServer(LOOPBACK, port, app, KeepAliveHandler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self.url = f"http://{LOOPBACK}:{self._server.port}"

    def start(self) -> None:
        """Begin to answer; connections have been accepted since the constructor."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def announce(line: str) -> None:
    """Print one line of the start-up protocol at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def serve_app(app: "WSGIApplication", port: int) -> None:
    """Serve `app`, say `ready http://...`, and return after SIGINT or SIGTERM."""
    wait_for_stop = stop_requests()
    server = Server(app, port)
    server.start()
    announce(f"ready {server.url}")
    try:
        wait_for_stop()
    finally:
        server.stop()


def stop_requests() -> Callable[[], object]:
    """Handle SIGINT and SIGTERM from now on; the returned function blocks until one has come.

    With ZTOE_SANDBOX_STOP_AT_EOF in the environment the end of standard input counts too: a counterparty does not outlive
    the process that started it, however that one ended.
    """
    wishes: SimpleQueue[None] = SimpleQueue()  # its put() may be called from a signal handler
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: wishes.put(None))
    if os.environ.get(STOP_AT_EOF):
        threading.Thread(target=_wish_at_eof, args=(wishes,), daemon=True).start()
    return wishes.get


def _wish_at_eof(wishes: "SimpleQueue[None]") -> None:
    # Not sys.stdin: its lock, held by this thread, would stop the interpreter from ending.
    while os.read(0, 4096):
        pass
    wishes.put(None)
