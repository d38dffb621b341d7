"""The order as the hub sends it: every field is there, is of its type, and nothing else is."""

import datetime as dt
import json
import re
from typing import Any

from .tokens import GUID

ROLES = ("certificate", "extract", "application", "application_signed")
ORDER_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
SHA256 = re.compile(r"[0-9a-f]{64}")
TEXTS = {  # name -> longest
    "service_code": 64,
    "service_name": 200,
    "account_number": 32,
    "consumer_code": 32,
    "metering_point_key": 36,
    "eic": 16,
    "voltage_class": 8,
    "contact_name": 200,
    "contact_phone": 50,
    "ordered_at": 40,
}
NULLABLE = ("eic",)
FIELDS = (*TEXTS, "device_count", "files")
FILE_FIELDS = {"role": str, "name": str, "sha256": str, "size": int}
MOST_DEVICES = 1000


class BadOrder(Exception):
    """The body is not what the contract says; the message names the field."""


def parse_order(content: bytes) -> dict[str, Any]:
    """The order, checked; raises BadOrder."""
    try:
        body = json.loads(content.decode("utf-8"))
    except ValueError:
        raise BadOrder("the body is not UTF-8 JSON") from None
    check_keys(body, FIELDS, "order")
    for name, longest in TEXTS.items():
        if name in NULLABLE and body[name] is None:
            continue
        if not isinstance(body[name], str) or not 1 <= len(body[name]) <= longest:
            raise BadOrder(f"{name}: a text of 1 to {longest} characters is expected")
    _check_values(body)
    _check_files(body["files"])
    return dict(body)


def check_keys(body: object, names: tuple[str, ...], what: str) -> None:
    """Every name is there, and nothing else is; raises BadOrder."""
    if not isinstance(body, dict):
        raise BadOrder(f"{what}: an object is expected")
    for name in names:
        if name not in body:
            raise BadOrder(f"{name}: missing")
    for name in body:
        if name not in names:
            raise BadOrder(f"{name}: unknown field")


def _check_values(body: dict[str, Any]) -> None:
    count = body["device_count"]
    if type(count) is not int or not 1 <= count <= MOST_DEVICES:
        raise BadOrder(f"device_count: an integer from 1 to {MOST_DEVICES} is expected")
    if not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", body["voltage_class"], re.ASCII):
        raise BadOrder('voltage_class: kilovolts as text are expected, like "0.4"')
    if not re.fullmatch(GUID, body["metering_point_key"]):
        raise BadOrder("metering_point_key: a GUID is expected")
    try:
        ordered_at = dt.datetime.fromisoformat(body["ordered_at"])
    except ValueError:
        raise BadOrder("ordered_at: an ISO 8601 time is expected") from None
    if ordered_at.tzinfo is None:
        raise BadOrder("ordered_at: the offset is missing")


def _check_files(files: object) -> None:
    if not isinstance(files, list):
        raise BadOrder("files: a list is expected")
    for file in files:
        check_keys(file, tuple(FILE_FIELDS), "files")
        for name, kind in FILE_FIELDS.items():
            if type(file[name]) is not kind:
                raise BadOrder(f"files.{name}: wrong type")
        if file["role"] not in ROLES or not file["name"] or not SHA256.fullmatch(file["sha256"]):
            raise BadOrder("files: role, name or sha256 is wrong")
        if file["size"] < 0:
            raise BadOrder("files.size: wrong value")
    roles = [file["role"] for file in files]
    if len(set(roles)) != len(roles):
        raise BadOrder("files: a role is named twice")
