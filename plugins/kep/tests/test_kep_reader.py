"""What the reader says of the sample containers, whose persons and companies are invented."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pluggy
import pytest
import ztoe_kep
from pydantic import ValidationError
from ztoe_kep.reader import KepReader
from ztoe_kep.settings import KepSettings

from ztoe_hub import hookspecs
from ztoe_hub.testing.signatures import SignatureReaderContract
from ztoe_hub.values import ContainerFormat, Signer

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
) -> Signer:
    """Nothing is known of digest, signature and chain: no sample uses a digest that is computed yet."""
    return Signer(
        subject=subject,
        organisation=organisation,
        edrpou=edrpou,
        rnokpp=rnokpp,
        issuer=ISSUER,
        signed_at=at,
        time_source="claimed",
        seal=seal,
        digest_ok=None,
        signature_ok=None,
        chain_ok=None,
        time_ok=time_ok,
    )


DIRECTOR = a_signer("Мельник Іван Петрович", "ТОВ «Полісся-Тест»", "32855961", "1759013776")
SEAL = a_signer("ТОВ «Полісся-Тест»", "ТОВ «Полісся-Тест»", "32855961", None, seal=True)
OFFICER = a_signer("Коваль Олена Ігорівна", "АТ «Тестобленерго»", "22048622", "2530414071", at=LATER)
TRADER = a_signer("Гончар Степан Лук’янович", None, None, "2530414071", time_ok=False)
GOST = "signer 1: digest algorithm not computed yet (GOST 34.311)"
KUPYNA = "signer 1: digest algorithm not computed yet (Kupyna-256)"


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
NOT_OPENED = ("this kind of container is not opened yet",)
TABLE = [
    Expected("attached-kupyna.p7s", ATTACHED, (DIRECTOR,), (KUPYNA,), True),
    Expected("attached-gost.p7s", ATTACHED, (DIRECTOR,), (GOST,), True),
    Expected("base64.p7s", ATTACHED, (DIRECTOR,), (KUPYNA,), True),
    Expected("unsorted-attrs.p7s", ATTACHED, (DIRECTOR,), (GOST,), True),
    Expected("tampered-content.p7s", ATTACHED, (DIRECTOR,), (KUPYNA,), False),
    Expected("expired-cert.p7s", ATTACHED, (TRADER,), (KUPYNA,), True),
    Expected(
        "two-signers-seal.p7s",
        ATTACHED,
        (DIRECTOR, SEAL, OFFICER),
        (KUPYNA, KUPYNA.replace("1", "2", 1), KUPYNA.replace("1", "3", 1)),
        True,
    ),
    Expected("nested.p7s", ATTACHED, (OFFICER, DIRECTOR), (KUPYNA, KUPYNA.replace("1", "2", 1)), True),
    Expected("detached-kupyna.p7s", DETACHED, (DIRECTOR,), (KUPYNA,), False),
    Expected("cades.asice", ContainerFormat.ASIC_E, (), NOT_OPENED, False),
    Expected("xades.asice", ContainerFormat.ASIC_E, (), NOT_OPENED, False),
    Expected("doc.txt", ContainerFormat.UNKNOWN, (), ("not a signature container",), False),
    Expected("director.cer", ContainerFormat.UNKNOWN, (), ("not a signature container",), False),
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
    manager.register(ztoe_kep)
    manager.check_pending()

    [[kind]] = manager.hook.signature_readers()

    assert kind.name == "kep"
    assert kind.settings is KepSettings


def test_there_is_nothing_to_set() -> None:
    with pytest.raises(ValidationError):
        KepSettings.model_validate({"roots": "none"})
