"""Judges XAdES signatures (ETSI EN 319 132-1, baseline B and its time stamps) over the files of an ASiC-E.

Only what the signatures of Ukrainian services use is checked: references to whole files, and one to the signed
properties; algorithms by whole URI, from a table. Anything else is reported as not checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from .algorithms import DSTU, ECDSA, RSA, Scheme, check
from .certificates import Certificate, read_certificate
from .digests import compare
from .hashes import GOST_34311, KUPYNA_256, KUPYNA_384, KUPYNA_512, SHA_256, SHA_384, SHA_512
from .names import legible, printable
from .signatures import dke_of
from .signers import Claim
from .work import Finding, Work
from .xml_documents import (
    CANONICAL_FORMS,
    DS,
    XADES,
    NotChecked,
    attribute,
    canonical,
    maybe_one,
    octets_in,
    the_one,
)

_ENC, _MORE = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2001/04/xmldsig-more#"
#: The Ukrainian ones as seen in containers of Diia; there is no official profile.
DIGESTS = {
    **{f"{place}gost34311": GOST_34311 for place in (_ENC, _MORE)},
    **{f"{place}{name}256": KUPYNA_256 for place in (_ENC, _MORE) for name in ("dstu7564-", "kupyna")},
    **{f"{place}{name}384": KUPYNA_384 for place in (_ENC, _MORE) for name in ("dstu7564-", "kupyna")},
    **{f"{place}{name}512": KUPYNA_512 for place in (_ENC, _MORE) for name in ("dstu7564-", "kupyna")},
    f"{_ENC}sha256": SHA_256,
    f"{_MORE}sha384": SHA_384,
    f"{_ENC}sha512": SHA_512,
}
#: Kind of signature and hash; None: the hash is the references'.
METHODS: dict[str, tuple[str, str | None]] = {
    f"{_MORE}dstu4145-gost34311": (DSTU, GOST_34311),
    f"{_MORE}dstu4145-dstu7564-256": (DSTU, KUPYNA_256),
    f"{_MORE}dstu4145-kupyna256": (DSTU, KUPYNA_256),
    f"{_MORE}dstu4145": (DSTU, None),
    f"{_MORE}rsa-sha256": (RSA, SHA_256),
    f"{_MORE}rsa-sha384": (RSA, SHA_384),
    f"{_MORE}rsa-sha512": (RSA, SHA_512),
    f"{_MORE}ecdsa-sha256": (ECDSA, SHA_256),
    f"{_MORE}ecdsa-sha384": (ECDSA, SHA_384),
    f"{_MORE}ecdsa-sha512": (ECDSA, SHA_512),
}
_MOST_REFERENCES, MOST_SIGNATURES, _MOST_CERTIFICATES = 200, 50, 20
_SIGNED = (f"{{{DS}}}Object", f"{{{XADES}}}QualifyingProperties", f"{{{XADES}}}SignedProperties")
_UNSIGNED = (*_SIGNED[:2], f"{{{XADES}}}UnsignedProperties", f"{{{XADES}}}UnsignedSignatureProperties")

_CERTIFICATE_DIGESTS = [
    f"{{{XADES}}}SignedSignatureProperties/{{{XADES}}}{name}/{{{XADES}}}Cert/{{{XADES}}}CertDigest"
    for name in ("SigningCertificateV2", "SigningCertificate")
]


def signatures_in(root: etree._Element) -> list[etree._Element]:
    """The signatures of a document; those inside others sign those, and not the files. Raises ValueError."""
    found = [root] if root.tag == f"{{{DS}}}Signature" else root.findall(f"{{{DS}}}Signature")
    if len(found) > MOST_SIGNATURES:
        raise ValueError("too many signatures")
    return found


def claim_of(signature: etree._Element, files: Mapping[str, bytes], work: Work) -> tuple[Claim, set[str]]:
    """One signature, and the names of the files that it is over. Raises ValueError when it makes no sense."""
    signed_info = the_one(signature, f"{{{DS}}}SignedInfo")
    value = the_one(signature, f"{{{DS}}}SignatureValue")
    properties = maybe_one(signature, *_SIGNED)
    embedded = _certificates(signature)
    certificate = _signers_own(embedded, properties, work)
    references = signed_info.findall(f"{{{DS}}}Reference")[:_MOST_REFERENCES]
    if sum(_leads_inside(each) for each in references) > 1:
        raise ValueError("more than one reference into the XML itself")
    findings = [_reference(each, properties, files, certificate, work) for each in references]
    covered = {unquote(each.get("URI") or "") for each in references} & files.keys()
    sure = _covers(references, properties)
    return (
        Claim(
            certificate=certificate,
            digest=worst(findings) if findings else Finding(False, "nothing is signed"),
            signature=_signature(signed_info, octets_in(value), properties, certificate, work),
            claimed_at=legible(lambda: _signing_time(properties)) if sure else None,
            tokens=_tokens(signature),
            stamped=_stamped(signature, value),
            embedded=embedded,
            problem=None if sure else "the signed properties are not signed",
        ),
        covered,
    )


def worst(findings: Sequence[Finding]) -> Finding:
    """False when one part is, else None when one part is, else True."""
    for verdict in (False, None):
        for finding in findings:
            if finding.verdict is verdict:
                return finding
    return Finding(True)


def _reference(
    reference: etree._Element,
    properties: etree._Element | None,
    files: Mapping[str, bytes],
    certificate: Certificate | None,
    work: Work,
) -> Finding:
    """Whether the digest of a reference is that of what it refers to."""
    uri = attribute(reference, "URI")
    algorithm = attribute(the_one(reference, f"{{{DS}}}DigestMethod"), "Algorithm")
    digest = octets_in(the_one(reference, f"{{{DS}}}DigestValue"))
    if algorithm not in DIGESTS:
        return Finding(None, f"not checked: digest algorithm {printable(algorithm)}")
    try:
        data = _referred(uri, reference, properties, files)
    except NotChecked as error:
        return Finding(None, f"not checked: {error}")
    except ValueError as error:
        return Finding(False, str(error))
    return compare(DIGESTS[algorithm], data, digest, work, dke_of(certificate))


def _referred(
    uri: str, reference: etree._Element, properties: etree._Element | None, files: Mapping[str, bytes]
) -> bytes:
    transforms = reference.findall(f"{{{DS}}}Transforms/{{{DS}}}Transform")
    if uri.startswith("#"):
        if properties is None or not _is_unique(properties, uri[1:]):
            raise NotChecked("a reference into the XML other than to the signed properties")
        if len(transforms) != 1:
            raise NotChecked("signed properties with other transforms than one canonical form")
        return canonical(properties, transforms[0])
    if transforms:
        raise NotChecked("a file with transforms")
    name = unquote(uri)
    if name not in files:
        raise ValueError("a signed file is not inside")
    return files[name]


def _is_unique(element: etree._Element, identifier: str) -> bool:
    """Whether `element` and nothing else bears the identifier: otherwise one is signed and another shown."""
    tree = element.getroottree()
    bearers = [e for e in tree.iter() if identifier in (e.get("Id"), e.get("ID"), e.get("id"))]
    return bearers == [element] and element.get("Id") == identifier


def _leads_inside(reference: etree._Element) -> bool:
    return (reference.get("URI") or "#").startswith("#")


def _covers(references: Sequence[etree._Element], properties: etree._Element | None) -> bool:
    return properties is not None and any(
        uri.startswith("#") and _is_unique(properties, uri[1:])
        for each in references
        if (uri := each.get("URI") or "")
    )


def _signature(
    signed_info: etree._Element,
    octets: bytes,
    properties: etree._Element | None,
    certificate: Certificate | None,
    work: Work,
) -> Finding:
    if certificate is None:
        return Finding(None, "the signer's certificate is not inside")
    if _is_named(properties, certificate, work) is False:
        return Finding(False, "the signature names another certificate than the one inside")
    uri = attribute(the_one(signed_info, f"{{{DS}}}SignatureMethod"), "Algorithm")
    if uri not in METHODS:
        return Finding(None, f"not checked: signature algorithm {printable(uri)}")
    kind, digest = METHODS[uri]
    if digest is None:
        first = signed_info.find(f"{{{DS}}}Reference/{{{DS}}}DigestMethod")
        digest = DIGESTS.get(first.get("Algorithm") or "") if first is not None else None
    if digest is None:
        return Finding(None, "not checked: the signature names no hash")
    try:
        message = canonical(signed_info, the_one(signed_info, f"{{{DS}}}CanonicalizationMethod"))
    except NotChecked as error:
        return Finding(None, f"not checked: {error}")
    signature = _ecdsa_in_der(octets) if kind == ECDSA else octets
    return check(Scheme(kind, digest), certificate.key_info, message, signature, work)


def _ecdsa_in_der(octets: bytes) -> bytes:
    """XML signatures have r and s side by side (RFC 4050)."""
    half = len(octets) // 2
    return encode_dss_signature(int.from_bytes(octets[:half], "big"), int.from_bytes(octets[half:], "big"))


def _is_named(properties: etree._Element | None, certificate: Certificate, work: Work) -> bool | None:
    """Whether the signed properties name `certificate`; None when they name none, or it is not known."""
    return None if properties is None else legible(lambda: _names(properties, certificate, work))


def _names(properties: etree._Element, certificate: Certificate, work: Work) -> bool | None:
    named = [found for path in _CERTIFICATE_DIGESTS if (found := properties.find(path)) is not None]
    if not named:
        return None
    algorithm = attribute(the_one(named[0], f"{{{DS}}}DigestMethod"), "Algorithm")
    digest = octets_in(the_one(named[0], f"{{{DS}}}DigestValue"))
    return compare(
        DIGESTS.get(algorithm, algorithm), certificate.raw, digest, work, dke_of(certificate)
    ).verdict


def _signers_own(
    embedded: Sequence[Certificate], properties: etree._Element | None, work: Work
) -> Certificate | None:
    """The certificate that the signed properties name; the first one when they name none that is there."""
    for certificate in embedded:
        if _is_named(properties, certificate, work):
            return certificate
    return embedded[0] if embedded else None


def _certificates(signature: etree._Element) -> list[Certificate]:
    """The certificates beside the signature, in their order."""
    elements = signature.findall(f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate")
    found = [legible(lambda e=e: read_certificate(octets_in(e))) for e in elements[:_MOST_CERTIFICATES]]  # type: ignore[misc]
    return [certificate for certificate in found if certificate is not None]


def _signing_time(properties: etree._Element | None) -> datetime:
    if properties is None:
        raise ValueError("no signed properties")
    path = (f"{{{XADES}}}SignedSignatureProperties", f"{{{XADES}}}SigningTime")
    time = datetime.fromisoformat((the_one(properties, *path).text or "").strip())
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time.astimezone(UTC)


def _tokens(signature: etree._Element) -> list[bytes]:
    parent = maybe_one(signature, *_UNSIGNED)
    if parent is None:
        return []
    elements = parent.findall(f"{{{XADES}}}SignatureTimeStamp/{{{XADES}}}EncapsulatedTimeStamp")
    found = [legible(lambda e=e: octets_in(e)) for e in elements]  # type: ignore[misc]
    return [token for token in found if token]


def _stamped(signature: etree._Element, value: etree._Element) -> bytes:
    """The octets under the signature's time stamps: SignatureValue in the form that the first of them names."""
    parent = maybe_one(signature, *_UNSIGNED)
    path = f"{{{XADES}}}SignatureTimeStamp/{{{DS}}}CanonicalizationMethod"
    method = parent.find(path) if parent is not None else None
    if method is None:
        method = etree.Element(f"{{{DS}}}CanonicalizationMethod", Algorithm=next(iter(CANONICAL_FORMS)))
    return legible(lambda: canonical(value, method)) or b""
