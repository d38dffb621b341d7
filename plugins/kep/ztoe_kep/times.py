"""Finds out when somebody signed, and on whose word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .certificates import Certificate, legible, time_of
from .containers import SignerInfo, open_layer
from .digests import matches
from .tlv import OCTET_STRING, SEQUENCE, dotted, read_value

SIGNING_TIME = "1.2.840.113549.1.9.5"
SIGNATURE_TIME_STAMP = "1.2.840.113549.1.9.16.2.14"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningTime:
    """When it was signed: by a time-stamp token ("timestamp"), or as the signer's own computer says ("claimed")."""

    at: datetime | None
    source: str | None
    problem: str | None = None


def signing_time(signer: SignerInfo) -> SigningTime:
    """The best time there is. A token for another signature does not count."""
    claimed = _claimed(signer)
    source = "claimed" if claimed else None
    tokens = signer.unsigned.get(SIGNATURE_TIME_STAMP, [])
    if not tokens:
        return SigningTime(at=claimed, source=source)
    stamped = legible(lambda: _stamped(tokens[0].raw, signer.signature))
    if stamped is None:
        return SigningTime(at=claimed, source=source, problem="the time stamp does not fit the signature")
    return SigningTime(
        at=stamped, source="timestamp", problem="the time stamp's own signature is not checked yet"
    )


def within_validity(at: datetime | None, certificate: Certificate | None) -> bool | None:
    """Whether the certificate was valid then; None when time or term is not known."""
    if at is None or certificate is None or certificate.not_before is None or certificate.not_after is None:
        return None
    return certificate.not_before <= at <= certificate.not_after


def _claimed(signer: SignerInfo) -> datetime | None:
    values = (signer.signed or {}).get(SIGNING_TIME, [])
    return legible(lambda: time_of(values[0])) if len(values) == 1 else None


def _stamped(token: bytes, signature: bytes) -> datetime:
    """The time in a token over `signature`, RFC 3161. Raises ValueError when it is over something else.

    The imprint is compared when its algorithm is computed here; others are taken at their word for now.
    """
    layer = open_layer(token)
    if layer.content_type != _TST_INFO or layer.content is None:
        raise ValueError("not a time-stamp token")
    _, _, imprint, _, generated_at, *_ = read_value(layer.content).expect(SEQUENCE).members(10)
    algorithm, digest = imprint.expect(SEQUENCE).members(2)
    oid = dotted(algorithm.expect(SEQUENCE).members(2)[0])
    if matches(oid, signature, digest.expect(OCTET_STRING).contents) is False:
        raise ValueError("the token is for another signature")
    return time_of(generated_at)
