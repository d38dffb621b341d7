"""Checks the signatures inside CMS SignedData: over the signed attributes as received, or over the content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .algorithms import check, scheme_of
from .certificates import Certificate, certificates_keyed, certificates_named
from .containers import SignerInfo
from .digests import NO_ATTRIBUTES, ORIGINAL_NEEDED, compare, digest_finding
from .gost34311 import DEFAULT_DKE
from .hashes import SHA_256
from .names import legible, name_of
from .public_keys import DstuKey, read_public_key
from .tlv import OCTET_STRING, SEQUENCE, SET, Value, der, dotted, integer
from .work import Finding, Work

CONTENT_TYPE = "1.2.840.113549.1.9.3"
SIGNING_CERTIFICATE_2 = "1.2.840.113549.1.9.16.2.47"
_SUBJECT_KEY_IDENTIFIER = 0x80  # [0], implicit and primitive
_MOST_ATTRIBUTES = 64

NOT_INSIDE = "the signer's certificate is not inside"


def certificate_of(
    signer: SignerInfo, certificates: Sequence[Certificate]
) -> tuple[Certificate | None, str | None]:
    """The certificate that the signer names, or why there is none."""
    identifier = signer.identifier
    try:
        if identifier.tag == SEQUENCE:
            issuer, serial_number = identifier.members(2)
            found = certificates_named(certificates, name_of(issuer), integer(serial_number))
        else:
            found = certificates_keyed(certificates, identifier.expect(_SUBJECT_KEY_IDENTIFIER).contents)
    except ValueError:
        return None, "the signer is named illegibly"
    if len(found) > 1:
        return None, "several different certificates answer to the signer's name"
    return (found.pop(), None) if found else (None, NOT_INSIDE)


def examine(
    signer: SignerInfo, certificate: Certificate | None, content_type: str, content: bytes | None, work: Work
) -> tuple[Finding, Finding]:
    """The findings on digest and signature."""
    digest = digest_finding(signer, content, work, dke_of(certificate))
    signature = _signature(signer, certificate, content_type, content, work)
    if signer.signed is None:
        # Nothing stands between content and signature: one holds exactly when the other does.
        digest = Finding(True) if signature.verdict else Finding(None, signature.problem or NO_ATTRIBUTES)
    return digest, signature


def dke_of(certificate: Certificate | None) -> bytes:
    """The S-box that a key's owner hashes with; the standard one for other keys."""
    key = legible(lambda: read_public_key(certificate.key_info)) if certificate else None
    return key.dke if isinstance(key, DstuKey) else DEFAULT_DKE


def _signature(
    signer: SignerInfo, certificate: Certificate | None, content_type: str, content: bytes | None, work: Work
) -> Finding:
    if certificate is None:
        return Finding(None)
    if signer.signed is None and content is None:
        return Finding(None, ORIGINAL_NEEDED)
    contradiction = _contradiction(signer, certificate, content_type, work)
    if contradiction:
        return Finding(False, contradiction)
    try:
        scheme = scheme_of(signer.signature_algorithm, signer.digest_algorithm)
    except ValueError as error:
        return Finding(None, str(error))
    finding = Finding(None)
    for message in _messages(signer, content or b""):
        finding = check(scheme, certificate.key_info, message, signer.signature, work)
        if finding.verdict is not False:
            break
    return finding


def _messages(signer: SignerInfo, content: bytes) -> Iterator[bytes]:
    """What may have been signed: the attributes in the order received, then in the order of DER.

    Old tax software signs sets that are not sorted (and Bouncy Castle refuses them).
    """
    if signer.signed_set is None:
        yield content
        return
    received = bytes((SET,)) + signer.signed_set.raw[1:]
    yield received
    attributes = signer.signed_set.members(_MOST_ATTRIBUTES)
    in_order = der(SET, b"".join(sorted(attribute.raw for attribute in attributes)))
    if in_order != received:
        yield in_order


def _contradiction(signer: SignerInfo, certificate: Certificate, content_type: str, work: Work) -> str | None:
    """Where the signed attributes speak of another certificate or another kind of content (RFC 5652, 5035)."""
    signed = signer.signed or {}
    named = signed.get(SIGNING_CERTIFICATE_2)
    if named and legible(lambda: names_certificate(named[0], certificate, work)) is False:
        return "the signature names another certificate than the one inside"
    kinds = signed.get(CONTENT_TYPE)
    if kinds and [legible(lambda kind=kind: dotted(kind)) for kind in kinds] != [content_type]:  # type: ignore[misc]
        return "the signature is for another kind of content"
    return None


def names_certificate(value: Value, certificate: Certificate, work: Work) -> bool | None:
    """Whether a SigningCertificateV2 names `certificate`; None for a hash that is not computed.

    Raises ValueError for a value that makes no sense.
    """
    first = value.expect(SEQUENCE).members(2)[0].expect(SEQUENCE).members(1 + _MOST_ATTRIBUTES)[0]
    algorithm, members = SHA_256, first.expect(SEQUENCE).members(3)
    if members[0].tag == SEQUENCE:
        algorithm = dotted(members.pop(0).members(2)[0])
    digest = members[0].expect(OCTET_STRING).contents
    return compare(algorithm, certificate.raw, digest, work, dke_of(certificate)).verdict
