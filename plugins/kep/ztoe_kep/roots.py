"""The pinned roots: the Central Certification Authority (ЦЗО) and the centre of the National Bank (ЗЦ НБУ).

Compare the fingerprints with https://czo.gov.ua/ca-registry before relying on them: the files came as copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from .certificates import Certificate, read_certificate

CZO, NBU = "Центральний засвідчувальний орган", "Засвідчувальний центр (НБУ)"


@dataclass(frozen=True, slots=True)
class PinnedRoot:
    """One root by its fingerprint; dates are those of its certificate."""

    sha256: str
    file: str
    name: str
    begins: date
    ends: date


PINNED = (
    PinnedRoot(
        "ec3524a1229cb318961fd394dbe3b024946f979c9f5f4390497fad7fe4f73de9",
        "root-2017-09-22-gost.cer",
        CZO,
        date(2017, 9, 22),
        date(2027, 9, 22),
    ),
    PinnedRoot(
        "d74db94404607b3681f36711e1dbffb7caa649ea9ffd1f0b498b6b0140fc0593",
        "root-2019-10-20-gost.cer",
        NBU,
        date(2019, 10, 20),
        date(2029, 10, 20),
    ),
    PinnedRoot(
        "96b44a350208c5e404c3638b82d335a10a9f670887f6ba519b0063b6621de0ea",
        "root-2020-01-16-gost.cer",
        CZO,
        date(2020, 1, 16),
        date(2030, 1, 16),
    ),
    PinnedRoot(
        "f23eb04f63ddc7f38baaacc78cbef26e62a506865d98bfcb3e5089164408a2cf",
        "root-2025-01-08-gost.cer",
        CZO,
        date(2025, 1, 8),
        date(2035, 1, 8),
    ),
    PinnedRoot(
        "f66beb7240ec89fe38cf425d09bc9a898d430288c7a6bebf7b893c0053f127c9",
        "root-2025-02-03-gost.cer",
        NBU,
        date(2025, 2, 3),
        date(2035, 2, 2),
    ),
    PinnedRoot(
        "9db1740aa0cbe1da0b26fd7243653f85220ec2e7f6aff0927d190efd62f51878",
        "root-2026-01-27-kupyna.cer",
        CZO,
        date(2026, 1, 27),
        date(2036, 1, 27),
    ),
)
#: Roots of test authorities that stand in public bundles, by letters and figures of their names alone.
_TEST_ROOTS = (
    "тестовийцскатііт",
    "центральнийзасвідчувальнийорганroottest",
    "налогоджувальнийцскдсту",
)


@cache
def pinned_roots() -> tuple[Certificate, ...]:
    """The certificates of the pinned roots. Raises ValueError when a file is not what was pinned."""
    folder = files("ztoe_kep") / "data" / "roots"
    found = []
    for pinned in PINNED:
        certificate = read_certificate((folder / pinned.file).read_bytes())
        if certificate.sha256 != pinned.sha256:
            raise ValueError(f"{pinned.file} is not the pinned root")
        found.append(certificate)
    return tuple(found)


def is_test_root(certificate: Certificate) -> bool:
    """Whether a certificate bears the name of a public test authority, which nobody may trust."""
    for name in (certificate.subject, certificate.issuer):
        letters = "".join(c for c in (name or "").casefold() if c.isalnum())
        if letters in _TEST_ROOTS:
            return True
    return False
