"""`/`: leads to where work goes on."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from ..context import the_account, visitor

pages = Blueprint("home", __name__)


@pages.get("/")
def home() -> Response:
    """The chosen account's statement, or the choice of one, or the login."""
    if visitor() is None:
        return redirect(url_for("login.page"))
    account = the_account()
    if account is None:
        return redirect(url_for("accounts.listing"))
    return redirect(url_for("statements.page", account_id=account.id))


@pages.get("/favicon.ico", endpoint="icon")
def icon() -> Response:
    """Browsers ask for it beside a PDF, which names no icon."""
    return redirect(url_for("static", filename="icon.svg"))
