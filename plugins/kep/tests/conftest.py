"""Containers made to measure: real structure, SHA-2 digests, and signatures that are only bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, cms, core, tsp
from ztoe_kep.reader import KepReader
from ztoe_kep.settings import KepSettings

from ztoe_hub.testing.contexts import adapter_context

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
    stamped_at: datetime | None = None
    stamp_over: bytes | None = None
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
        if self.stamped_at is not None:
            token = time_stamp(self.stamped_at, self.stamp_over or signature)
            info["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token]}]
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
    raw.insert(3, element(0xA0, b"".join(certificates)))
    oid = bytes.fromhex("06092a864886f70d010702")
    return element(0x30, oid + element(0xA0, element(0x30, b"".join(raw))))


def element(tag: int, contents: bytes) -> bytes:
    """One value in DER."""
    length = len(contents)
    if length < 0x80:
        return bytes((tag, length)) + contents
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + contents


def time_stamp(at: datetime, signature: bytes) -> cms.ContentInfo:
    """A token over `signature`, without its own signature."""
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": "1.2.804.2.1.1.1.2.3.1",
            "message_imprint": {
                "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "hashed_message": hashlib.sha256(signature).digest(),
            },
            "serial_number": 7,
            "gen_time": at,
        }
    )
    signed = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": core.ParsableOctetString(info.dump()),
            },
            "signer_infos": [],
        }
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": signed})


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
    return element
