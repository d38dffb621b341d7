"""CMS containers for tests: attached or detached, by several signers, with time stamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import core

from ..hashes import HASHES, KUPYNA_256
from ..tlv import CONTEXT, OCTET_STRING, SEQUENCE, SET, der
from .identities import SIGNATURES, Identity
from .keys import number, oid

DATA, TST_INFO, SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.9.16.1.4", "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{n}" for n in (3, 4, 5))
_SIGNATURE_TIME_STAMP, _SIGNING_CERTIFICATE_2 = (f"1.2.840.113549.1.9.16.2.{n}" for n in (14, 47))
_POLICY = "1.2.804.2.1.1.1.2.3.1"


@dataclass(frozen=True, kw_only=True)
class Signing:
    """How a container is to be made."""

    hash: str = KUPYNA_256
    digest_hash: str | None = None  # another one for the message digest
    detached: bool = False
    attributes: bool = True
    at: datetime | None = datetime(2026, 11, 2, 8, 15, 30, tzinfo=UTC)
    stamped_by: Identity | None = None
    stamped_at: datetime = datetime(2026, 11, 2, 8, 16, tzinfo=UTC)
    stamp: bytes | None = None  # a token made beforehand
    names_certificate: bytes | None = None  # a digest, for SigningCertificateV2
    with_certificates: bool = True
    content_type: str = DATA


def sign(content: bytes, signers: Sequence[Identity], how: Signing | None = None) -> bytes:
    """A container in DER."""
    how = how or Signing()
    inside = b"" if how.detached else der(CONTEXT | 0, der(OCTET_STRING, content))
    certificates = b"".join(signer.certificate for signer in signers)
    signed_data = der(
        SEQUENCE,
        number(1)
        + der(SET, _algorithm(how.digest_hash or how.hash))
        + der(SEQUENCE, oid(how.content_type) + inside)
        + (der(CONTEXT | 0, certificates) if how.with_certificates else b"")
        + der(SET, b"".join(_signer_info(content, signer, how) for signer in signers)),
    )
    return der(SEQUENCE, oid(SIGNED_DATA) + der(CONTEXT | 0, signed_data))


def time_stamp(
    over: bytes, by: Identity, at: datetime, *, hash_oid: str = KUPYNA_256, with_certificates: bool = False
) -> bytes:
    """A time-stamp token (RFC 3161) over `over`; tokens usually carry no certificates."""
    imprint = der(SEQUENCE, _algorithm(hash_oid) + der(OCTET_STRING, HASHES[hash_oid].compute(over, None)))
    time = core.GeneralizedTime(at).dump()
    info = der(SEQUENCE, number(1) + oid(_POLICY) + imprint + number(7) + time)
    return sign(info, [by], Signing(content_type=TST_INFO, at=None, with_certificates=with_certificates))


def _signer_info(content: bytes, signer: Identity, how: Signing) -> bytes:
    digest_hash = how.digest_hash or how.hash
    attributes = _signed_attributes(content, digest_hash, signer, how) if how.attributes else b""
    message = der(SET, attributes) if how.attributes else content
    signature = signer.key.sign(HASHES[how.hash].compute(message, signer.key.dke))
    token = how.stamp
    if how.stamped_by:
        token = time_stamp(signature, how.stamped_by, how.stamped_at)
    return der(
        SEQUENCE,
        number(1)
        + der(SEQUENCE, signer.issuer_name + number(signer.serial_number))
        + _algorithm(digest_hash)
        + (der(CONTEXT | 0, attributes) if how.attributes else b"")
        + der(SEQUENCE, oid(SIGNATURES[how.hash]))
        + der(OCTET_STRING, signature)
        + (der(CONTEXT | 1, _attribute(_SIGNATURE_TIME_STAMP, token)) if token else b""),
    )


def _signed_attributes(content: bytes, digest_hash: str, signer: Identity, how: Signing) -> bytes:
    digest = HASHES[digest_hash].compute(content, signer.key.dke)
    found = [
        _attribute(_CONTENT_TYPE, oid(how.content_type)),
        _attribute(_MESSAGE_DIGEST, der(OCTET_STRING, digest)),
    ]
    if how.at:
        found.append(_attribute(_SIGNING_TIME, core.UTCTime(how.at).dump()))
    if how.names_certificate:
        identifier = der(SEQUENCE, _algorithm(KUPYNA_256) + der(OCTET_STRING, how.names_certificate))
        found.append(_attribute(_SIGNING_CERTIFICATE_2, der(SEQUENCE, der(SEQUENCE, identifier))))
    return b"".join(sorted(found))


def _attribute(kind: str, value: bytes) -> bytes:
    return der(SEQUENCE, oid(kind) + der(SET, value))


def _algorithm(kind: str) -> bytes:
    return der(SEQUENCE, oid(kind))
