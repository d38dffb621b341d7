"""For machines: is the process alive, can it serve, and what robots may read."""

from __future__ import annotations

import logging

from flask import Blueprint, Response

from ..context import the_hub

logger = logging.getLogger(__name__)
pages = Blueprint("health", __name__)


@pages.get("/health/live", endpoint="live")
def live() -> Response:
    """The process answers."""
    return _plain("ok")


@pages.get("/health/ready", endpoint="ready")
def ready() -> Response:
    """The database answers and has its tables: a session that nobody has is looked up."""
    try:
        the_hub().sessions.find("nobody's")
    except Exception:  # whatever the driver raises, the answer is the same
        logger.exception("not ready")
        return _plain("database unavailable", 503)
    return _plain("ready")


@pages.get("/robots.txt", endpoint="robots")
def robots() -> Response:
    """Nothing here is for search engines."""
    return _plain("User-agent: *\nDisallow: /\n")


def _plain(text: str, status: int = 200) -> Response:
    return Response(text, status=status, content_type="text/plain; charset=utf-8")
