"""Особові рахунки: the list, and the choice after which the account's menu appears."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from ..context import the_hub, the_user
from ..sessions import choose_account

pages = Blueprint("accounts", __name__, url_prefix="/accounts")


@pages.get("", endpoint="listing")
def show_accounts() -> str:
    """The user's accounts; staff have none and are told so."""
    return render_template("accounts.html", accounts=the_hub().accounts.of(the_user()), user=the_user())


@pages.post("/<int:account_id>/choose", endpoint="choose")
def choose(account_id: int) -> Response:
    """Work with this account from now on."""
    choose_account(account_id)
    return redirect(url_for("statements.page", account_id=account_id))
