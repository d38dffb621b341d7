"""Makes the Flask application: create_app(hub) -> Flask. Nothing here or below it knows a provider."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from flask_babel import Babel  # type: ignore[import-untyped]
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.routing import IntegerConverter, Map

from ztoe_hub.hub import Hub, request_id

from . import answers, context, formatting, navigation, security, sessions
from .formatting import LARGEST_NUMBER
from .pages import BLUEPRINTS

LARGEST_REQUEST = 33 * 1024 * 1024  # two files of 16 MB and the rest of the form
MOST_PARTS = 20


class Number(IntegerConverter):
    """A number in an address that a row can have; a larger one leads nowhere, and never to the database."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST_NUMBER)


def create_app(hub: Hub) -> Flask:
    """The cabinet over a ready hub. The caller closes the hub."""
    app = Flask("ztoe_cabinet")
    app.extensions["ztoe_hub"] = hub
    app.config.update(_configuration(hub))
    app.url_map.converters["int"] = Number
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    security.install(app, hub)
    app.before_request(sessions.load_session)
    CSRFProtect(app)
    app.before_request(sessions.require_login)
    app.before_request(context.load_account)
    answers.install(app)
    formatting.install(app)
    Babel(app, default_locale="uk", locale_selector=context.language)
    versions = _static_versions(Path(app.static_folder or ""))
    app.context_processor(lambda: _for_templates(versions))
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _configuration(hub: Hub) -> dict[str, Any]:
    secure = hub.settings.hub.public_url.startswith("https:")
    return {
        "SECRET_KEY": hub.settings.hub.secret_key.get_secret_value(),
        "SESSION_COOKIE_NAME": "__Host-ztoe_form" if secure else "ztoe_form",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": hub.settings.cabinet.session_hours * 3600,
        "WTF_CSRF_SSL_STRICT": secure,
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "MAX_FORM_PARTS": MOST_PARTS,
        "MAX_FORM_MEMORY_SIZE": 64 * 1024,
    }


def _for_templates(versions: dict[str, str]) -> dict[str, Any]:
    return {
        "account": context.the_account,
        "bare": False,
        "language": context.language(),
        "menu": navigation.menu,
        "request_id": request_id.get,
        "say": context.say,
        "signing_title": navigation.signing_title,
        "static_url": lambda name: url_for("static", filename=name, v=versions[name]),
        "titled": context.titled,
        "utility": context.titled(context.the_hub().settings.hub.utility),
        "visitor": context.visitor,
    }


def _static_versions(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in folder.iterdir()
        if path.is_file()
    }
