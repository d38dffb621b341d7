"""Opens the hub for a command: settings from the environment, plugins from entry points, logs as JSON lines."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer

from ztoe_hub.hub import Hub, build_hub
from ztoe_hub.plugin_manager import discover_plugins
from ztoe_hub.request_ids import request_id
from ztoe_hub.settings import Settings
from ztoe_hub.settings_file import load_settings
from ztoe_hub.storage.version import require_current

from .main import SETTINGS_VARIABLE, SKIP_VARIABLE

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line: time in UTC, level, event, request id, and the facts given in `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line; a newline in a fact stays inside its string."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        if current := request_id.get():
            line["request_id"] = current
        line.update({key: value for key, value in vars(record).items() if key not in _PLAIN})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_to_stderr(level: int = logging.INFO) -> None:
    """For processes that serve."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "alembic"):  # one logs whole addresses, the other its every step
        logging.getLogger(chatty).setLevel(logging.WARNING)


def settings_of(environ: Mapping[str, str]) -> Settings:
    """The settings file that the environment names, or ./ztoe-hub.toml."""
    return load_settings(Path(environ.get(SETTINGS_VARIABLE, "ztoe-hub.toml")).absolute(), environ)


def open_hub(environ: Mapping[str, str] | None = None) -> Hub:
    """The hub, its database at the right schema. Raises ConfigurationError."""
    environ = os.environ if environ is None else environ
    settings = settings_of(environ)
    plugins = discover_plugins(skip_broken=environ.get(SKIP_VARIABLE) == "1", warn=warn)
    hub = build_hub(settings, plugins=plugins)
    try:
        require_current(hub.database)
    except BaseException:
        hub.close()
        raise
    return hub


@contextmanager
def opened_hub() -> Iterator[Hub]:
    """The hub, closed at the end."""
    hub = open_hub()
    try:
        yield hub
    finally:
        hub.close()


def warn(text: str) -> None:
    """Say it on standard error."""
    typer.echo(f"ztoe-hub: {text}", err=True)
