"""What went wrong, as pages: one table from the hub's errors to a status and a text."""

from __future__ import annotations

import logging

from flask import Flask, Response, make_response, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from ztoe_hub.errors import (
    HubError,
    InvalidInput,
    ItemRejected,
    NotFound,
    OperatorNeeded,
    OutcomeUnknown,
    TooManyAttempts,
    TransientError,
    UserError,
    WrongMoment,
)
from ztoe_hub.hub import request_id

from .context import say
from .texts import _, _l

logger = logging.getLogger(__name__)

UNEXPECTED = _l("Сталася помилка. Ми записали її і розберемося.")
UNAVAILABLE = _l("Сервіс тимчасово недоступний. Спробуйте за кілька хвилин.")

# First match wins, most specific first. An empty text: the error's own, which is written for people.
ANSWERS: list[tuple[type[HubError], int, str]] = [
    (NotFound, 404, ""),
    (InvalidInput, 422, ""),
    (WrongMoment, 409, ""),
    (TooManyAttempts, 429, ""),
    (UserError, 400, ""),
    (TransientError, 503, UNAVAILABLE),
    (OperatorNeeded, 503, UNAVAILABLE),
    (
        OutcomeUnknown,
        503,
        _l("Відповіді ще немає. Перевірте стан за кілька хвилин, перш ніж повторювати дію."),
    ),
    (ItemRejected, 422, _l("Запит відхилено. Перевірте дані.")),
    (HubError, 500, UNEXPECTED),
]

HEADINGS = {
    400: _l("Запит не прийнято"),
    404: _l("Сторінку не знайдено"),
    405: _l("Так ця сторінка не працює"),
    409: _l("Зараз це неможливо"),
    413: _l("Файли завеликі"),
    422: _l("Перевірте введене"),
    429: _l("Забагато спроб"),
    500: _l("Сталася помилка"),
    503: _l("Сервіс тимчасово недоступний"),
}

TEXTS = {
    404: _l("Перевірте адресу або перейдіть на сторінку з меню."),
    405: _l("Поверніться на попередню сторінку і скористайтеся кнопками на ній."),
    413: _l("Разом файли завеликі: кожен має бути не більше 16 Мб. Нічого не змінено."),
}


def answer_hub_error(error: HubError) -> Response:
    """The page for an error of the hub."""
    status, text = next((status, text) for kind, status, text in ANSWERS if isinstance(error, kind))
    if status >= 500:
        logger.error("a request failed", exc_info=error, extra={"request_id": request_id.get()})
    problems = [say(text) for text in error.problems.values()] if isinstance(error, InvalidInput) else []
    response = error_page(status, str(text) or user_text(error), problems)
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def answer_http_error(error: HTTPException) -> Response:
    """The page for what Flask itself refuses."""
    status = error.code or 500
    response = error_page(
        status, str(TEXTS.get(status, _("Поверніться на попередню сторінку і спробуйте ще раз.")))
    )
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def answer_form_error(_error: CSRFError) -> Response:
    """The page for a form that is too old or did not come from here."""
    return error_page(
        400,
        _(
            "Форма застаріла або надіслана не з цієї сторінки. Оновіть сторінку й надішліть форму ще раз. Нічого не змінено."
        ),
    )


def answer_unexpected(error: Exception) -> Response:
    """The page for a defect: an id to tell us, and nothing of what happened."""
    logger.error("unexpected error", exc_info=error, extra={"request_id": request_id.get()})
    return error_page(500, str(UNEXPECTED))


def user_text(error: HubError) -> str:
    """The text of an error that was written for people, in their language."""
    return say(error.message, **error.values) if isinstance(error, UserError) else str(UNEXPECTED)


def error_page(status: int, text: str, problems: list[str] | None = None) -> Response:
    """A page that says what to do; a failing one asks the hub for nothing."""
    heading = str(HEADINGS.get(status, HEADINGS[400 if status < 500 else 500]))
    page = render_template(
        "error.html", status=status, heading=heading, text=text, problems=problems or [], bare=status >= 500
    )
    return make_response(page, status)


def install(app: Flask) -> None:
    """Wire the handlers; the most specific class wins."""
    app.register_error_handler(CSRFError, answer_form_error)
    app.register_error_handler(HubError, answer_hub_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, answer_unexpected)
