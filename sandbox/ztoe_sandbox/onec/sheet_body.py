"""A sheet of readings as the hub sends it: every field is there, is of its type, and nothing else is."""

import datetime as dt
import json
import re
from typing import Any

from .order_body import BadOrder, check_keys
from .tokens import GUID

FIELDS = {
    "revision": int,
    "account_number": str,
    "consumer_code": str,
    "period": str,
    "confirmed_at": str,
    "lines": list,
}
LINE_FIELDS = {
    "metering_point_key": str,
    "meter_number": str,
    "digits": int,
    "coefficient": str,
    "previous_on": str,
    "previous_value": str,
    "current_on": str,
    "current_value": str,
    "rolled_over": bool,
}
NUMBERS = ("coefficient", "previous_value", "current_value")
NUMBER = re.compile(r"\d{1,15}(\.\d{1,6})?", re.ASCII)
MOST_LINES = 1000


def parse_sheet(content: bytes) -> dict[str, Any]:
    """The sheet, checked; raises BadOrder, which names the field."""
    try:
        body = json.loads(content.decode("utf-8"))
    except ValueError:
        raise BadOrder("the body is not UTF-8 JSON") from None
    check_keys(body, tuple(FIELDS), "sheet")
    _check_types(body, FIELDS)
    _check_day(body["period"], "period")
    if not body["period"].endswith("-01"):
        raise BadOrder("period: the first day of a month is expected")
    if not body["revision"] >= 1 or not 1 <= len(body["lines"]) <= MOST_LINES:
        raise BadOrder("revision or lines: out of range")
    _check_moment(body["confirmed_at"])
    for line in body["lines"]:
        _check_line(line)
    return dict(body)


def _check_line(line: object) -> None:
    check_keys(line, tuple(LINE_FIELDS), "lines")
    assert isinstance(line, dict)  # noqa: S101 - check_keys has made sure
    _check_types(line, LINE_FIELDS)
    if not re.fullmatch(GUID, line["metering_point_key"]):
        raise BadOrder("metering_point_key: a GUID is expected")
    for name in NUMBERS:
        if not NUMBER.fullmatch(line[name]):
            raise BadOrder(f"{name}: a number as text is expected")
    for name in ("previous_on", "current_on"):
        _check_day(line[name], name)


def _check_types(body: dict[str, Any], fields: dict[str, type]) -> None:
    for name, kind in fields.items():
        if type(body[name]) is not kind:
            raise BadOrder(f"{name}: wrong type")


def _check_day(text: str, name: str) -> None:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        raise BadOrder(f"{name}: a date like 2024-03-31 is expected") from None


def _check_moment(text: str) -> None:
    try:
        aware = dt.datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise BadOrder("confirmed_at: an ISO 8601 time with its offset is expected")
