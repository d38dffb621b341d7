"""What this distribution offers to the hub."""

from __future__ import annotations

from collections.abc import Sequence

from ztoe_hub import AdapterType, hookimpl
from ztoe_hub.ports import SignatureReader

from .reader import KepReader
from .settings import KepSettings


@hookimpl
def signature_readers() -> Sequence[AdapterType[SignatureReader]]:
    """One kind of reader: `type = "kep"`."""
    return [AdapterType(name="kep", settings=KepSettings, build=KepReader)]
