"""What the reader says of the sample containers, whose persons and companies are invented."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pluggy
import pytest
from pydantic import ValidationError

from ztoe_hub import hookspecs
from ztoe_hub.errors import ConfigurationError
from ztoe_hub.testing.signatures import SignatureReaderContract
from ztoe_hub.values import ContainerFormat, Signer
from ztoe_kep import plugin
from ztoe_kep.bundles import bundle_of
from ztoe_kep.reader import KepReader, read_file, read_with
from ztoe_kep.settings import KepSettings
from ztoe_kep.show import trust_in
from ztoe_kep.trust import EXTRA_ROOT, UNKNOWN_ROOT

Sample = Callable[[str], bytes]

ISSUER = "КНЕДП «Тестовий» (вигаданий)"
MORNING = datetime(2026, 11, 2, 8, 15, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 2, 9, 40, 5, tzinfo=UTC)


def a_signer(
    subject: str,
    organisation: str | None,
    edrpou: str | None,
    rnokpp: str | None,
    *,
    at: datetime = MORNING,
    seal: bool = False,
    time_ok: bool = True,
    digest_ok: bool = True,
) -> Signer:
    """Somebody whose signature holds; without a CA bundle nothing is known of the chain."""
    return Signer(
        subject=subject,
        organisation=organisation,
        edrpou=edrpou,
        rnokpp=rnokpp,
        issuer=ISSUER,
        signed_at=at,
        time_source="claimed",
        seal=seal,
        digest_ok=digest_ok,
        signature_ok=True,
        chain_ok=None,
        time_ok=time_ok,
    )


DIRECTOR = a_signer("Мельник Іван Петрович", "ТОВ «Полісся-Тест»", "32855961", "1759013776")
SEAL = a_signer("ТОВ «Полісся-Тест»", "ТОВ «Полісся-Тест»", "32855961", None, seal=True)
OFFICER = a_signer("Коваль Олена Ігорівна", "АТ «Тестобленерго»", "22048622", "2530414071", at=LATER)
TRADER = a_signer("Гончар Степан Лук’янович", None, None, "2530414071", time_ok=False)
TAMPERED = replace(DIRECTOR, digest_ok=False)
NO_BUNDLE = "chain not checked: no CA bundle"
UNFIT = "signer 1: the digest does not fit: these are not the signed bytes"


@dataclass(frozen=True)
class Expected:
    file: str
    format: ContainerFormat
    signers: tuple[Signer, ...]
    problems: tuple[str, ...]
    content_is_the_document: bool

    def __str__(self) -> str:
        return self.file


ATTACHED, DETACHED = ContainerFormat.CMS_ATTACHED, ContainerFormat.CMS_DETACHED


def unchecked(signers: int) -> tuple[str, ...]:
    return tuple(f"signer {number}: {NO_BUNDLE}" for number in range(1, signers + 1))


NO_CONTAINER = ("not a signature container",)
TABLE = [
    Expected("attached-kupyna.p7s", ATTACHED, (DIRECTOR,), unchecked(1), True),
    Expected("attached-gost.p7s", ATTACHED, (DIRECTOR,), unchecked(1), True),
    Expected("base64.p7s", ATTACHED, (DIRECTOR,), unchecked(1), True),
    Expected("unsorted-attrs.p7s", ATTACHED, (DIRECTOR,), unchecked(1), True),
    Expected("tampered-content.p7s", ATTACHED, (TAMPERED,), (UNFIT, *unchecked(1)), False),
    Expected("expired-cert.p7s", ATTACHED, (TRADER,), unchecked(1), True),
    Expected("two-signers-seal.p7s", ATTACHED, (DIRECTOR, SEAL, OFFICER), unchecked(3), True),
    Expected("nested.p7s", ATTACHED, (OFFICER, DIRECTOR), unchecked(2), True),
    Expected("detached-kupyna.p7s", DETACHED, (DIRECTOR,), unchecked(1), False),
    Expected("cades.asice", ContainerFormat.ASIC_E, (DIRECTOR,), unchecked(1), True),
    Expected("xades.asice", ContainerFormat.ASIC_E, (DIRECTOR,), unchecked(1), True),
    Expected("doc.txt", ContainerFormat.UNKNOWN, (), NO_CONTAINER, False),
    Expected("director.cer", ContainerFormat.UNKNOWN, (), NO_CONTAINER, False),
]


@pytest.mark.parametrize("expected", TABLE, ids=str)
def test_a_sample_is_read_as_it_was_made(
    reader: KepReader, sample: Sample, document: bytes, expected: Expected
) -> None:
    report = reader.read(sample(expected.file), document)

    assert report.format is expected.format
    assert tuple(report.signers) == expected.signers
    assert tuple(report.problems) == expected.problems
    assert (report.content == document) is expected.content_is_the_document


@pytest.mark.parametrize("expected", TABLE, ids=str)
def test_the_chain_of_every_sample_leads_to_its_authority_where_that_is_trusted(
    sample: Sample, document: bytes, expected: Expected
) -> None:
    trust = trust_in([bundle_of(sample("test-ca.cer"), "test-ca.cer")])

    report = read_with(trust, sample(expected.file), document)

    assert list(report.signers) == [replace(signer, chain_ok=True) for signer in expected.signers]
    assert all(f"signer {n + 1}: {EXTRA_ROOT}" in report.problems for n in range(len(report.signers)))


@pytest.mark.parametrize("expected", TABLE, ids=str)
def test_an_authority_in_a_bundle_is_known_and_not_trusted(
    sample: Sample, document: bytes, expected: Expected
) -> None:
    bundle = bundle_of(sample("test-ca.cer"), "test-ca.cer")

    report = read_file(sample(expected.file), document, [bundle])

    assert list(report.signers) == [replace(signer, chain_ok=False) for signer in expected.signers]
    assert all(f"signer {n + 1}: {UNKNOWN_ROOT}" in report.problems for n in range(len(report.signers)))


class TestUkrainianSamples(SignatureReaderContract):
    """DSTU 4145 signatures over Kupyna digests."""

    @pytest.fixture
    def attached(self, sample: Sample) -> bytes:
        return sample("attached-kupyna.p7s")

    @pytest.fixture
    def detached(self, sample: Sample) -> bytes:
        return sample("detached-kupyna.p7s")


class TestTextForms(SignatureReaderContract):
    """One of them as PEM text, which breaks in ways of its own."""

    @pytest.fixture
    def attached(self, sample: Sample) -> bytes:
        return sample("attached-kupyna.p7s")

    @pytest.fixture
    def detached(self, sample: Sample) -> bytes:
        return pem(sample("detached-kupyna.p7s"))


def pem(der: bytes) -> bytes:
    return b"-----BEGIN PKCS7-----\n" + base64.encodebytes(der) + b"-----END PKCS7-----\n"


def test_the_plugin_offers_the_reader() -> None:
    manager = pluggy.PluginManager("ztoe_hub")
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    manager.check_pending()

    [[kind]] = manager.hook.signature_readers()

    assert kind.name == "kep"
    assert kind.settings is KepSettings


def test_settings_are_checked() -> None:
    with pytest.raises(ValidationError):
        KepSettings.model_validate({"revocation": True})


def test_a_bundle_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    missing = tmp_path / "CACertificates.p7b"

    with pytest.raises(ConfigurationError, match=r"CACertificates\.p7b"):
        KepSettings(ca_bundles=[missing]).trust()
    missing.write_bytes(b"not a certificate")
    with pytest.raises(ConfigurationError, match="no certificates inside"):
        KepSettings(roots=[missing]).trust()
