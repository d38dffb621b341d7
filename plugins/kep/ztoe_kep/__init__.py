"""Reads signature containers (КЕП), and checks their signatures mathematically; usable without the hub's settings.

`read_file` reads one container, `read_many` files on several processor cores, `read_bundle` a CA bundle. They are
loaded on first use, so that commands start fast; what the hub registers stands in `plugin`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .batch import read_many
    from .bundles import Bundle, read_bundle
    from .reader import read_file

__all__ = ["Bundle", "read_bundle", "read_file", "read_many"]

_HOME = {"Bundle": ".bundles", "read_bundle": ".bundles", "read_file": ".reader", "read_many": ".batch"}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name], __name__), name)
