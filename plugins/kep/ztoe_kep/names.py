"""Reads names, texts and times as certificates and signatures write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from asn1crypto import core

from .tlv import SEQUENCE, Value, dotted

Part = TypeVar("Part")
Name = tuple[tuple[str, str], ...]  # object identifier and text, in the order in which they stand

#: What asn1crypto and the walks here raise for values that make no sense.
MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)
MOST_VALUES = 50

_LONGEST_TEXT = 256
_ENCODINGS = {0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}


def legible(read: Callable[[], Part]) -> Part | None:
    """What `read` finds, or None when that part is missing or malformed."""
    try:
        return read()
    except MALFORMED:
        return None


def name_of(name: Value) -> Name:
    """The parts of a distinguished name. Raises ValueError for what is none."""
    return tuple(
        (dotted(kind), text_of(text))
        for parts in name.expect(SEQUENCE).members(MOST_VALUES)
        for part in parts.members(MOST_VALUES)
        for kind, text in [part.expect(SEQUENCE).members(2)]
    )


def time_of(value: Value) -> datetime:
    """A UTCTime or GeneralizedTime, aware. Raises ValueError for one without a zone."""
    kind = core.UTCTime if value.tag == core.UTCTime.tag else core.GeneralizedTime
    time = kind.load(value.raw).native
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time


def text_of(value: Value) -> str:
    """A directory string on one line. What cannot be read becomes a replacement character, control codes blanks."""
    encoding = _ENCODINGS.get(value.tag)
    if encoding is None:
        raise ValueError("not a text")
    return printable(value.contents[: _LONGEST_TEXT * 4].decode(encoding, "replace"))


def printable(text: str) -> str:
    """A stranger's text on one line, cut to what anybody reads; control codes become blanks."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_TEXT]
