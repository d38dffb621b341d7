"""Signed PDF: what a /ByteRange covers counts, and nothing else."""

from __future__ import annotations

import time

import pytest

from ztoe_hub.testing.signatures import SignatureReaderContract
from ztoe_hub.values import ContainerFormat, ContainerReport, Signer
from ztoe_kep.pades import NOT_EXAMINED
from ztoe_kep.reader import read_with
from ztoe_kep.testing import Identity, Signing, sign
from ztoe_kep.trust import TrustStore

ORIGINAL = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
ROOM = 3400  # hexadecimal digits left for a signature


def only(report: ContainerReport) -> Signer:
    [signer] = report.signers
    return signer


def add_signature(pdf: bytes, by: Identity, *, attached: bool = False) -> bytes:
    """The PDF with an update that holds a signature."""
    head = pdf + b"2 0 obj<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange["
    tail = b">>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    numbers = b"0 %010d %010d %010d]/Contents"
    before = len(head + numbers % (0, 0, 0))
    span = head + numbers % (before, before + ROOM + 2, len(tail))
    cms = sign(span + tail, [by], Signing(detached=not attached)).hex().encode()
    return span + b"<" + cms.ljust(ROOM, b"0") + b">" + tail


@pytest.fixture
def signed(person: Identity) -> bytes:
    return add_signature(ORIGINAL, person)


class TestSignedPdf:
    """One signature."""

    def test_it_holds_over_the_original(self, signed: bytes, trusting: TrustStore) -> None:
        report = read_with(trusting, signed, None)

        assert report.format is ContainerFormat.PADES
        assert report.content == ORIGINAL
        signer = only(report)
        assert (signer.digest_ok, signer.signature_ok, signer.chain_ok) == (True, True, True)
        assert NOT_EXAMINED in report.problems

    def test_the_original_at_hand_is_recognised_to_the_byte(
        self, person: Identity, trusting: TrustStore
    ) -> None:
        original = ORIGINAL.rstrip(b"\n")  # the update begins with the line's end that the original lacks

        report = read_with(trusting, add_signature(original + b"\n", person), original)

        assert report.content == original

    @pytest.mark.parametrize("position", [12, len(ORIGINAL) + 20, -5])
    def test_one_changed_byte_is_noticed(self, signed: bytes, trusting: TrustStore, position: int) -> None:
        changed = bytearray(signed)
        changed[position] ^= 1

        report = read_with(trusting, bytes(changed), ORIGINAL)

        assert not any(signer.digest_ok for signer in report.signers)

    def test_what_is_appended_is_signed_by_nobody(self, signed: bytes, trusting: TrustStore) -> None:
        report = read_with(trusting, signed + b"3 0 obj<<>>endobj\n", None)

        assert only(report).digest_ok is True
        assert "the last signature does not cover the whole file" in report.problems

    def test_a_single_revision_has_no_content(self, person: Identity, trusting: TrustStore) -> None:
        report = read_with(trusting, add_signature(b"%PDF-1.7\n", person), None)

        assert report.content is None
        assert only(report).signature_ok is True

    def test_an_attached_signature_inside_is_over_something_else(
        self, signed: bytes, person: Identity
    ) -> None:
        own = add_signature(ORIGINAL, person, attached=True)
        elsewhere = own.replace(b"2 0 obj", b"3 0 obj")

        assert only(read_with(TrustStore(), own, None)).digest_ok is True
        assert not read_with(TrustStore(), elsewhere, None).signers


def test_a_second_signature_covers_the_first(
    person: Identity, stamper: Identity, trusting: TrustStore
) -> None:
    twice = add_signature(add_signature(ORIGINAL, person), stamper)

    report = read_with(trusting, twice, None)

    assert [(s.digest_ok, s.signature_ok) for s in report.signers] == [(True, True), (True, True)]
    assert report.content == ORIGINAL
    assert "the last signature does not cover the whole file" not in report.problems


@pytest.mark.parametrize(
    "numbers",
    [
        b"0 10 20 30",
        b"1 0000000010 0000000020 0000000030",
        b"0 9999999999 9999999999 9999999999",
        b"0 0 0 0",
        b"0 1 2",
        b"0 -1 2 3",
        b"a b c d",
        b" " * 200 + b"0 1 2 3",
    ],
)
def test_odd_ranges_sign_nothing(signed: bytes, trusting: TrustStore, numbers: bytes) -> None:
    begin = signed.index(b"/ByteRange[") + 11
    odd = signed[:begin] + numbers + signed[signed.index(b"]", begin) :]

    report = read_with(trusting, odd, None)

    assert report.problems
    assert not any(signer.digest_ok for signer in report.signers)


def test_a_range_over_other_bytes_than_the_signature_is_refused(person: Identity) -> None:
    signed = add_signature(ORIGINAL, person)
    gap = signed.index(b"/Contents<") + 9
    for wrong in (gap - 3, gap + 1):
        moved = signed.replace(b"0 %010d" % gap, b"0 %010d" % wrong)
        assert moved != signed
        assert not read_with(TrustStore(), moved, None).signers


def test_many_ranges_are_refused() -> None:
    report = read_with(TrustStore(), ORIGINAL + b"/ByteRange[0 1 2 3]" * 1000, None)

    assert report.format is ContainerFormat.UNKNOWN
    assert any("too many" in problem for problem in report.problems)


def test_endings_without_end_cost_nothing(signed: bytes) -> None:
    begun = time.process_time()

    read_with(TrustStore(), b"%PDF-1.7\n" + b"%%EOF" * 8_000_000 + signed[9:], None)

    assert time.process_time() - begun < 2


class TestContract(SignatureReaderContract):
    """A PDF stands where the contract wants an attached signature, a CMS where it wants a detached one."""

    @pytest.fixture
    def document(self) -> bytes:
        return ORIGINAL

    @pytest.fixture
    def attached(self, signed: bytes) -> bytes:
        return signed

    @pytest.fixture
    def detached(self, person: Identity) -> bytes:
        return sign(ORIGINAL, [person], Signing(detached=True))
