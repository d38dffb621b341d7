"""Reads the four bodies in which 1C says no, and names each by what the hub does next.

1C's own texts are localised and may repeat what was asked (7 of 14 forms do), so decisions go by code and
messages carry our words only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from ztoe_hub.errors import (
    HubError,
    OperatorNeeded,
    ProviderMisconfigured,
    TransientError,
    UnexpectedAnswer,
)
from ztoe_hub.outgoing import Answer

BOM = b"\xef\xbb\xbf"
LICENCE_WAIT_S = 60.0  # longer than a retry on the spot: sessions must end first

# 1C Developer Guide 17.4.10.
MEANINGS = {
    "0": "the option is not supported",
    "1": "a string was not understood",
    "2": "the format of the request is wrong",
    "3": "the representation is not offered",
    "4": "a value is wrong",
    "5": "something required is missing",
    "6": "the address or a field's name is unknown",
    "7": "a part of the key is missing",
    "8": "the set is not published: put it into the composition of the OData interface",
    "9": "there is no such object",
    "10": "there is no such field",
    "11": "there is no such method",
    "12": "an argument is wrong",
    "14": "an option of the query was not understood",
    "15": "the key is there already",
    "19": "the method is forbidden",
    "20": "the user may not read it: check roles and record-level restrictions",
    "21": "there is no such function",
    "-1": "a handler of the configuration failed",
}

_XML_CODE = re.compile(rb"<(?:\w+:)?code>\s*(-?\d+)\s*</(?:\w+:)?code>")
_LICENCE = re.compile(r"лиценз|ліценз|licen[sc]e", re.IGNORECASE)
_MEMORY = re.compile(r"недостаточно памяти|недостатньо пам|not enough memory|out of memory", re.IGNORECASE)


class QueryRefused(OperatorNeeded):
    """1C does not take this query (400, 404): a name, a form of call or the composition is to be mended."""


class NoSuchObject(QueryRefused):
    """The set is there, this object is not (code 9)."""


class KeyExists(QueryRefused):
    """What was to be created is there already (code 15), and was left as it is."""


class ServerOutOfMemory(TransientError):
    """The answer was too much for the 1C server: ask for less, or later."""


class NoLicence(TransientError):
    """All client licences of the 1C server are taken."""


BY_CODE: dict[str, type[QueryRefused]] = {"9": NoSuchObject, "15": KeyExists}


@dataclass(frozen=True, slots=True)
class Fault:
    """What an error body says: 1C's code, when there is one, and the text, for matching only."""

    code: str | None
    text: str


class _ODataError(msgspec.Struct):
    code: str | int
    message: msgspec.Raw = msgspec.Raw(b"")


class _JsonBody(msgspec.Struct):
    error: _ODataError | None = msgspec.field(default=None, name="odata.error")
    exception: msgspec.Raw = msgspec.Raw(b"")


def fault_of(content: bytes) -> Fault | None:
    """The error in a body, or None when it is neither of 1C's three (so HTML, or something else)."""
    body = content.removeprefix(BOM).strip()
    text = body.decode("utf-8", "replace")
    if body.startswith(b"<"):
        found = _XML_CODE.search(body)
        return Fault(found[1].decode(), text) if found and b"error" in body else None
    try:
        parsed = msgspec.json.decode(body, type=_JsonBody)
    except (msgspec.DecodeError, ValueError):
        return None
    if parsed.error is not None:
        return Fault(str(parsed.error.code), text)
    return Fault(None, text) if bytes(parsed.exception) else None


def error_of(answer: Answer, asked: str) -> HubError:
    """The error that an answer stands for. `asked` names the set or the call, without personal data."""
    fault = fault_of(answer.content)
    if fault is not None and _LICENCE.search(fault.text):
        return NoLicence(f"{asked}: 1C has no free licence", retry_after_s=LICENCE_WAIT_S)
    if fault is not None and _MEMORY.search(fault.text):
        return ServerOutOfMemory(f"{asked}: 1C ran out of memory", retry_after_s=LICENCE_WAIT_S)
    if answer.status in (401, 403) or (fault is not None and fault.code == "20"):
        return ProviderMisconfigured(f"{asked}: 1C refuses our user (HTTP {answer.status})")
    if fault is not None and fault.code is not None:
        return _error_by_code(answer.status, fault.code, asked)
    if answer.status in (406, 408, 425, 429) or answer.status >= 500:
        return TransientError(f"{asked}: HTTP {answer.status}", retry_after_s=answer.retry_after_s)
    if answer.status in (400, 404):
        return QueryRefused(f"{asked}: the web server refuses the address (HTTP {answer.status})")
    return UnexpectedAnswer(
        f"{asked}: HTTP {answer.status}, {answer.media_type or 'no type'} instead of data"
    )


def _error_by_code(status: int, code: str, asked: str) -> HubError:
    message = f"{asked}: {MEANINGS.get(code, 'refused')} (1C code {code}, HTTP {status})"
    if code == "-1" or status >= 500:
        return OperatorNeeded(message)
    if code in BY_CODE:
        return BY_CODE[code](message)
    return QueryRefused(message) if status in (400, 404) else UnexpectedAnswer(message)
