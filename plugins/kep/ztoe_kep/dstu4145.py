"""Verifies signatures of DSTU 4145-2002 (polynomial basis), by the steps of its clause 13.

The equations are those of the standard as Bouncy Castle's DSTU4145Signer and UAPKI compute them: numbers and
hashes are little-endian, whatever the byte order of the key.
"""

from __future__ import annotations

from .curves import Curve, Point


def verify(curve: Curve, point: Point, digest: bytes, signature: bytes) -> bool:
    """Whether `signature` (r and s, each one half) over `digest` was made with the key of `point`."""
    half = len(signature) // 2
    if not half or len(signature) % 2:
        return False
    r = int.from_bytes(signature[:half], "little")
    s = int.from_bytes(signature[half:], "little")
    if not (0 < r < curve.n and 0 < s < curve.n):
        return False
    try:
        x = curve.combined_x(s, r, point)
    except ValueError:
        return False
    return x is not None and challenge(curve, digest, x) == r


def challenge(curve: Curve, digest: bytes, x: int) -> int:
    """The number r that belongs to a digest and a point's x."""
    product = curve.field.multiply(hash_element(curve, digest), x)
    return product & (1 << curve.n.bit_length() - 1) - 1


def hash_element(curve: Curve, digest: bytes) -> int:
    """A digest as an element of the field; never zero."""
    return int.from_bytes(digest, "little") & (1 << curve.field.m) - 1 or 1
