"""Makes a signature container: attached CMS SignedData (CAdES-BES) with SHA-256 and ECDSA."""

import hashlib
from datetime import UTC, datetime

from asn1crypto import algos, cms, tsp, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ztoe_sandbox.certificates import Identity


def sign(content: bytes, signer: Identity, *, at: datetime | None = None) -> bytes:
    """DER of a CMS that carries `content` and one signature over it, claiming the time `at` (default: now)."""
    certificate = x509.Certificate.load(signer.certificate.public_bytes(serialization.Encoding.DER))
    digest = {"algorithm": "sha256"}
    attributes = _signed_attributes(content, certificate, at or datetime.now(UTC))
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": {"issuer_and_serial_number": _name_of(certificate)},
            "digest_algorithm": digest,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            # What is signed is the SET itself; SetOf sorts its members, as DER wants them.
            "signature": signer.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
        }
    )
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [digest],
            "encap_content_info": {"content_type": "data", "content": content},
            "certificates": [certificate],
            "signer_infos": [info],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def _signed_attributes(content: bytes, certificate: x509.Certificate, at: datetime) -> cms.CMSAttributes:
    reference = tsp.ESSCertIDv2(
        {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "cert_hash": hashlib.sha256(certificate.dump()).digest(),
        }
    )
    values = {
        "content_type": "data",
        "signing_time": cms.Time({"utc_time": at.astimezone(UTC).replace(microsecond=0)}),
        "message_digest": hashlib.sha256(content).digest(),
        "signing_certificate_v2": tsp.SigningCertificateV2({"certs": [reference]}),
    }
    return cms.CMSAttributes(
        [cms.CMSAttribute({"type": name, "values": [value]}) for name, value in values.items()]
    )


def _name_of(certificate: x509.Certificate) -> cms.IssuerAndSerialNumber:
    return cms.IssuerAndSerialNumber(
        {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    )
