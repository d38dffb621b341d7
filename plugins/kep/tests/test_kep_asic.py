"""ASiC-E: what is signed is every document inside, and nothing in the archive or the XML gets out of hand."""

from __future__ import annotations

import base64
import hashlib
import time
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ztoe_hub.values import ContainerFormat, ContainerReport, Signer
from ztoe_kep.archives import MOST_ENTRIES, unpack
from ztoe_kep.reader import read_file, read_with
from ztoe_kep.testing import Identity, Signing, sign, time_stamp
from ztoe_kep.trust import TrustStore

Sample = Callable[[str], bytes]
XML = "META-INF/signatures0.xml"
MANIFEST = "META-INF/ASiCManifest001.xml"


def only(report: ContainerReport) -> Signer:
    [signer] = report.signers
    return signer


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return target.getvalue()


@pytest.fixture
def xades(sample: Sample) -> dict[str, bytes]:
    return unpack(sample("xades.asice"))


@pytest.fixture
def cades(sample: Sample) -> dict[str, bytes]:
    return unpack(sample("cades.asice"))


def test_the_document_is_the_content(sample: Sample, document: bytes) -> None:
    for name in ("xades.asice", "cades.asice"):
        report = read_file(sample(name))
        assert report.content == document
        assert only(report).signed_at == datetime(2026, 11, 2, 8, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["xades.asice", "cades.asice"])
def test_a_changed_document_is_noticed(sample: Sample, document: bytes, kind: str) -> None:
    files = {**unpack(sample(kind)), "doc.txt": document + b"!"}

    signer = only(read_file(packed(files)))

    assert (signer.digest_ok, signer.signature_ok) == (False, True)


@pytest.mark.parametrize("kind", ["xades.asice", "cades.asice"])
def test_a_document_that_is_not_signed_spoils_the_digest(sample: Sample, kind: str) -> None:
    report = read_file(packed({**unpack(sample(kind)), "more.txt": b"not signed"}))

    assert only(report).digest_ok is False
    assert report.content is None
    assert any("2 documents" in problem for problem in report.problems)
    assert any("not over every document" in problem for problem in report.problems)


@pytest.mark.parametrize("kind", ["xades.asice", "cades.asice"])
def test_a_document_that_is_missing_spoils_the_digest(sample: Sample, kind: str) -> None:
    files = unpack(sample(kind))
    del files["doc.txt"]

    report = read_file(packed(files))

    assert only(report).digest_ok is False
    assert report.content is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"2026-11-02T08:15:30Z", b"2025-11-02T08:15:30Z", (False, True)),
        (b"v4XouM1utj5M", b"v4XouM1utj5N", (True, False)),
        (b'URI="doc.txt"', b'URI="mimetype"', (False, False)),
        (b"xmldsig-more#dstu4145-dstu7564-256", b"xmldsig-more#dstu4145-unheard-of", (True, None)),
        (b"xmldsig-more#dstu4145-dstu7564-256", b"xmldsig-more#rsa-sha256", (True, False)),
        (b"TR/2001/REC-xml-c14n-20010315", b"TR/2001/REC-xml-c14n-unheard-of", (None, None)),
        (b'Id="S1-SP"', b'Id="S1-SQ"', (None, True)),
        (b"<ds:Object><xades:Q", b'<ds:Object Id="S1-SP"><xades:Q', (None, True)),
        (b"xmlenc#dstu7564-256", b"xmlenc#md5", (None, False)),
    ],
)
def test_what_is_changed_in_the_xml_is_noticed(
    xades: dict[str, bytes], old: bytes, new: bytes, expected: tuple[bool | None, bool | None]
) -> None:
    assert old in xades[XML]

    signer = only(read_file(packed({**xades, XML: xades[XML].replace(old, new)})))

    assert (signer.digest_ok, signer.signature_ok) == expected


def test_a_time_outside_the_signed_part_does_not_count(xades: dict[str, bytes]) -> None:
    report = read_file(packed({**xades, XML: xades[XML].replace(b"#S1-SP", b"#elsewhere")}))

    assert only(report).signed_at is None
    assert "signer 1: the signed properties are not signed" in report.problems


def test_xml_attributes_around_a_signature_are_not_guessed_at(xades: dict[str, bytes]) -> None:
    report = read_file(
        packed(
            {
                **xades,
                XML: xades[XML]
                .replace(b"<asic:XAdES", b"<asic:XAdES", 1)
                .replace(b'xmlns:asic="', b'xml:lang="uk" xmlns:asic="', 1),
            }
        )
    )

    assert only(report).signature_ok is None


def test_exclusive_canonical_form_and_ecdsa(
    ecdsa_signer: tuple[ec.EllipticCurvePrivateKey, bytes], document: bytes
) -> None:
    xml = exclusive_xades(*ecdsa_signer, document)

    held = only(read_file(packed({"doc.txt": document, XML: xml})))
    moved = only(
        read_file(
            packed({"doc.txt": document, XML: xml.replace(b" xmlns:a", b" xmlns:z='urn:z' xmlns:a", 1)})
        )
    )
    refuted = only(
        read_file(packed({"doc.txt": document, XML: xml.replace(b"<ds:SignedInfo>", b"<ds:SignedInfo> ")}))
    )

    assert (held.digest_ok, held.signature_ok) == (True, True)
    assert (moved.digest_ok, moved.signature_ok) == (True, True)
    assert (refuted.digest_ok, refuted.signature_ok) == (True, False)


def exclusive_xades(key: ec.EllipticCurvePrivateKey, certificate: bytes, document: bytes) -> bytes:
    """A plain XML signature in exclusive canonical form, without properties."""
    digest = base64.b64encode(hashlib.sha256(document).digest()).decode()
    info = (
        '<ds:SignedInfo{}><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">'
        "</ds:CanonicalizationMethod>"
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"></ds:SignatureMethod>'
        '<ds:Reference URI="doc.txt"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256">'
        f"</ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
    canonical = info.format(' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"')
    r, s = decode_dss_signature(key.sign(canonical.encode(), ec.ECDSA(hashes.SHA256())))
    value = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
    return (
        '<a:XAdESSignatures xmlns:a="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        f"<ds:Signature>{info.format('')}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>"
        f"<ds:X509Certificate>{base64.b64encode(certificate).decode()}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        "</ds:Signature></a:XAdESSignatures>"
    ).encode()


def test_a_time_stamp_in_xades_is_over_the_signature_value(
    xades: dict[str, bytes], stamper: Identity, trusting: TrustStore
) -> None:
    xml = xades[XML]
    begin, end = xml.index(b"<ds:SignatureValue>"), xml.index(b"</ds:SignatureValue>")
    spaces = (
        b' xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
        b' xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"'
    )
    value = b"<ds:SignatureValue" + spaces + xml[begin + 18 : end] + b"</ds:SignatureValue>"
    at = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

    def stamped(over: bytes) -> bytes:
        token = base64.b64encode(time_stamp(over, stamper, at))
        added = (
            b"<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:SignatureTimeStamp>"
            b"<xades:EncapsulatedTimeStamp>"
            + token
            + b"</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>"
            b"</xades:UnsignedSignatureProperties></xades:UnsignedProperties></xades:QualifyingProperties>"
        )
        return packed({**xades, XML: xml.replace(b"</xades:QualifyingProperties>", added)})

    good, bad = (only(read_with(trusting, stamped(over), None)) for over in (value, value + b" "))

    assert (good.signed_at, good.time_source, good.signature_ok) == (at, "timestamp", True)
    assert bad.time_source == "claimed"


def test_a_signature_without_a_manifest_is_over_the_one_document(
    person: Identity, trusting: TrustStore, document: bytes
) -> None:
    detached = sign(document, [person], Signing(detached=True))
    files = {
        "mimetype": b"application/vnd.etsi.asic-s+zip",
        "doc.txt": document,
        "META-INF/signature.p7s": detached,
    }

    report = read_with(trusting, packed(files), None)
    several = read_with(trusting, packed({**files, "other.txt": b""}), None)

    assert (report.format, report.content) == (ContainerFormat.ASIC_E, document)
    assert (only(report).digest_ok, only(report).signature_ok) == (True, True)
    assert not several.signers
    assert "signature.p7s: no manifest says what is signed" in several.problems


def test_a_signature_over_something_else_than_the_manifest(
    cades: dict[str, bytes], person: Identity, trusting: TrustStore
) -> None:
    report = read_with(
        trusting, packed({**cades, "META-INF/signature001.p7s": sign(b"else", [person])}), None
    )

    assert only(report).digest_ok is False


HOSTILE = {
    "a bomb": {"mimetype": b"application/vnd.etsi.asic-e+zip", "doc.txt": bytes(60_000_000)},
    "too much": {
        "mimetype": b"application/vnd.etsi.asic-e+zip",
        **{f"{n}.txt": bytes(9_000_000) for n in range(9)},
    },
    "too many": {
        "mimetype": b"application/vnd.etsi.asic-e+zip",
        **{f"{n}": b"" for n in range(MOST_ENTRIES)},
    },
    "a way out": {"mimetype": b"application/vnd.etsi.asic-e+zip", "../../etc/cron.d/x": b""},
    "a root": {"mimetype": b"application/vnd.etsi.asic-e+zip", "/etc/cron.d/x": b""},
    "a drive": {"mimetype": b"application/vnd.etsi.asic-e+zip", "c:\\x": b""},
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_archives_are_refused_soon(name: str) -> None:
    container = packed(HOSTILE[name], zipfile.ZIP_DEFLATED if name != "too many" else zipfile.ZIP_STORED)
    begun = time.process_time()

    report = read_file(container)

    assert time.process_time() - begun < 2
    assert report.format is ContainerFormat.UNKNOWN
    assert not report.signers
    assert any("archive" in problem for problem in report.problems)


@pytest.mark.parametrize("kind", ["namespaces", "attributes", "another encoding"])
def test_xml_that_is_dear_to_canonicalise_is_refused_soon(xades: dict[str, bytes], kind: str) -> None:
    prefix = "xmlns:n" if kind == "namespaces" else "n"
    many = " ".join(f'{prefix}{n}="urn:{n}"' for n in range(20_000))
    text = xades[XML].decode().replace("<asic:XAdESSignatures ", f"<asic:XAdESSignatures {many} ", 1)
    xml = text.encode("utf-16" if kind == "another encoding" else "utf-8")
    begun = time.process_time()

    report = read_file(packed({**xades, XML: xml}))

    assert time.process_time() - begun < 2
    assert not report.signers


def test_several_manifests_for_one_signature_are_refused(cades: dict[str, bytes]) -> None:
    report = read_file(packed({**cades, "META-INF/ASiCManifest002.xml": cades[MANIFEST]}))

    assert not report.signers
    assert "signature001.p7s: several manifests name the signature" in report.problems


def test_two_entries_of_one_name_are_refused(sample: Sample) -> None:
    target = BytesIO(sample("xades.asice"))
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("doc.txt", b"another")

    assert "two entries of one name" in read_file(target.getvalue()).problems[0]


def test_an_archive_in_which_a_byte_changed_never_raises(sample: Sample, document: bytes) -> None:
    container = sample("xades.asice")
    for position in range(0, len(container), 11):
        damaged = bytearray(container)
        damaged[position] ^= 0x55
        report = read_file(bytes(damaged))
        assert report.content in (None, document)
        if report.content is None:
            assert report.problems


@pytest.mark.parametrize(
    "prolog",
    [
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">',
        b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_a_document_type_is_refused(xades: dict[str, bytes], prolog: bytes) -> None:
    report = read_file(packed({**xades, XML: prolog + xades[XML].replace(b"text/plain", b"&e;")}))

    assert not report.signers
    assert any(XML.removeprefix("META-INF/") in problem for problem in report.problems)


@pytest.mark.parametrize("xml", [b"", b"<a/>", b"\0", b"<a>" * 100_000, b"<a/>" * 10, b" " * 5_000_000])
def test_other_xml_signs_nothing(xades: dict[str, bytes], xml: bytes) -> None:
    report = read_file(packed({**xades, XML: xml}, zipfile.ZIP_STORED))

    assert not report.signers
    assert "nobody has signed" in report.problems
