"""Reads files of certificates: a CA bundle in PKCS #7 (`CACertificates.p7b`), PEM text, or one certificate in DER."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .certificates import Certificate, read_certificate
from .containers import open_layer
from .names import legible
from .sniffing import binary_form, is_cms, pem_blocks

LARGEST = 16 * 1024 * 1024
MOST_CERTIFICATES = 5000  # the national bundle of 2026 has 827


@dataclass(frozen=True, slots=True)
class Bundle:
    """The legible certificates of one file; `skipped` is how many were not."""

    name: str
    certificates: tuple[Certificate, ...] = field(repr=False)
    skipped: int = 0

    def date(self) -> datetime | None:
        """When the newest certificate begins: the bundle was put together no earlier."""
        return max((c.not_before for c in self.certificates if c.not_before), default=None)


def read_bundle(path: Path) -> Bundle:
    """The certificates in a file. Raises OSError, or ValueError naming the file when it holds none."""
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path}: more than {LARGEST // 1024 // 1024} MB")
    return bundle_of(path.read_bytes(), path.name)


def bundle_of(data: bytes, name: str) -> Bundle:
    """The certificates in `data`. Raises ValueError when it holds none."""
    raws = _raw_certificates(data)
    found = [certificate for raw in raws if (certificate := legible(lambda raw=raw: read_certificate(raw)))]  # type: ignore[misc]
    if not found:
        raise ValueError(f"{name}: no certificates inside")
    return Bundle(name, tuple(dict.fromkeys(found)), len(raws) - len(found))


def bundle_date(bundles: Sequence[Bundle]) -> datetime | None:
    """The date of the newest of several bundles; None when there is none."""
    return max((date for bundle in bundles if (date := bundle.date())), default=None)


def _raw_certificates(data: bytes) -> list[bytes]:
    blocks = pem_blocks(data, MOST_CERTIFICATES)
    raws: list[bytes] = []
    for block in blocks or [binary_form(data)]:
        raws += _from_cms(block) if is_cms(block) else [block]
    return raws


def _from_cms(block: bytes) -> list[bytes]:
    layer = legible(lambda: open_layer(block, most_certificates=MOST_CERTIFICATES))
    return layer.certificates if layer else []
