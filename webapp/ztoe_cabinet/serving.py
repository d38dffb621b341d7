"""`ztoe-hub web`: the cabinet behind waitress, which buffers slow clients by itself."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import waitress

from ztoe_hub.cli.opening import log_to_stderr, opened_hub
from ztoe_hub.hub import Hub

from .app import LARGEST_REQUEST, create_app

LARGEST_BUFFERED = 2 * LARGEST_REQUEST  # what is between the two gets a page in Ukrainian
SLOWEST_CLIENT_S = 60


def web(host: str | None = None, port: int | None = None) -> None:
    """Serve the cabinet until SIGINT or SIGTERM; requests that run then are finished first."""
    log_to_stderr()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    with opened_hub() as hub:
        server = make_server(hub, host, port)
        sys.stdout.write(f"ready {address_of(server)}\n")
        sys.stdout.flush()
        try:
            server.run()  # returns when _leave is called, after the running requests
        finally:
            server.close()


def make_server(hub: Hub, host: str | None = None, port: int | None = None) -> Any:
    """A listening server; port 0 takes a free one."""
    cabinet = hub.settings.cabinet
    return waitress.create_server(
        create_app(hub),
        host=host if host is not None else cabinet.host,
        port=port if port is not None else cabinet.port,
        threads=cabinet.threads,
        ident=None,
        channel_timeout=SLOWEST_CLIENT_S,
        max_request_body_size=LARGEST_BUFFERED,
        # waitress would drop what ProxyFix has to read; without proxies it must be dropped
        clear_untrusted_proxy_headers=cabinet.trusted_proxies == 0,
    )


def address_of(server: Any) -> str:
    """Where it listens."""
    host = str(server.effective_host)
    return f"http://{f'[{host}]' if ':' in host else host}:{server.effective_port}"


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
