"""What no sample shows: digests that are computed, time stamps, odd encodings, and containers made to hurt."""

from __future__ import annotations

import base64
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import pytest

from ztoe_hub.testing.signatures import SignatureReaderContract
from ztoe_hub.values import ContainerFormat
from ztoe_kep.certificates import read_certificate
from ztoe_kep.reader import LARGEST, KepReader
from ztoe_kep.tlv import dotted, read_value

Craft = Callable[..., bytes]
Wrap = Callable[[int, bytes], bytes]


class TestComputedDigests(SignatureReaderContract):
    """A SHA-256 digest, so that the contract meets True and False."""

    @pytest.fixture
    def attached(self, craft: Craft) -> bytes:
        return craft()

    @pytest.fixture
    def detached(self, craft: Craft) -> bytes:
        return craft(detached=True)


@pytest.mark.parametrize("digest", ["sha224", "sha256", "sha384", "sha512"])
def test_digest_and_signature_are_judged_apart(reader: KepReader, craft: Craft, digest: str) -> None:
    [signer] = reader.read(craft(digest=digest), None).signers

    assert signer.digest_ok is True
    assert signer.signature_ok is False
    assert signer.chain_ok is None


def test_a_detached_digest_is_compared_with_the_original(
    reader: KepReader, craft: Craft, document: bytes
) -> None:
    container = craft(detached=True)

    assert [signer.digest_ok for signer in reader.read(container, document).signers] == [True]
    assert [signer.digest_ok for signer in reader.read(container, document + b"!").signers] == [False]


def test_an_original_beside_an_attached_content_changes_nothing(reader: KepReader, craft: Craft) -> None:
    assert [signer.digest_ok for signer in reader.read(craft(), b"something else").signers] == [True]


def test_sha1_proves_nothing(reader: KepReader, craft: Craft) -> None:
    report = reader.read(craft(digest="sha1"), None)

    assert [signer.digest_ok for signer in report.signers] == [None]
    assert "signer 1: not checked: digest algorithm SHA-1" in report.problems


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"digest_value": b"\0" * 32}, False, "the digest does not fit"),
        ({"digest_twice": True}, False, "not exactly one message digest"),
        ({"signed_attributes": False}, None, "does not fit the key"),
        ({"certificates": ()}, True, "the signer's certificate is not inside"),
        ({"certificates": ("seal.cer", "osr.cer")}, True, "the signer's certificate is not inside"),
        ({"signers": ()}, None, "nobody has signed"),
    ],
)
def test_what_is_wrong_is_said(
    reader: KepReader, craft: Craft, changes: dict[str, object], verdict: bool | None, words: str
) -> None:
    report = reader.read(craft(**changes), None)

    assert all(signer.digest_ok is verdict for signer in report.signers)
    assert any(words in problem for problem in report.problems)


def test_without_a_certificate_nobody_is_named(reader: KepReader, craft: Craft) -> None:
    [signer] = reader.read(craft(certificates=()), None).signers

    assert (signer.edrpou, signer.rnokpp, signer.seal, signer.time_ok) == (None, None, None, None)


def test_a_signer_may_be_named_by_key_identifier(reader: KepReader, craft: Craft) -> None:
    container = craft(
        by_key_identifier=True, signers=("seal.cer",), certificates=("director.cer", "seal.cer")
    )

    [signer] = reader.read(container, None).signers

    assert (signer.edrpou, signer.seal) == ("32855961", True)


def test_two_certificates_of_one_name_and_number_name_nobody(
    reader: KepReader, craft: Craft, sample: Callable[[str], bytes], wrap: Wrap
) -> None:
    director = sample("director.cer")
    forged = director.replace(b"32855961", b"99999999")
    container = craft(certificates=("director.cer",))
    both = rewrapped(container, director, director + forged, wrap)

    report = reader.read(both, None)

    assert [signer.edrpou for signer in report.signers] == [None]
    assert any("several different certificates" in problem for problem in report.problems)


def rewrapped(container: bytes, old: bytes, new: bytes, wrap: Wrap) -> bytes:
    """The container with its certificates replaced and every length mended."""
    oid, wrapped = read_value(container).members(2)
    fields = wrapped.members(1)[0].members(6)
    inside = b"".join(wrap(0xA0, new) if f.tag == 0xA0 and f.contents == old else f.raw for f in fields)
    return wrap(0x30, oid.raw + wrap(0xA0, wrap(0x30, inside)))


def test_a_signature_without_any_time_is_neither_in_nor_out_of_term(reader: KepReader, craft: Craft) -> None:
    [signer] = reader.read(craft(signed_at=None), None).signers

    assert (signer.signed_at, signer.time_source, signer.time_ok) == (None, None, None)


@pytest.mark.parametrize(
    ("signed_at", "time_ok"),
    [
        (datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 1, tzinfo=UTC), True),
        (datetime(2028, 3, 1, tzinfo=UTC), True),
        (datetime(2028, 3, 1, 0, 0, 1, tzinfo=UTC), False),
    ],
)
def test_the_term_of_the_certificate_includes_its_ends(
    reader: KepReader, craft: Craft, signed_at: datetime, time_ok: bool
) -> None:
    assert [s.time_ok for s in reader.read(craft(signed_at=signed_at), None).signers] == [time_ok]


def test_five_layers_are_opened_and_not_six(reader: KepReader, craft: Craft, document: bytes) -> None:
    container = document
    for _ in range(5):
        container = craft(content=container)

    five = reader.read(container, None)
    six = reader.read(craft(content=container), None)

    assert five.content == document
    assert [signer.digest_ok for signer in five.signers] == [True] * 5
    assert six.content is None
    assert "more than 5 layers" in six.problems


def test_a_layer_of_base64_text_is_opened_too(reader: KepReader, craft: Craft, document: bytes) -> None:
    report = reader.read(craft(content=base64.encodebytes(craft())), None)

    assert report.content == document
    assert len(report.signers) == 2


def test_a_detached_signature_inside_an_attached_one_needs_the_original(
    reader: KepReader, craft: Craft, document: bytes
) -> None:
    container = craft(content=craft(detached=True))

    report = reader.read(container, document)

    assert report.format is ContainerFormat.CMS_DETACHED
    assert report.content is None
    assert [signer.digest_ok for signer in report.signers] == [True, True]
    assert [signer.digest_ok for signer in reader.read(container, None).signers] == [True, None]


def test_pieces_of_indefinite_length_are_put_together(
    reader: KepReader, craft: Craft, document: bytes, wrap: Wrap
) -> None:
    pieces = b"".join(wrap(0x04, document[start : start + 50]) for start in range(0, len(document), 50))
    content = wrap(0xA0, wrap(0x04, document))
    oid = bytes.fromhex("06092a864886f70d010701")
    fields = read_value(craft()).members(2)[1].members(1)[0].members(6)
    inside = b"".join(field.raw for field in fields).replace(
        wrap(0x30, oid + content), b"\x30\x80" + oid + b"\xa0\x80\x24\x80" + pieces + b"\0\0\0\0\0\0"
    )
    signed_data = bytes.fromhex("06092a864886f70d010702")

    report = reader.read(b"\x30\x80" + signed_data + b"\xa0\x80\x30\x80" + inside + b"\0\0\0\0\0\0", None)

    assert report.content == document
    assert [signer.digest_ok for signer in report.signers] == [True]


def test_text_forms_are_read(reader: KepReader, craft: Craft) -> None:
    der = craft()
    expected = reader.read(der, None)
    body = base64.encodebytes(der)

    for text in (
        body,
        base64.b64encode(der),
        base64.b64encode(der).rstrip(b"="),
        b"\xef\xbb\xbf" + body.replace(b"\n", b"\r\n"),
        b"\n  " + body,
        b"-----BEGIN PKCS7-----\n" + body + b"-----END PKCS7-----\n",
        b"a note\r\n-----BEGIN CMS-----\r\n" + body + b"-----END CMS-----",
    ):
        assert reader.read(text, None) == expected


def test_bytes_after_the_container_are_noticed(reader: KepReader, craft: Craft) -> None:
    noticed = "bytes follow the end of the container"

    assert noticed not in reader.read(craft() + b"\r\n", None).problems
    assert noticed in reader.read(craft() + b"more", None).problems


@pytest.mark.parametrize(
    ("data", "form", "words"),
    [
        (b"%PDF-1.7\n1 0 obj<</Type/Sig/ByteRange[0 1 2 3]>>", ContainerFormat.PADES, "leaves out more"),
        (b"%PDF-1.7\n1 0 obj<<>>", ContainerFormat.UNKNOWN, "not a signature container"),
        (b"", ContainerFormat.UNKNOWN, "not a signature container"),
        (b"\0" * (LARGEST + 1), ContainerFormat.UNKNOWN, "more than 64 MB"),
    ],
    ids=["signed PDF", "PDF", "nothing", "too much"],
)
def test_other_bytes_are_named(reader: KepReader, data: bytes, form: ContainerFormat, words: str) -> None:
    report = reader.read(data, None)

    assert report.format is form
    assert words in report.problems[0]


@pytest.mark.parametrize(
    ("entries", "form"),
    [
        ({"mimetype": "application/vnd.etsi.asic-e+zip"}, ContainerFormat.ASIC_E),
        ({"doc.txt": "...", "META-INF/signatures0.xml": "<a/>"}, ContainerFormat.ASIC_E),
        ({"mimetype": "application/vnd.etsi.asic-s+zip"}, ContainerFormat.ASIC_E),
        ({"word/document.xml": "<a/>"}, ContainerFormat.UNKNOWN),
    ],
)
def test_a_zip_is_judged_by_its_entries(
    reader: KepReader, entries: dict[str, str], form: ContainerFormat
) -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)

    assert reader.read(file.getvalue(), None).format is form


def hostile(wrap: Wrap) -> dict[str, bytes]:
    """Containers made to cost time or memory."""
    signed_data = bytes.fromhex("06092a864886f70d010702")
    data = bytes.fromhex("06092a864886f70d010701")
    many = b"\x05\x00" * 4_000_000
    head = b"\x02\x01\x01\x31\x00" + wrap(0x30, data)

    def container(inside: bytes) -> bytes:
        return wrap(0x30, signed_data + wrap(0xA0, wrap(0x30, inside)))

    return {
        "millions of certificates": container(head + wrap(0xA0, many) + b"\x31\x00"),
        "millions of signers": container(head + wrap(0x31, many)),
        "millions of pieces": b"\x30\x80" + signed_data + b"\xa0\x80\x30\x80" + many,
        "a deep well": b"\x30\x80" + signed_data + b"\xa0\x80" * 2_000_000,
        "a deep string": container(
            b"\x02\x01\x01\x31\x00\x30\x80" + data + b"\xa0\x80" + b"\x24\x80" * 90_000 + b"\0\0" * 90_002
        ),
        "blanks in base64": b"MIIH" + b" " * 8_000_000 + b"!",
        "many beginnings": b"-----BEGIN A-----" * 500_000,
        "a long length": b"\x30\x88" + b"\xff" * 8,
        "a long identifier": container(b"\x02\x01\x01\x31\x00" + wrap(0x30, wrap(0x06, b"\xff" * 4_000_000))),
    }


@pytest.mark.parametrize("name", list(hostile(lambda _, contents: contents[:0])))
def test_hostile_bytes_are_refused_soon(reader: KepReader, wrap: Wrap, name: str) -> None:
    container = hostile(wrap)[name]
    begun = time.process_time()

    report = reader.read(container, None)

    assert time.process_time() - begun < 5
    assert report.problems
    assert not report.signers


def test_a_malformed_extension_hides_no_other(sample: Callable[[str], bytes]) -> None:
    # Certificates of the 2010s carry a PrivateKeyUsagePeriod that asn1crypto refuses.
    certificate = sample("seal.cer")
    usage = bytes.fromhex("0603551d0f")  # keyUsage becomes privateKeyUsagePeriod
    broken = certificate.replace(usage, bytes.fromhex("0603551d10"))

    assert broken != certificate
    found, expected = read_certificate(broken), read_certificate(certificate)
    assert (found.subject, found.edrpou, found.seal) == (expected.subject, expected.edrpou, expected.seal)


def test_codes_come_from_the_name_when_there_are_no_directory_attributes(
    sample: Callable[[str], bytes],
) -> None:
    attributes, elsewhere = bytes.fromhex("0603551d09"), bytes.fromhex("0603551d7f")

    certificate = read_certificate(sample("director.cer").replace(attributes, elsewhere))

    assert (certificate.edrpou, certificate.rnokpp) == ("32855961", "1759013776")


def test_european_seal_certificates_are_seals_too(sample: Callable[[str], bytes]) -> None:
    usage, elsewhere = bytes.fromhex("0603551d25"), bytes.fromhex("0603551d7f")

    assert read_certificate(sample("seal.cer").replace(usage, elsewhere)).seal
    assert not read_certificate(sample("director.cer")).seal


def test_object_identifiers_are_read_as_written() -> None:
    assert dotted(read_value(bytes.fromhex("060b2a86240201010101020201"))) == ("1.2.804.2.1.1.1.1.2.2.1")
    assert dotted(read_value(bytes.fromhex("0603883703"))) == "2.999.3"
