"""Finds out when somebody signed, and on whose word: a time-stamp token (RFC 3161) or the signer's computer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .certificates import Certificate, read_certificate
from .containers import Layer, SignerInfo, open_layer
from .digests import compare
from .names import legible, time_of
from .signatures import NOT_INSIDE, certificate_of, dke_of, examine
from .tlv import OCTET_STRING, SEQUENCE, Value, dotted, read_value
from .trust import TrustStore
from .work import Work

_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_MOST_TOKENS = 8

UNFIT = "the time stamp does not fit the signature"
ILLEGIBLE = "the time stamp is illegible"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningTime:
    """When it was signed: by a time-stamp token ("timestamp"), or as the signer's own computer says ("claimed")."""

    at: datetime | None
    source: str | None
    problem: str | None = None


def signing_time(
    claimed: datetime | None, tokens: Sequence[bytes], stamped: bytes, trust: TrustStore, work: Work
) -> SigningTime:
    """The best time there is. A token counts when it is over `stamped` and nothing in it was refuted."""
    problem = None
    for token in tokens[:_MOST_TOKENS]:
        time, problem = _read_token(token, stamped, trust, work)
        if time is not None:
            return SigningTime(at=time, source="timestamp", problem=problem)
    return SigningTime(at=claimed, source="claimed" if claimed else None, problem=problem)


def within_validity(at: datetime | None, certificate: Certificate | None) -> bool | None:
    """Whether the certificate was valid then; None when time or term is not known."""
    if at is None or certificate is None or certificate.not_before is None or certificate.not_after is None:
        return None
    return certificate.not_before <= at <= certificate.not_after


def _read_token(
    token: bytes, stamped: bytes, trust: TrustStore, work: Work
) -> tuple[datetime | None, str | None]:
    """The time of a token that may count, or None, and what is to be said of it."""
    layer = legible(lambda: open_layer(token))
    if layer is None or layer.content_type != _TST_INFO or layer.content is None or len(layer.signers) > 1:
        return None, ILLEGIBLE
    embedded = [c for raw in layer.certificates if (c := legible(lambda raw=raw: read_certificate(raw)))]  # type: ignore[misc]
    signer = layer.signers[0] if layer.signers else None
    certificate = _authority(signer, embedded, trust) if signer else None
    content = layer.content
    read = legible(lambda: _time_over(content, stamped, certificate, work))
    if read is None:
        return None, ILLEGIBLE
    fits, time = read
    if not fits:
        return None, UNFIT if fits is False else "the time stamp is not checked: its digest is not computed"
    if signer is None:
        return None, "the time stamp is signed by nobody"
    return _judge(layer, signer, certificate, embedded, time, trust, work)


def _judge(
    layer: Layer,
    signer: SignerInfo,
    certificate: Certificate | None,
    embedded: Sequence[Certificate],
    time: datetime,
    trust: TrustStore,
    work: Work,
) -> tuple[datetime | None, str | None]:
    """The token's own signature and chain: refuted ones do not count, unchecked ones are said to be."""
    if certificate is None:
        return time, f"the time stamp's own signature is not checked: {NOT_INSIDE}"
    digest, signature = examine(signer, certificate, layer.content_type, layer.content, work)
    for finding in (digest, signature):
        if finding.verdict is False:
            return None, f"the time stamp: {finding.problem}"
    if not certificate.may_stamp:
        return None, "the time stamp was not made by a time-stamping authority"
    if within_validity(time, certificate) is False:
        return None, "the time stamp was made outside the term of its certificate"
    if not (digest.verdict and signature.verdict):
        return time, f"the time stamp's own signature: {signature.problem or digest.problem}"
    chain = trust.follow(certificate, embedded, time, work)
    if chain.verdict is False:
        return None, f"the time stamp's {chain.problem}"
    return time, f"the time stamp's {chain.problem}" if chain.problem else None


def _authority(signer: SignerInfo, embedded: Sequence[Certificate], trust: TrustStore) -> Certificate | None:
    """Who stamped: tokens usually carry no certificate, and the CA bundle has it."""
    certificate, problem = certificate_of(signer, embedded)
    if certificate is None and problem == NOT_INSIDE:
        certificate, _ = certificate_of(signer, list(trust.certificates()))
    return certificate


def _time_over(
    content: bytes, stamped: bytes, authority: Certificate | None, work: Work
) -> tuple[bool | None, datetime]:
    """Whether a TSTInfo is over `stamped`, and its time. Raises ValueError for what is none."""
    _, _, imprint, _, generated_at, *_ = read_value(content).expect(SEQUENCE).members(10)
    algorithm, digest = imprint.expect(SEQUENCE).members(2)
    oid = dotted(_first(algorithm))
    octets = digest.expect(OCTET_STRING).contents
    return compare(oid, stamped, octets, work, dke_of(authority)).verdict, time_of(generated_at)


def _first(algorithm: Value) -> Value:
    return algorithm.expect(SEQUENCE).members(2)[0]
