"""Certificates for tests, as Ukrainian authorities write them, signed with DSTU 4145."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import core

from ..hashes import GOST_34311, HASHES, KUPYNA_256, KUPYNA_384, KUPYNA_512
from ..tlv import BIT_STRING, CONTEXT, OCTET_STRING, SEQUENCE, SET, der
from .keys import TestKey, number, oid

SIGNATURES = {
    GOST_34311: "1.2.804.2.1.1.1.1.3.1.1",
    KUPYNA_256: "1.2.804.2.1.1.1.1.3.6.1.1",
    KUPYNA_384: "1.2.804.2.1.1.1.1.3.6.2.1",
    KUPYNA_512: "1.2.804.2.1.1.1.1.3.6.3.1",
}
SIGNING, CERTIFYING, AGREEING = b"\x06\xc0", b"\x01\x06", b"\x03\x08"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_COMMON_NAME, _ORGANISATION_IDENTIFIER = "2.5.4.3", "2.5.4.97"
_KEY_USAGE, _BASIC_CONSTRAINTS, _EXTENDED_KEY_USAGE = "2.5.29.15", "2.5.29.19", "2.5.29.37"
_TRUE = b"\x01\x01\xff"


@dataclass(frozen=True)
class Identity:
    """A key and its certificate."""

    key: TestKey
    name: bytes  # of the subject, in DER
    issuer_name: bytes
    serial_number: int
    certificate: bytes


@dataclass(frozen=True, kw_only=True)
class Issue:
    """What a certificate is to say; the defaults make a good signer's."""

    subject: str = "Зразкова Особа"
    edrpou: str | None = "12500015"
    serial_number: int = 1
    not_before: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    not_after: datetime = datetime(2028, 3, 1, tzinfo=UTC)
    authority: bool = False
    path_length: int | None = None
    usage: bytes | None = SIGNING
    extended: Sequence[str] = ()
    hash: str = KUPYNA_256


def issue(what: Issue, key: TestKey, issuer: Identity | None = None) -> Identity:
    """A certificate; without an issuer it signs itself."""
    name = _name(what)
    issuer_name = issuer.name if issuer else name
    algorithm = der(SEQUENCE, oid(SIGNATURES[what.hash]))
    signed = der(
        SEQUENCE,
        der(CONTEXT | 0, number(2))
        + number(what.serial_number)
        + algorithm
        + issuer_name
        + der(SEQUENCE, _time(what.not_before) + _time(what.not_after))
        + name
        + key.info()
        + der(CONTEXT | 3, der(SEQUENCE, _extensions(what))),
    )
    by = issuer.key if issuer else key
    signature = by.sign(HASHES[what.hash].compute(signed, by.dke))
    bits = der(BIT_STRING, b"\0" + der(OCTET_STRING, signature))
    return Identity(key, name, issuer_name, what.serial_number, der(SEQUENCE, signed + algorithm + bits))


def _name(what: Issue) -> bytes:
    parts = {_COMMON_NAME: what.subject}
    if what.edrpou:
        parts[_ORGANISATION_IDENTIFIER] = f"NTRUA-{what.edrpou}"
    return der(
        SEQUENCE,
        b"".join(
            der(SET, der(SEQUENCE, oid(kind) + core.UTF8String(text).dump())) for kind, text in parts.items()
        ),
    )


def _extensions(what: Issue) -> bytes:
    found = b""
    if what.usage is not None:
        found += _extension(_KEY_USAGE, der(BIT_STRING, what.usage))
    if what.authority:
        length = b"" if what.path_length is None else number(what.path_length)
        found += _extension(_BASIC_CONSTRAINTS, der(SEQUENCE, _TRUE + length))
    if what.extended:
        found += _extension(_EXTENDED_KEY_USAGE, der(SEQUENCE, b"".join(map(oid, what.extended))))
    return found


def _extension(kind: str, value: bytes) -> bytes:
    return der(SEQUENCE, oid(kind) + _TRUE + der(OCTET_STRING, value))


def _time(at: datetime) -> bytes:
    return bytes(core.UTCTime(at).dump())
