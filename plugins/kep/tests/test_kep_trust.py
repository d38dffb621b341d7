"""Chains and time stamps: whom the reader believes, and up to where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ztoe_hub.testing.contexts import adapter_context
from ztoe_hub.values import ContainerReport, Signer
from ztoe_kep.bundles import Bundle, bundle_date, bundle_of, read_bundle
from ztoe_kep.certificates import read_certificate
from ztoe_kep.reader import KepReader, read_with
from ztoe_kep.roots import PINNED, is_test_root, pinned_roots
from ztoe_kep.settings import KepSettings
from ztoe_kep.testing import Identity, Issue, Signing, TestKey, issue, sign, time_stamp
from ztoe_kep.testing.identities import AGREEING, CERTIFYING, SIGNING
from ztoe_kep.trust import EXTRA_ROOT, NO_BUNDLE, TEST_ROOT, UNKNOWN_ISSUER, TrustStore, link_holds
from ztoe_kep.work import Work

DOCUMENT = b"some document " * 10
STAMPED_AT = datetime(2026, 11, 2, 8, 16, tzinfo=UTC)
CLAIMED_AT = datetime(2026, 11, 2, 8, 15, 30, tzinfo=UTC)


def only(report: ContainerReport) -> Signer:
    [signer] = report.signers
    return signer


def bundle(*identities: Identity) -> Bundle:
    """A bundle, as PKCS #7 has it: certificates and nothing signed."""
    return bundle_of(sign(b"", identities), "test.p7b")


def trust_in(root: Identity, *others: Identity) -> TrustStore:
    return TrustStore((bundle(*others),), (read_certificate(root.certificate),))


def test_the_roots_are_those_that_were_pinned() -> None:
    fingerprints = {certificate.sha256 for certificate in pinned_roots()}

    assert fingerprints == {pinned.sha256 for pinned in PINNED}
    assert {
        "96b44a350208c5e404c3638b82d335a10a9f670887f6ba519b0063b6621de0ea",
        "f23eb04f63ddc7f38baaacc78cbef26e62a506865d98bfcb3e5089164408a2cf",
        "9db1740aa0cbe1da0b26fd7243653f85220ec2e7f6aff0927d190efd62f51878",
    } <= fingerprints
    assert {fingerprint[:8] for fingerprint in fingerprints} >= {"ec3524a1", "d74db944", "f66beb72"}


@pytest.mark.parametrize("number", range(len(PINNED)))
def test_every_root_signed_itself(number: int) -> None:
    pinned, certificate = PINNED[number], pinned_roots()[number]
    assert certificate.not_before
    assert certificate.not_after

    assert link_holds(certificate, certificate, Work()).verdict is True
    assert certificate.authority
    assert (certificate.not_before.date(), certificate.not_after.date()) == (pinned.begins, pinned.ends)


def test_a_changed_root_did_not_sign_itself() -> None:
    root = pinned_roots()[0]
    changed = replace(root, raw=root.raw + b"\0", signed=root.signed[:-1] + b"\0")

    assert link_holds(changed, root, Work()).verdict is False


def test_without_a_bundle_nothing_is_known_and_with_one_the_unknown_is_refused(
    person: Identity, stamper: Identity
) -> None:
    container = sign(DOCUMENT, [person])

    unchecked = read_with(TrustStore(), container, None)
    refused = read_with(TrustStore((bundle(stamper),)), container, None)

    assert (only(unchecked).chain_ok, unchecked.problems) == (None, (f"signer 1: {NO_BUNDLE}",))
    assert (only(refused).chain_ok, refused.problems) == (False, (f"signer 1: {UNKNOWN_ISSUER}",))


def test_an_extra_root_is_named_in_every_report(person: Identity, trusting: TrustStore) -> None:
    report = read_with(trusting, sign(DOCUMENT, [person]), None)

    assert (only(report).chain_ok, report.problems) == (True, (f"signer 1: {EXTRA_ROOT}",))


def test_settings_name_bundles_and_roots(
    tmp_path: Path, person: Identity, root: Identity, authority: Identity
) -> None:
    (tmp_path / "root.cer").write_bytes(root.certificate)
    (tmp_path / "ca.p7b").write_bytes(sign(b"", [authority]))
    settings = KepSettings(ca_bundles=[tmp_path / "ca.p7b"], roots=[tmp_path / "root.cer"])
    context = adapter_context()

    reader = KepReader(settings, context)

    assert only(reader.read(sign(DOCUMENT, [person]), None)).chain_ok is True
    assert reader.trust.bundle_date() == datetime(2026, 3, 1, tzinfo=UTC)
    context.http.close()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (Issue(authority=False, usage=SIGNING), "not a certification authority"),
        (Issue(authority=True, usage=SIGNING), "not a certification authority"),
        (Issue(authority=False, usage=CERTIFYING), "not a certification authority"),
        (
            Issue(authority=True, usage=CERTIFYING, not_after=datetime(2026, 11, 1, tzinfo=UTC)),
            "not valid at the time",
        ),
        (
            Issue(authority=True, usage=CERTIFYING, not_before=datetime(2026, 11, 3, tzinfo=UTC)),
            "not valid at the time",
        ),
    ],
)
def test_an_issuer_has_to_be_an_authority_then(root: Identity, what: Issue, words: str) -> None:
    issuer = issue(replace(what, subject="Хтось"), TestKey(20), root)
    signer = issue(Issue(), TestKey(21), issuer)

    report = read_with(trust_in(root, issuer), sign(DOCUMENT, [signer]), None)

    assert only(report).chain_ok is False
    assert any(words in problem for problem in report.problems)


def chain(root: Identity, length: int, path_length: int | None = None) -> list[Identity]:
    found = [root]
    for number in range(length):
        what = Issue(subject=f"Ланка {number}", authority=True, usage=CERTIFYING, path_length=path_length)
        found.append(issue(what, TestKey(30 + number), found[-1]))
    return found[1:]


@pytest.mark.parametrize(("length", "verdict"), [(1, True), (3, True), (4, False)])
def test_four_authorities_and_no_more(root: Identity, length: int, verdict: bool) -> None:
    links = chain(root, length)
    signer = issue(Issue(), TestKey(22), links[-1])

    report = read_with(trust_in(root, *links), sign(DOCUMENT, [signer]), None)

    assert only(report).chain_ok is verdict


def test_a_path_length_is_kept(root: Identity) -> None:
    links = chain(root, 2, path_length=0)

    for issuer, verdict in zip(links, (True, False), strict=True):
        signer = issue(Issue(), TestKey(23), issuer)
        report = read_with(trust_in(root, *links), sign(DOCUMENT, [signer]), None)
        assert only(report).chain_ok is verdict


def test_an_authority_in_the_container_may_help_and_is_not_trusted(
    root: Identity, authority: Identity, person: Identity
) -> None:
    container = sign(DOCUMENT, [person, authority, root])

    known = read_with(trust_in(root, person), container, None)
    unknown = read_with(TrustStore((bundle(person),)), container, None)

    assert known.signers[0].chain_ok is True
    assert unknown.signers[0].chain_ok is False


def test_a_forged_authority_of_the_same_name_does_not_help(
    root: Identity, authority: Identity, trusting: TrustStore
) -> None:
    forged = replace(authority, key=TestKey(666))
    signer = issue(Issue(serial_number=99), TestKey(24), forged)

    report = read_with(trusting, sign(DOCUMENT, [signer]), None)

    assert (only(report).signature_ok, only(report).chain_ok) == (True, False)


def test_an_encryption_certificate_is_not_for_signing(authority: Identity, trusting: TrustStore) -> None:
    encrypting = issue(Issue(usage=AGREEING), TestKey(25), authority)

    report = read_with(trusting, sign(DOCUMENT, [encrypting]), None)

    assert (only(report).signature_ok, only(report).chain_ok) == (True, False)


@pytest.mark.parametrize(
    "name",
    ['Тестовий ЦСК АТ "ІІТ"', "Центральний засвідчувальний орган (ROOT TEST)", "Налогоджувальний ЦСК ДСТУ"],
)
def test_test_roots_are_never_trusted(name: str) -> None:
    authority = issue(Issue(subject=name, authority=True, usage=CERTIFYING), TestKey(26))
    signer = issue(Issue(), TestKey(27), authority)
    certificate = read_certificate(authority.certificate)

    report = read_with(TrustStore((bundle(authority),)), sign(DOCUMENT, [signer]), None)

    assert is_test_root(certificate)
    assert (only(report).chain_ok, report.problems) == (False, (f"signer 1: {TEST_ROOT}",))
    with pytest.raises(ValueError, match="never trusted"):
        TrustStore((), (certificate,))


def test_bundles_are_read_in_every_form(
    tmp_path: Path, root: Identity, authority: Identity, sample: Callable[[str], bytes]
) -> None:
    expected = bundle(root, authority).certificates
    path = tmp_path / "ca.p7b"
    path.write_bytes(sign(b"", [root, authority]))

    assert read_bundle(path).certificates == expected
    assert bundle_of(sample("test-ca.cer"), "x").certificates == (read_certificate(sample("test-ca.cer")),)
    assert bundle_date([]) is None
    with pytest.raises(ValueError, match="no certificates inside"):
        bundle_of(b"", "x")


def test_a_time_stamp_goes_before_the_claimed_time(
    person: Identity, stamper: Identity, trusting: TrustStore
) -> None:
    report = read_with(trusting, sign(DOCUMENT, [person], Signing(stamped_by=stamper)), None)

    signer = only(report)
    assert (signer.signed_at, signer.time_source, signer.time_ok) == (STAMPED_AT, "timestamp", True)
    assert report.problems == (f"signer 1: {EXTRA_ROOT}", f"signer 1: the time stamp's {EXTRA_ROOT}")


def test_a_time_stamp_by_nobody_known_is_said_to_be_unchecked(person: Identity, stamper: Identity) -> None:
    report = read_with(TrustStore(), sign(DOCUMENT, [person], Signing(stamped_by=stamper)), None)

    assert only(report).time_source == "timestamp"
    assert any("time stamp's own signature is not checked" in problem for problem in report.problems)


def stamps(person: Identity, stamper: Identity) -> dict[str, bytes]:
    """Tokens that do not count. The signature is the same every time, as the test keys have no chance in them."""
    signature = sign(DOCUMENT, [person])[-64:]
    good = time_stamp(signature, stamper, STAMPED_AT)
    impostor = replace(stamper, key=TestKey(666))
    return {
        "for another signature": time_stamp(b"another", stamper, STAMPED_AT),
        "forged": time_stamp(signature, impostor, STAMPED_AT),
        "broken": good[:-1] + bytes((good[-1] ^ 1,)),
        "by a person": time_stamp(signature, person, STAMPED_AT, with_certificates=True),
        "out of term": time_stamp(signature, stamper, datetime(2029, 1, 1, tzinfo=UTC)),
        "no token": sign(DOCUMENT, [stamper]),
        "no sense": b"\x30\x03\x02\x01\x01",
    }


@pytest.mark.parametrize(
    "name",
    ["for another signature", "forged", "broken", "by a person", "out of term", "no token", "no sense"],
)
def test_a_bad_time_stamp_does_not_count(
    person: Identity, stamper: Identity, trusting: TrustStore, name: str
) -> None:
    container = sign(DOCUMENT, [person], Signing(stamp=stamps(person, stamper)[name]))

    report = read_with(trusting, container, None)

    assert (only(report).signed_at, only(report).time_source) == (CLAIMED_AT, "claimed")
    assert any("time stamp" in problem for problem in report.problems)


def test_without_any_time_the_chain_is_not_judged(person: Identity, trusting: TrustStore) -> None:
    signer = only(read_with(trusting, sign(DOCUMENT, [person], Signing(at=None)), None))

    assert (signer.chain_ok, signer.time_ok) == (None, None)
