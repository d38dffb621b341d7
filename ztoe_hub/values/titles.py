"""Names that people read, and what a live check finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Title:
    """A name that people read, in both languages of the cabinet."""

    uk: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a live check of an instance found. `detail` is for operators and holds no secret."""

    ok: bool
    detail: str
