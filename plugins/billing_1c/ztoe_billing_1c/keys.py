"""The source key of a row: its reference, or the fields of a composite key together."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from .normalise import guid

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def key_reader(names: Sequence[str]) -> Callable[[msgspec.Raw], str | None]:
    """Reads just the key out of a row; None where it has none that can be read."""
    ours = [f"part_{place}" for place in range(len(names))]
    shape = msgspec.defstruct(
        "Key", [(name, str | int) for name in ours], rename=dict(zip(ours, names, strict=True))
    )
    decoder = msgspec.json.Decoder(shape)

    def read(content: msgspec.Raw) -> str | None:
        try:
            found = decoder.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return joined([getattr(found, name) for name in ours])

    return read


def joined(parts: Sequence[str | int]) -> str | None:
    """The parts as one key; None when one of them is empty."""
    texts = [_part(part) for part in parts]
    return ":".join(text for text in texts if text) if all(texts) else None


def _part(value: str | int) -> str | None:
    text = str(value).rstrip()
    return guid(text) if _GUID.fullmatch(text) else text
