"""Test certification authorities and the certificates they issue, all ECDSA P-256 and all made at run time."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_FOR = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def certificate_pem(self) -> str:
        """The certificate alone, for those who verify."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def to_pem(self) -> str:
        """Key and certificate in one text, as `from_pem` reads it."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key.decode() + self.certificate_pem

    @classmethod
    def from_pem(cls, text: str) -> Self:
        """The identity that `to_pem` wrote."""
        data = text.encode()
        return cls(
            _elliptic(serialization.load_pem_private_key(data, None)), x509.load_pem_x509_certificate(data)
        )


def make_authority(common_name: str, organisation: str) -> Identity:
    """A self-signed authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(
        {
            NameOID.COUNTRY_NAME: "UA",
            NameOID.ORGANIZATION_NAME: organisation,
            NameOID.COMMON_NAME: common_name,
        }
    )
    builder = _started(name, name, key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
    return Identity(key, builder.sign(key, hashes.SHA256()))


def issue_to_signer(authority: Identity, *, organisation: str, edrpou: str, full_name: str) -> Identity:
    """A signing certificate of one person in one organisation, named as Ukrainian providers name them.

    `full_name` begins with the surname; the code goes into organizationIdentifier as `NTRUA-<ЄДРПОУ>`.
    """
    surname, _, given_name = full_name.partition(" ")
    subject = {
        NameOID.COUNTRY_NAME: "UA",
        NameOID.ORGANIZATION_NAME: organisation,
        NameOID.COMMON_NAME: full_name,
        NameOID.SURNAME: surname,
        NameOID.GIVEN_NAME: given_name or surname,
        NameOID.ORGANIZATION_IDENTIFIER: f"NTRUA-{edrpou}",
    }
    usage = _key_usage(digital_signature=True, content_commitment=True)
    return _issue(authority, subject, [(usage, True)])


def issue_to_loopback(authority: Identity) -> Identity:
    """A TLS server certificate for 127.0.0.1 and localhost."""
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.SubjectAlternativeName([x509.DNSName("localhost"), address]), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (_key_usage(digital_signature=True), True),
    ]
    return _issue(authority, {NameOID.COMMON_NAME: "localhost"}, extensions)


def _issue(
    authority: Identity,
    subject: dict[x509.ObjectIdentifier, str],
    extensions: list[tuple[x509.ExtensionType, bool]],
) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _started(_name(subject), authority.certificate.subject, key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = builder.add_extension(issuer, critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return Identity(key, builder.sign(authority.key, hashes.SHA256()))


def _started(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(parts: dict[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts.items()])


def _key_usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _elliptic(key: PrivateKeyTypes) -> ec.EllipticCurvePrivateKey:
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("an elliptic curve key is expected")
    return key
