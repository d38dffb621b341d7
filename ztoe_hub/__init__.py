"""Plugin-based integration middleware for the business cabinet of an electricity utility.

Plugin authors start here: `hookimpl` marks an implementation, `AdapterType` offers an adapter,
`AdapterContext` is what it is built with. They are loaded on first use, so that commands start fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .hookspecs import hookimpl
    from .ports import AdapterContext, AdapterType

__all__ = ["AdapterContext", "AdapterType", "hookimpl"]

_HOME = {"hookimpl": ".hookspecs", "AdapterContext": ".ports", "AdapterType": ".ports"}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name], __name__), name)
