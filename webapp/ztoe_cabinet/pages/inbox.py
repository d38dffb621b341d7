"""Повідомлення: the inbox."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from ..context import the_hub, the_user
from ..formatting import LARGEST_NUMBER
from ..sessions import own_path
from ..texts import _

pages = Blueprint("inbox", __name__, url_prefix="/messages")
MOST_PAGES = 100_000


@pages.get("", endpoint="listing")
def show_messages() -> str:
    """A page of messages, newest first."""
    unread_only = request.args.get("unread") == "1"
    page = min(max(request.args.get("page", 1, type=int), 1), MOST_PAGES)
    messages, last_page = the_hub().messages.of(the_user(), unread_only=unread_only, page=page)
    return render_template(
        "messages.html",
        messages=messages,
        page=page,
        last_page=last_page,
        unread_only=unread_only,
        unread=the_hub().messages.unread(the_user()),
        own_path=own_path,
    )


@pages.post("/read", endpoint="read")
def mark_read() -> Response:
    """Mark one message (`message_id`), or every one (`all`)."""
    message_id = request.form.get("message_id", type=int)
    if message_id is None and request.form.get("all") != "1":
        raise BadRequest
    if message_id is not None and not 0 < message_id <= LARGEST_NUMBER:
        raise BadRequest
    the_hub().messages.mark_read(the_user(), message_id)
    flash(
        _("Позначено прочитаним.") if message_id is not None else _("Усі повідомлення позначено прочитаними.")
    )
    return redirect(own_path(request.form.get("next")) or url_for("inbox.listing"))
