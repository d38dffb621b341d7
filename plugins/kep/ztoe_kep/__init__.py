"""Reads signature containers (КЕП) for ztoe-hub, and checks their signatures mathematically."""

from __future__ import annotations

from collections.abc import Sequence

from ztoe_hub import AdapterType, hookimpl
from ztoe_hub.ports import SignatureReader

from .batch import read_many
from .bundles import Bundle, read_bundle
from .reader import KepReader, read_file
from .settings import KepSettings

__all__ = ["Bundle", "KepReader", "KepSettings", "read_bundle", "read_file", "read_many", "signature_readers"]


@hookimpl
def signature_readers() -> Sequence[AdapterType[SignatureReader]]:
    """One kind of reader: `type = "kep"`."""
    return [AdapterType(name="kep", settings=KepSettings, build=KepReader)]
