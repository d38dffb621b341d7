"""What a page needs to know of its request: the hub, who is logged in, which account, which language."""

from __future__ import annotations

from typing import Any, Protocol

from flask import current_app, g, request

from ztoe_hub.errors import NotFound
from ztoe_hub.hub import Hub, LoggedIn, User

LANGUAGES = ("uk", "en")
LANGUAGE_COOKIE = "ztoe_language"


class Titled(Protocol):
    """A name in both languages: of the settings as of ztoe_hub.values."""

    @property
    def uk(self) -> str: ...

    @property
    def en(self) -> str: ...


def the_hub() -> Hub:
    """The hub that the application was made with."""
    hub: Hub = current_app.extensions["ztoe_hub"]
    return hub


def visitor() -> LoggedIn | None:
    """Who is logged in, if anybody is."""
    found: LoggedIn | None = g.get("logged_in")
    return found


def the_user() -> User:
    """Who is logged in. Pages that need it are not reached by anybody else."""
    logged_in = visitor()
    if logged_in is None:
        raise RuntimeError("a public page asked for its user")
    return logged_in.user


def load_account() -> None:
    """Before a page of an account: see that it is the user's own. Raises NotFound."""
    account_id = (request.view_args or {}).get("account_id")
    g.account = None if account_id is None else the_hub().accounts.get(the_user(), account_id)


def the_account() -> Any:
    """The account of the page's address, or else the one chosen in this session, or None."""
    if g.get("account") is None:
        g.account = _chosen_account()
    return g.account


def _chosen_account() -> Any:
    logged_in = visitor()
    if logged_in is None or logged_in.account_id is None:
        return None
    try:
        return the_hub().accounts.get(logged_in.user, logged_in.account_id)
    except NotFound:  # it was closed or went to another consumer since
        return None


def language() -> str:
    """The language chosen on this browser; Ukrainian otherwise."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def say(text: str, **values: object) -> str:
    """A text of the core in the page's language."""
    return the_hub().say(language(), text, **values)


def titled(title: Titled) -> str:
    """A name in the page's language."""
    return title.en if language() == "en" else title.uk
