"""Says who signed, as the certificate inside a container names them."""

from dataclasses import dataclass

from asn1crypto import x509

from ztoe_sandbox.paperless.envelopes import NotAContainer, open_envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """What the page shows of a signature; empty where the certificate says nothing."""

    organisation: str = ""
    full_name: str = ""
    edrpou: str = ""
    provider: str = ""


def signer_of(cms: bytes) -> Signer:
    """The subject of the first certificate of a container."""
    try:
        certificate = x509.Certificate.load(open_envelope(cms).certificates[0])
        subject, issuer = certificate.subject.native, certificate.issuer.native
    except (NotAContainer, IndexError, ValueError, TypeError, KeyError):
        return Signer()
    return Signer(
        organisation=str(subject.get("organization_name", "")),
        full_name=str(subject.get("common_name", "")),
        edrpou=str(subject.get("organization_identifier", "")).removeprefix("NTRUA-"),
        provider=str(issuer.get("common_name", "")),
    )
