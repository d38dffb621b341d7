"""`ztoe-hub work`: a worker process."""

from __future__ import annotations

import signal
import threading

import typer

from .opening import log_to_stderr, opened_hub


def work() -> None:
    """Run the work until SIGINT or SIGTERM; what is running then is finished first."""
    log_to_stderr()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with opened_hub() as hub:
        hub.schedule()
        typer.echo("ready work")
        hub.engine.serve(stop)
