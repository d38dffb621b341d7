"""The hash functions by object identifier, as the CMS, certificates and time stamps of Ukraine name them.

SHA-1 and MD5 are left out on purpose: an equal digest would prove little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .gost34311 import DEFAULT_DKE, gost34311
from .kupyna import accelerator, kupyna

GOST_34311 = "1.2.804.2.1.1.1.1.2.1"
KUPYNA_256, KUPYNA_384, KUPYNA_512 = (f"1.2.804.2.1.1.1.1.2.2.{n}" for n in (1, 2, 3))
SHA_224, SHA_256, SHA_384, SHA_512 = (f"2.16.840.1.101.3.4.2.{n}" for n in (4, 1, 2, 3))


@dataclass(frozen=True, slots=True)
class Hash:
    """One function. `steps_per_byte` are microseconds in pure Python, about."""

    name: str
    compute: Callable[[bytes, bytes | None], bytes]
    steps_per_byte: float
    takes_dke: bool = False


def _sha(name: str) -> Hash:
    def compute(data: bytes, _dke: bytes | None) -> bytes:
        return hashlib.new(name, data).digest()

    return Hash(name.upper().replace("SHA", "SHA-"), compute, 0.01)


def _kupyna(bits: int) -> Hash:
    steps = 0.02 if accelerator() and bits != 384 else 1.3
    compute = partial(kupyna, bits=bits)
    return Hash(f"Kupyna-{bits}", lambda data, _dke: compute(data), steps)


HASHES: dict[str, Hash] = {
    GOST_34311: Hash(
        "GOST 34.311", lambda data, dke: gost34311(data, dke or DEFAULT_DKE), 2.3, takes_dke=True
    ),
    KUPYNA_256: _kupyna(256),
    KUPYNA_384: _kupyna(384),
    KUPYNA_512: _kupyna(512),
    SHA_224: _sha("sha224"),
    SHA_256: _sha("sha256"),
    SHA_384: _sha("sha384"),
    SHA_512: _sha("sha512"),
}
_KNOWN_BUT_WEAK = {"1.3.14.3.2.26": "SHA-1", "1.2.840.113549.2.5": "MD5"}


def name_of_hash(oid: str) -> str:
    """What people call it; the object identifier when it is not known."""
    known = HASHES.get(oid)
    return known.name if known else _KNOWN_BUT_WEAK.get(oid, oid)
