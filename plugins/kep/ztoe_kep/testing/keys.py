"""DSTU 4145 keys for tests. Signing here leaks timing and takes its chance from a seed: never for real documents."""
# ruff: noqa: S311  a test has to come out the same every time

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cached_property

from asn1crypto import core

from ..curves import Curve, Point, standard_curves
from ..dstu4145 import challenge
from ..gost34311 import DEFAULT_DKE
from ..public_keys import BIG_ENDIAN_KEY, LITTLE_ENDIAN_KEY
from ..tlv import BIT_STRING, INTEGER, OCTET_STRING, SEQUENCE, der

_CURVES = "1.2.804.2.1.1.1.1.3.1.1.2"
NUMBERS = {163: 0, 167: 1, 173: 2, 179: 3, 191: 4, 233: 5, 257: 6, 307: 7, 367: 8, 431: 9}


@dataclass
class TestKey:
    """A private key, the same for the same seed. `m` chooses the curve."""

    __test__ = False  # pytest is not to collect it

    seed: int
    m: int = 257
    dke: bytes | None = field(default=DEFAULT_DKE, repr=False)
    big_endian: bool = False
    explicit: bool = False

    @property
    def curve_oid(self) -> str:
        """The curve's object identifier."""
        return f"{_CURVES}.{NUMBERS[self.m]}"

    @property
    def curve(self) -> Curve:
        """The curve."""
        return standard_curves()[self.curve_oid]

    @cached_property
    def private(self) -> int:
        """The secret number d."""
        return random.Random(self.seed).randrange(1, self.curve.n)

    @cached_property
    def point(self) -> Point:
        """The public point, -dP."""
        x, y = self._multiple(self.private)
        return x, x ^ y

    def sign(self, digest: bytes, *, chance: int = 0) -> bytes:
        """r and s side by side, little-endian (DSTU 4145, 12)."""
        source = random.Random(f"{self.seed} {digest.hex()} {chance}")
        n = self.curve.n
        while True:
            ephemeral = source.randrange(1, n)
            r = challenge(self.curve, digest, self._multiple(ephemeral)[0])
            s = (ephemeral + self.private * r) % n
            if r and s:
                size = (n.bit_length() + 7) // 8
                return r.to_bytes(size, "little") + s.to_bytes(size, "little")

    def info(self) -> bytes:
        """The SubjectPublicKeyInfo."""
        kind = BIG_ENDIAN_KEY if self.big_endian else LITTLE_ENDIAN_KEY
        parameters = self._explicit() if self.explicit else oid(self.curve_oid)
        dke = der(OCTET_STRING, self.dke) if self.dke else b""
        algorithm = der(SEQUENCE, oid(kind) + der(SEQUENCE, parameters + dke))
        key = der(OCTET_STRING, self._octets(self.curve.compress(self.point)))
        return der(SEQUENCE, algorithm + der(BIT_STRING, b"\0" + key))

    def _explicit(self) -> bytes:
        """The curve's parameters one by one (ECBinary)."""
        curve = self.curve
        terms = [number(term) for term in curve.field.middle_terms]
        middle = terms[0] if len(terms) == 1 else der(SEQUENCE, b"".join(terms))
        return der(
            SEQUENCE,
            der(SEQUENCE, number(curve.field.m) + middle)
            + number(curve.a)
            + der(OCTET_STRING, self._octets(curve.b))
            + number(curve.n)
            + der(OCTET_STRING, self._octets(curve.compress(curve.base))),
        )

    def _octets(self, value: int) -> bytes:
        return value.to_bytes((self.m + 7) // 8, "big" if self.big_endian else "little")

    def _multiple(self, k: int) -> Point:
        point = self.curve.multiple(k, self.curve.base)
        if point is None:
            raise ValueError("the point at infinity")
        return point


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER in DER."""
    return bytes(core.ObjectIdentifier(dotted).dump())


def number(value: int) -> bytes:
    """A non-negative INTEGER in DER."""
    return der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
