"""Containers with real signatures: who is believed, and what each forgery looks like in the report."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from ztoe_hub.testing.signatures import SignatureReaderContract
from ztoe_hub.values import ContainerReport, Signer
from ztoe_kep.hashes import GOST_34311, HASHES, KUPYNA_256, KUPYNA_384, KUPYNA_512
from ztoe_kep.reader import KepReader, read_with
from ztoe_kep.testing import Identity, Issue, Signing, TestKey, issue, sign
from ztoe_kep.tlv import CONTEXT, OCTET_STRING, der
from ztoe_kep.trust import TrustStore

DOCUMENT = "Договір № 101-Т".encode() * 10


def only(report: ContainerReport) -> Signer:
    [signer] = report.signers
    return signer


def parts(signer: Signer) -> tuple[bool | None, ...]:
    return signer.digest_ok, signer.signature_ok, signer.chain_ok, signer.time_ok


class TestRealSignatures(SignatureReaderContract):
    """The contract with signatures that hold."""

    @pytest.fixture
    def attached(self, person: Identity, document: bytes) -> bytes:
        return sign(document, [person])

    @pytest.fixture
    def detached(self, person: Identity, document: bytes) -> bytes:
        return sign(document, [person], Signing(detached=True))


@pytest.mark.parametrize("hash_oid", [GOST_34311, KUPYNA_256, KUPYNA_384, KUPYNA_512])
@pytest.mark.parametrize("m", [257, 431])
def test_every_hash_and_curve_holds_and_leads_to_the_root(
    trusting: TrustStore, authority: Identity, hash_oid: str, m: int
) -> None:
    signer = issue(Issue(serial_number=10), TestKey(10, m=m), authority)

    report = read_with(trusting, sign(DOCUMENT, [signer], Signing(hash=hash_oid)), None)

    assert parts(only(report)) == (True, True, True, True)
    assert report.content == DOCUMENT


@pytest.mark.parametrize("attributes", [True, False])
@pytest.mark.parametrize("detached", [True, False])
def test_with_and_without_attributes(
    trusting: TrustStore, person: Identity, attributes: bool, detached: bool
) -> None:
    container = sign(DOCUMENT, [person], Signing(attributes=attributes, detached=detached))

    assert parts(only(read_with(trusting, container, DOCUMENT)))[:2] == (True, True)
    other = only(read_with(trusting, container.replace(DOCUMENT, DOCUMENT[::-1]), DOCUMENT[::-1]))
    assert parts(other)[:2] == ((False, True) if attributes else (None, False))


def test_without_its_document_a_bare_signature_is_not_checked(person: Identity, trusting: TrustStore) -> None:
    container = sign(DOCUMENT, [person], Signing(attributes=False, detached=True))

    assert parts(only(read_with(trusting, container, None)))[:2] == (None, None)


def test_a_digest_in_the_signers_own_s_box_fits(authority: Identity, trusting: TrustStore) -> None:
    key = TestKey(11)
    assert key.dke is not None
    owner = issue(Issue(serial_number=11), replace(key, dke=key.dke[8:] + key.dke[:8]), authority)

    assert parts(only(read_with(trusting, sign(DOCUMENT, [owner], Signing(hash=GOST_34311)), None))) == (
        (True,) * 4
    )


def test_somebody_elses_signature_does_not_hold(person: Identity, trusting: TrustStore) -> None:
    impostor = replace(person, key=TestKey(666))

    report = read_with(trusting, sign(DOCUMENT, [impostor]), None)

    assert parts(only(report)) == (True, False, True, True)
    assert "signer 1: the signature does not hold" in report.problems


@pytest.mark.parametrize("half", ["r", "s"])
def test_a_zero_is_no_signature(person: Identity, trusting: TrustStore, half: str) -> None:
    container = sign(DOCUMENT, [person])
    signature = container[-64:]
    zeroed = bytes(32) + signature[32:] if half == "r" else signature[:32] + bytes(32)

    assert only(read_with(trusting, container[:-64] + zeroed, None)).signature_ok is False


def test_attributes_may_be_signed_out_of_order_or_sorted_later(
    person: Identity, trusting: TrustStore
) -> None:
    container = sign(DOCUMENT, [person])
    info = cms.ContentInfo.load(container)["content"]["signer_infos"][0]
    in_order = info["signed_attrs"].contents
    sizes = [len(attribute.dump()) for attribute in info["signed_attrs"]]
    turned = in_order[sizes[0] :] + in_order[: sizes[0]]

    assert only(read_with(trusting, container.replace(in_order, turned), None)).signature_ok is True


def test_a_signature_that_names_another_certificate_does_not_hold(
    person: Identity, trusting: TrustStore
) -> None:
    own = HASHES[KUPYNA_256].compute(person.certificate, None)

    def named(digest: bytes) -> bool | None:
        return only(
            read_with(trusting, sign(DOCUMENT, [person], Signing(names_certificate=digest)), None)
        ).signature_ok

    assert named(own) is True
    assert named(bytes(32)) is False


def test_an_odd_curve_refutes_and_an_unknown_algorithm_does_not(
    person: Identity, authority: Identity, trusting: TrustStore
) -> None:
    odd = issue(Issue(serial_number=12), TestKey(12, explicit=True), authority)
    base = odd.key.curve.compress(odd.key.curve.base).to_bytes(33, "little")
    container = sign(DOCUMENT, [odd])
    unknown = sign(DOCUMENT, [person]).replace(
        bytes.fromhex("060c2a8624020101010103060101"), bytes.fromhex("060c2a8624020101010103060109")
    )

    refuted = read_with(trusting, container.replace(base, base[:-2] + b"\1\1"), None)
    unchecked = read_with(trusting, unknown, None)

    assert only(read_with(trusting, container, None)).signature_ok is True
    assert only(refuted).signature_ok is False
    assert any("none of the standard's" in problem for problem in refuted.problems)
    assert only(unchecked).signature_ok is None
    assert any("signature algorithm 1.2.804.2.1.1.1.1.3.6.1.9" in problem for problem in unchecked.problems)


def test_too_much_work_leaves_parts_unchecked(person: Identity, trusting: TrustStore) -> None:
    report = read_with(trusting, sign(DOCUMENT, [person]), None, steps=50)

    assert parts(only(report))[:2] == (None, None)
    assert any("too much computing" in problem for problem in report.problems)


def test_many_signers_cost_one_hash_of_the_document(person: Identity, trusting: TrustStore) -> None:
    container = sign(bytes(60_000), [person] * 10)
    begun = time.process_time()

    report = read_with(trusting, container, None)

    assert time.process_time() - begun < 1.5
    assert all(signer.signature_ok for signer in report.signers)


def other_key(kind: str) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    return (
        ec.generate_private_key(ec.SECP384R1()) if kind == "ecdsa" else rsa.generate_private_key(65537, 2048)
    )


@pytest.mark.parametrize("kind", ["ecdsa", "rsa", "pss"])
def test_rsa_and_ecdsa_are_checked_too(kind: str) -> None:
    key = other_key(kind)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Person")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    padded = padding.PSS(padding.MGF1(hashes.SHA384()), 48) if kind == "pss" else None
    container = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(DOCUMENT)
        .add_signer(certificate, key, hashes.SHA384(), rsa_padding=padded)
        .sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )

    held = only(read_with(TrustStore(), container, None))
    refuted = only(read_with(TrustStore(), container[:-1] + bytes((container[-1] ^ 1,)), None))

    assert parts(held)[:2] == (True, True)
    assert parts(refuted)[:2] == (True, False)


def test_a_signature_for_another_kind_of_content_does_not_hold(
    person: Identity, trusting: TrustStore
) -> None:
    token = sign(DOCUMENT, [person], Signing(content_type="1.2.840.113549.1.9.16.1.4"))
    data = bytes.fromhex("06092a864886f70d010701")
    stamp = bytes.fromhex("060b2a864886f70d0109100104")
    content = der(CONTEXT | 0, der(OCTET_STRING, DOCUMENT))
    disguised = token.replace(der(0x30, stamp + content), der(0x30, data + content))

    assert only(read_with(trusting, token, None)).signature_ok is True
    assert disguised != token
    report = read_with(trusting, disguised, None)
    assert not any(signer.signature_ok for signer in report.signers)


def test_the_settings_bring_the_trust(reader: KepReader, person: Identity) -> None:
    assert parts(only(reader.read(sign(DOCUMENT, [person]), None))) == (True, True, None, True)
