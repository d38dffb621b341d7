"""Containers made to measure: real structure, SHA-2 digests, and signatures that are only bytes."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ztoe_hub.testing.contexts import adapter_context
from ztoe_kep.bundles import bundle_of
from ztoe_kep.reader import KepReader
from ztoe_kep.settings import KepSettings
from ztoe_kep.testing import Identity, Issue, TestKey, issue
from ztoe_kep.testing.identities import CERTIFYING, TIME_STAMPING
from ztoe_kep.tlv import der
from ztoe_kep.trust import TrustStore

DATA = Path(__file__).parent / "data"
DOCUMENT = (DATA / "doc.txt").read_bytes()
SIGNED_AT = datetime(2026, 11, 2, 8, 15, 30, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a container is made of; the defaults make a good one by the director."""

    content: bytes = DOCUMENT
    detached: bool = False
    certificates: tuple[str, ...] = ("director.cer",)
    signers: tuple[str, ...] = ("director.cer",)
    digest: str = "sha256"
    signed_attributes: bool = True
    digest_value: bytes | None = None
    digest_twice: bool = False
    signed_at: datetime | None = SIGNED_AT
    by_key_identifier: bool = False

    def build(self) -> bytes:
        """The container in DER."""
        signed = cms.SignedData(
            {
                "version": "v1",
                "digest_algorithms": [{"algorithm": self.digest}],
                "encap_content_info": {
                    "content_type": "data",
                    "content": None if self.detached else self.content,
                },
                "signer_infos": [self._signer_info(name) for name in self.signers],
            }
        )
        return wrap_signed_data(signed.dump(), [(DATA / name).read_bytes() for name in self.certificates])

    def _signer_info(self, name: str) -> cms.SignerInfo:
        signature = b"\x01" * 64
        info: dict[str, Any] = {
            "version": "v1",
            "sid": identifier_of((DATA / name).read_bytes(), self.by_key_identifier),
            "digest_algorithm": {"algorithm": self.digest},
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": signature,
        }
        if self.signed_attributes:
            info["signed_attrs"] = self._attributes()
        return cms.SignerInfo(info)

    def _attributes(self) -> cms.CMSAttributes:
        digest = self.digest_value or hashlib.new(self.digest, self.content).digest()
        attributes: list[dict[str, Any]] = [
            {"type": "content_type", "values": ["data"]},
            {"type": "message_digest", "values": [digest]},
        ]
        if self.digest_twice:
            attributes.append({"type": "message_digest", "values": [digest]})
        if self.signed_at is not None:
            attributes.append({"type": "signing_time", "values": [cms.Time({"utc_time": self.signed_at})]})
        return cms.CMSAttributes(attributes)


def identifier_of(certificate: bytes, by_key: bool) -> cms.SignerIdentifier:
    """Issuer and serial number, or the subject key identifier, of a certificate."""
    tbs = cms.Certificate.load(certificate)["tbs_certificate"]
    if by_key:
        [extension] = [e for e in tbs["extensions"] if e["extn_id"].native == "key_identifier"]
        identifier = extension["extn_value"].parsed.native
        return cms.SignerIdentifier({"subject_key_identifier": identifier})
    return cms.SignerIdentifier(
        {
            "issuer_and_serial_number": {
                "issuer": tbs["issuer"],
                "serial_number": tbs["serial_number"].native,
            }
        }
    )


def wrap_signed_data(signed_data: bytes, certificates: list[bytes]) -> bytes:
    """A ContentInfo around SignedData, with `certificates` put into their place as they are."""
    fields = list(core.SequenceOf.load(signed_data, spec=core.Any))
    raw = [field.dump() for field in fields]
    raw.insert(3, der(0xA0, b"".join(certificates)))
    oid = bytes.fromhex("06092a864886f70d010702")
    return der(0x30, oid + der(0xA0, der(0x30, b"".join(raw))))


@pytest.fixture
def reader() -> Iterator[KepReader]:
    context = adapter_context()
    yield KepReader(KepSettings(), context)
    context.http.close()


@pytest.fixture
def document() -> bytes:
    return DOCUMENT


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """The bytes of a file in data/."""
    return lambda name: (DATA / name).read_bytes()


@pytest.fixture
def craft() -> Callable[..., bytes]:
    """A container made to measure: `craft(digest="sha512", detached=True)`; see Recipe."""
    return lambda **changes: Recipe(**changes).build()


@pytest.fixture
def wrap() -> Callable[[int, bytes], bytes]:
    """One value in DER, for those who build what asn1crypto does not."""
    return der


@pytest.fixture(scope="session")
def root() -> Identity:
    """A test authority, which nobody trusts by itself."""
    return issue(Issue(subject="Вигаданий корінь", authority=True, usage=CERTIFYING), TestKey(1))


@pytest.fixture(scope="session")
def authority(root: Identity) -> Identity:
    """A КНЕДП below it."""
    what = Issue(subject="Вигаданий КНЕДП", authority=True, usage=CERTIFYING, serial_number=2)
    return issue(what, TestKey(2), root)


@pytest.fixture(scope="session")
def person(authority: Identity) -> Identity:
    """A signer with a certificate of that КНЕДП."""
    return issue(Issue(serial_number=3), TestKey(3), authority)


@pytest.fixture(scope="session")
def stamper(authority: Identity) -> Identity:
    """Its time-stamping service."""
    what = Issue(subject="Вигадана мітка часу", serial_number=4, extended=[TIME_STAMPING])
    return issue(what, TestKey(4), authority)


@pytest.fixture(scope="session")
def trusting(root: Identity, authority: Identity, stamper: Identity) -> TrustStore:
    """Trust in the test authority, as the sandbox's settings have it."""
    known = b"".join(to_pem(each.certificate) for each in (authority, stamper))
    return TrustStore((bundle_of(known, "bundle"),), bundle_of(root.certificate, "root").certificates)


def to_pem(certificate: bytes) -> bytes:
    """PEM text of one certificate."""
    body = base64.encodebytes(certificate)
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"


@pytest.fixture(scope="session")
def ecdsa_signer() -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """A foreign key, and its certificate in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Person")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    certificate = builder.not_valid_after(datetime(2036, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())
    return key, certificate.public_bytes(serialization.Encoding.DER)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The second opinion needs Java and Bouncy Castle: it is left out unless ZTOE_BOUNCY_CASTLE=1 asks for it."""
    if os.environ.get("ZTOE_BOUNCY_CASTLE") == "1":
        return
    left_out = [item for item in items if item.path.name == "test_kep_bouncy_castle.py"]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
