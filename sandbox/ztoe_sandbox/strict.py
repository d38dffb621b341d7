"""Reads JSON the strict way: every field is known and has exactly the type it should have."""

import json
from collections.abc import Mapping
from typing import Any

Types = tuple[type, ...]
NULL = type(None)


class BadRequestBody(ValueError):
    """What was sent does not have the agreed shape; the text says where."""


def parse_object(text: str | bytes) -> dict[str, Any]:
    """The JSON object in `text`; anything else raises BadRequestBody."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise BadRequestBody(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadRequestBody("a JSON object is expected")
    return data


def check_fields(
    data: object, required: Mapping[str, Types], optional: Mapping[str, Types] | None = None
) -> dict[str, Any]:
    """`data` itself, when it holds every required field, no unknown one, and exact types (true is no integer)."""
    if not isinstance(data, dict):
        raise BadRequestBody("a JSON object is expected")
    allowed = {**required, **(optional or {})}
    if missing := [name for name in required if name not in data]:
        raise BadRequestBody(f"missing: {', '.join(missing)}")
    for name, value in data.items():
        if name not in allowed:
            raise BadRequestBody(f"unknown field: {name}")
        if type(value) not in allowed[name]:
            raise BadRequestBody(f"wrong type of {name}: {type(value).__name__}")
    return data
