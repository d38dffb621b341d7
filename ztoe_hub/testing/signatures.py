"""What every reader of signature containers has to do: a contract suite to inherit."""
# ruff: noqa: S101, S311  a contract suite asserts, and its random bytes guard nothing

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..ports import SignatureReader
from ..values import ContainerFormat, ContainerReport
from .fakes.reader import FakeReader, a_signer

__all__ = ["FakeReader", "SignatureReaderContract", "a_signer"]

BEGINNINGS = [
    b"",
    b"\x30",
    b"\x30\x80",
    b"\x30\x82\x07\xdb\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x82\x07\xc8",
    b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80",
    b"PK\x03\x04",
    b"%PDF-1.7\n/ByteRange",
    b"-----BEGIN PKCS7-----\n",
    b"MIIH2wYJKoZIhvcNAQcCoIIHzDCCB8gCAQEx",
]


class SignatureReaderContract:
    """Subclass as `TestXyz` and define the fixtures `reader`, `document`, `attached` and `detached`.

    `attached` and `detached` are containers in which `document` is signed; at least 100 bytes long.
    """

    def test_an_attached_signature_gives_the_signed_bytes(
        self, reader: SignatureReader, attached: bytes, document: bytes
    ) -> None:
        report = reader.read(attached, None)

        assert report.content == document
        assert report.signers
        assert report.format not in (ContainerFormat.UNKNOWN, ContainerFormat.CMS_DETACHED)

    def test_a_detached_signature_needs_the_original(self, reader: SignatureReader, detached: bytes) -> None:
        report = reader.read(detached, None)

        assert report.format is ContainerFormat.CMS_DETACHED
        assert report.content is None
        assert report.problems
        assert report.signers
        assert all(signer.digest_ok is None for signer in report.signers)

    def test_a_detached_signature_with_its_original_is_not_refuted(
        self, reader: SignatureReader, detached: bytes, document: bytes
    ) -> None:
        report = reader.read(detached, document)

        assert report.signers
        assert all(signer.digest_ok is not False for signer in report.signers)

    def test_another_original_never_passes(
        self, reader: SignatureReader, detached: bytes, document: bytes
    ) -> None:
        report = reader.read(detached, document + b" ")

        assert all(signer.digest_ok is not True for signer in report.signers)

    def test_a_changed_document_never_passes(
        self, reader: SignatureReader, attached: bytes, document: bytes
    ) -> None:
        changed = bytes((document[0] ^ 1,)) + document[1:]

        report = reader.read(attached.replace(document, changed), None)

        assert report.content != document
        assert all(signer.digest_ok is not True for signer in report.signers)

    @pytest.mark.parametrize("beginning", BEGINNINGS)
    def test_random_bytes_are_unknown_and_never_raise(
        self, reader: SignatureReader, beginning: bytes
    ) -> None:
        for seed in range(50):
            chance = random.Random(seed)
            report = reader.read(beginning + chance.randbytes(chance.randrange(400)), None)

            assert report.problems
            assert not _vouched(report)

    def test_a_container_that_breaks_off_never_raises(
        self, reader: SignatureReader, attached: bytes, detached: bytes, document: bytes
    ) -> None:
        for container in (attached, detached):
            whole = reader.read(container, document)
            for end in range(0, len(container), 7):
                report = reader.read(container[:end], document)

                if report == whole:
                    continue  # only decoration was cut off, such as the dashes after a PEM block
                assert report.problems
                assert not _vouched(report)

    def test_a_flipped_bit_never_raises(
        self, reader: SignatureReader, attached: bytes, detached: bytes, document: bytes
    ) -> None:
        for container in (attached, detached):
            for damaged in _flipped(container):
                reader.read(damaged, document)

    def test_what_is_unknown_is_never_true(self, reader: SignatureReader, document: bytes) -> None:
        report = reader.read(document, document)

        assert report.format is ContainerFormat.UNKNOWN
        assert report.content is None
        assert report.problems
        assert not report.signers

    def test_several_threads_read_at_once(
        self, reader: SignatureReader, attached: bytes, detached: bytes, document: bytes
    ) -> None:
        expected = [reader.read(attached, None), reader.read(detached, document)]

        with ThreadPoolExecutor(8) as pool:
            jobs = [
                pool.submit(reader.read, container, original)
                for container, original in [(attached, None), (detached, document)] * 20
            ]
            found = [job.result() for job in jobs]

        assert found == expected * 20


def _vouched(report: ContainerReport) -> bool:
    """Whether anybody's signature is reported as good."""
    return any(signer.digest_ok or signer.signature_ok or signer.chain_ok for signer in report.signers)


def _flipped(container: bytes) -> Iterator[bytes]:
    for position in range(0, len(container), 3):
        damaged = bytearray(container)
        damaged[position] ^= 1 << position % 8
        yield bytes(damaged)
