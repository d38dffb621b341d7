"""Cuts the text of $filter and of function arguments into literals, names and signs, as strictly as 1C does."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from .errors import Code, ODataError
from .schema import Value

GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
TOKEN = re.compile(
    rf"""(?P<space>\x20+)
    |guid'(?P<guid>{GUID})'
    |datetime'(?P<datetime>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d)'
    |'(?P<text>(?:[^']|'')*)'
    |(?P<number>-?\d+(?:\.\d+)?)(?![\w.])
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>[(),=])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is guid, datetime, text, number, boolean, name, sign or end."""

    kind: str
    text: str
    value: Value = None


def unparsable(text: str) -> ODataError:
    return ODataError(400, Code.BAD_OPTION, f"Ошибка при разборе опции запроса: {text}")


def tokens_of(text: str) -> Iterator[Token]:
    """Every token, then one of the kind `end`."""
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise unparsable(text)
        place = match.end()
        if match.lastgroup != "space":
            yield _token(match.lastgroup or "", match[match.lastgroup or 0])
    yield Token("end", "")


def _token(kind: str, text: str) -> Token:
    if kind == "guid":
        return Token(kind, text, text.lower())
    if kind == "datetime":
        return Token(kind, text, moment(text))
    if kind == "text":
        return Token(kind, text, text.replace("''", "'"))
    if kind == "number":
        return Token(kind, text, Decimal(text))
    if kind == "name" and text in ("true", "false"):
        return Token("boolean", text, text == "true")
    return Token(kind, text)


def moment(text: str) -> dt.datetime:
    """A local date and time without a zone."""
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise ODataError(400, Code.BAD_VALUE, f"Неверное значение даты: {text}") from None
