"""Reads public keys out of certificates: DSTU 4145 here, RSA and ECDSA through `cryptography`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .curves import Curve, Point, standard_curves
from .gost34311 import DEFAULT_DKE
from .tlv import CONTEXT, INTEGER, OCTET_STRING, OID, SEQUENCE, Value, bits_of, dotted, integer, read_value

LITTLE_ENDIAN_KEY = "1.2.804.2.1.1.1.1.3.1.1"
BIG_ENDIAN_KEY = "1.2.804.2.1.1.1.1.3.1.1.1.1"
_OTHERS = {"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10", "1.2.840.10045.2.1"}
_SMALLEST_RSA, _LARGEST_RSA = 2048, 8192


class UnknownKey(ValueError):
    """A kind of key that is not checked here."""


@dataclass(frozen=True, slots=True)
class DstuKey:
    """A point of a standard curve, and the S-box that its owner hashes with."""

    curve: Curve = field(repr=False)
    point: Point
    dke: bytes = field(repr=False)


Order = Literal["little", "big"]
PublicKey = DstuKey | RSAPublicKey | EllipticCurvePublicKey


@lru_cache(maxsize=256)
def read_public_key(info: bytes) -> PublicKey:
    """The key in a SubjectPublicKeyInfo.

    Raises UnknownKey for kinds that are not checked here, ValueError for a key that makes no sense or lies on
    a curve that is none of the standard's.
    """
    algorithm, bits = read_value(info).expect(SEQUENCE).members(2)
    kind, *parameters = algorithm.expect(SEQUENCE).members(2)
    oid = dotted(kind)
    if oid in (LITTLE_ENDIAN_KEY, BIG_ENDIAN_KEY):
        if not parameters:
            raise ValueError("a key without its curve")
        return _dstu_key(parameters[0], bits_of(bits), "little" if oid == LITTLE_ENDIAN_KEY else "big")
    if oid not in _OTHERS:
        raise UnknownKey(f"keys of kind {oid} are not checked")
    return _other_key(info)


def _dstu_key(parameters: Value, bits: bytes, order: Order) -> DstuKey:
    which, *dke = parameters.expect(SEQUENCE).members(2)
    curve = _named(dotted(which)) if which.tag == OID else _explicit(which, order)
    octets = read_value(bits).expect(OCTET_STRING).contents
    substitution = dke[0].expect(OCTET_STRING).contents if dke else DEFAULT_DKE
    if len(substitution) != len(DEFAULT_DKE):
        raise ValueError("an S-box that is none")
    return DstuKey(curve, curve.decompress(_number(octets, order)), substitution)


def _named(oid: str) -> Curve:
    curve = standard_curves().get(oid)
    if curve is None:
        raise ValueError(f"the curve {oid} is none of the standard's")
    return curve


def _explicit(parameters: Value, order: Order) -> Curve:
    """The standard curve with exactly these parameters: anything else would be a forger's choice."""
    members = parameters.expect(SEQUENCE).members(6)
    if members[0].tag == CONTEXT | 0:  # the version
        del members[0]
    m, terms = _field_of(members[0])
    a, b, n, base = members[1:]
    octets_of_b, octets_of_base = (value.expect(OCTET_STRING).contents for value in (b, base))
    stated = (m, terms, integer(a), _number(octets_of_b, order), integer(n), _number(octets_of_base, order))
    for curve in standard_curves().values():
        field = curve.field
        known = (field.m, field.middle_terms, curve.a, curve.b, curve.n, curve.compress(curve.base))
        if stated == known:
            return curve
    raise ValueError("the curve is none of the standard's")


def _field_of(value: Value) -> tuple[int, tuple[int, ...]]:
    m, terms = value.expect(SEQUENCE).members(2)
    middle = [terms] if terms.tag == INTEGER else terms.expect(SEQUENCE).members(3)
    return integer(m), tuple(sorted(integer(term) for term in middle))


def _number(octets: bytes, order: Order) -> int:
    if len(octets) > 64:
        raise ValueError("a number outside every field")
    return int.from_bytes(octets, order)


def _other_key(info: bytes) -> PublicKey:
    try:
        key = load_der_public_key(info)
    except UnsupportedAlgorithm as error:
        raise UnknownKey("this kind of key is not checked") from error
    if isinstance(key, EllipticCurvePublicKey):
        return key
    if not isinstance(key, RSAPublicKey):
        raise UnknownKey("this kind of key is not checked")
    if not _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA:
        raise UnknownKey(f"RSA keys of {key.key_size} bits are not checked")
    return key
