"""Logging in and out: a cookie with a random token, everything else in the hub's table.

Pages are closed unless they are listed in PUBLIC. Flask's own signed cookie holds the form token and the
next page's banner, and opens nothing.
"""

from __future__ import annotations

import re

from flask import g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from ztoe_hub.hub import User

from .context import the_hub, visitor

PUBLIC = frozenset(
    {
        "static",
        "home.home",
        "home.icon",
        "login.page",
        "login.enter",
        "login.language",
        "health.live",
        "health.ready",
        "health.robots",
    }
)
OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def cookie_name() -> str:
    """`__Host-` makes browsers refuse the cookie without Secure, or from a neighbouring host."""
    return "__Host-ztoe_session" if is_secure() else "ztoe_session"


def is_secure() -> bool:
    """Whether people reach the cabinet by https."""
    return the_hub().settings.hub.public_url.startswith("https:")


def load_session() -> None:
    """Before every request: find out who asks."""
    token = request.cookies.get(cookie_name()) if request.endpoint != "static" else None
    g.logged_in = the_hub().sessions.find(token) if token else None


def require_login() -> Response | None:
    """Before every request: nobody but users gets past the public pages. An unknown address is a 404 for all."""
    if request.endpoint is None or request.endpoint in PUBLIC or visitor() is not None:
        return None
    came_for = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("login.page", next=came_for))


def log_in(response: Response, user: User, *, remember: bool) -> None:
    """Start a session and put its token into the answer. An earlier session of this browser ends."""
    hub = the_hub()
    if earlier := request.cookies.get(cookie_name()):
        hub.sessions.end(earlier)
    session.clear()
    token = hub.sessions.start(
        user, remember=remember, ip=request.remote_addr or "", user_agent=request.user_agent.string
    )
    response.set_cookie(
        cookie_name(),
        token,
        max_age=hub.settings.cabinet.remember_days * 86400 if remember else None,
        path="/",
        secure=is_secure(),
        httponly=True,
        samesite="Lax",
    )


def log_out(response: Response) -> None:
    """End the session at the hub, so that a copy of the cookie is worth nothing."""
    if token := request.cookies.get(cookie_name()):
        the_hub().sessions.end(token)
    session.clear()
    response.delete_cookie(cookie_name(), path="/", secure=is_secure(), httponly=True, samesite="Lax")


def choose_account(account_id: int) -> None:
    """Remember the account for this session. Raises NotFound when it is not the user's."""
    logged_in = visitor()
    token = request.cookies.get(cookie_name(), "")
    if logged_in is not None:
        the_hub().sessions.choose_account(token, logged_in.user, account_id)


def own_path(target: str | None) -> str | None:
    """The path, if it leads nowhere but to this cabinet."""
    return target if target and len(target) < 2000 and OWN_PATH.fullmatch(target) else None
