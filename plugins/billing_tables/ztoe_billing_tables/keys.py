"""Source keys made of one or several columns, and taken apart again."""

from __future__ import annotations

import re
from collections.abc import Sequence

SPLIT = re.compile(r"(?:[^|\\]|\\.)*")


def join_key(parts: Sequence[str]) -> str:
    """One part stays as it is; several are joined by a bar, and a bar inside a part is escaped."""
    if len(parts) == 1:
        return parts[0]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def split_key(key: str, count: int) -> list[str] | None:
    """The parts of a key that was made of `count` of them, or None when it was not."""
    if count == 1:
        return [key]
    parts, start = [], 0
    while start <= len(key):
        found = SPLIT.match(key, start)
        end = found.end() if found else start
        parts.append(re.sub(r"\\(.)", r"\1", key[start:end]))
        if end < len(key) and key[end] != "|":
            return None
        start = end + 1
    return parts if len(parts) == count else None
