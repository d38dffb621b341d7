"""Entry and exit, and the choice of a language."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ztoe_hub.errors import TooManyAttempts, UserError

from ..answers import user_text
from ..context import LANGUAGE_COOKIE, LANGUAGES, the_hub, visitor
from ..sessions import is_secure, log_in, log_out, own_path
from ..texts import _

pages = Blueprint("login", __name__)
YEAR_S = 365 * 86400


@pages.get("/login", endpoint="page")
def show_login() -> Response:
    """The form; whoever is in already goes on."""
    target = own_path(request.args.get("next"))
    if visitor() is not None:
        return redirect(target or url_for("home.home"))
    return _form({})


@pages.post("/login", endpoint="enter")
def enter() -> Response:
    """Check user and password."""
    login, password = request.form.get("login", "").strip(), request.form.get("password", "")
    errors = {}
    if not login:
        errors["login"] = _("Введіть користувача.")
    if not password:
        errors["password"] = _("Введіть пароль.")
    if errors:
        return _form(errors, 400)
    try:
        user = the_hub().users.authenticate(login, password, ip=request.remote_addr or "")
    except TooManyAttempts as error:
        response = _form({"login": user_text(error)}, 429)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    except UserError as error:
        return _form({"login": user_text(error)}, 400)
    response = redirect(own_path(request.form.get("next")) or url_for("home.home"))
    log_in(response, user, remember="remember" in request.form)
    return response


@pages.post("/logout", endpoint="logout")
def leave() -> Response:
    """End the session."""
    response = redirect(url_for("login.page"))
    log_out(response)
    return response


@pages.post("/language", endpoint="language")
def choose_language() -> Response:
    """Remember the language on this browser and go back to the page."""
    response = redirect(own_path(request.form.get("next")) or url_for("home.home"))
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, chosen, max_age=YEAR_S, secure=is_secure(), httponly=True, samesite="Lax"
        )
    return response


def _form(errors: dict[str, str], status: int = 200) -> Response:
    target = own_path(request.values.get("next")) or ""
    entered = {"login": request.form.get("login", ""), "remember": "remember" in request.form}
    return make_response(render_template("login.html", errors=errors, next=target, entered=entered), status)
