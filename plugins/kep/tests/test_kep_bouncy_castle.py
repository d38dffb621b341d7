"""A second opinion: Bouncy Castle (Debian's libbcprov-java, libbcpkix-java) judges the same containers.

Runs where ZTOE_BOUNCY_CASTLE=1 says that Java and the jars are there; see conftest.py.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ztoe_kep.gost34311 import DEFAULT_DKE
from ztoe_kep.hashes import GOST_34311, KUPYNA_256, KUPYNA_384, KUPYNA_512
from ztoe_kep.reader import read_with
from ztoe_kep.testing import Identity, Issue, Signing, TestKey, issue, sign
from ztoe_kep.testing.keys import NUMBERS
from ztoe_kep.trust import TrustStore

JARS = [Path("/usr/share/java") / f"{name}.jar" for name in ("bcprov", "bcpkix", "bcutil")]
SOURCE = Path(__file__).parent / "java" / "Checker.java"
DOCUMENT = "Договір № 101-Т".encode() * 33


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], list[str]]:
    """Compiles the checker; what it says of every file in a folder, one line a signer."""
    classes = tmp_path_factory.mktemp("classes")
    path = ":".join(map(str, [*JARS, classes]))
    subprocess.run(["javac", "-cp", path, "-d", classes, SOURCE], check=True, timeout=120)

    def check(folder: Path) -> list[str]:
        files = sorted(folder.glob("*.p7s"))
        command = ["java", "-cp", path, "Checker", *map(str, files)]
        found = subprocess.run(command, check=True, timeout=300, capture_output=True, text=True)
        return found.stdout.splitlines()

    return check


def ours(folder: Path) -> list[str]:
    """The same lines by this reader."""
    lines = []
    for path in sorted(folder.glob("*.p7s")):
        apart = path.with_name(f"{path.name}.doc")
        document = apart.read_bytes() if apart.exists() else None
        signers = read_with(TrustStore(), path.read_bytes(), document).signers
        lines += [f"{path.name} {each.digest_ok} {each.signature_ok}".lower() for each in signers]
    return lines


def test_the_samples(
    tmp_path: Path, checker: Callable[[Path], list[str]], sample: Callable[[str], bytes]
) -> None:
    # Left out: base64 text and layers, which Bouncy Castle does not unwrap, and unsorted attributes, which it sorts.
    names = ["attached-gost", "attached-kupyna", "expired-cert", "tampered-content", "two-signers-seal"]
    for name in names:
        (tmp_path / f"{name}.p7s").write_bytes(sample(f"{name}.p7s"))
    (tmp_path / "detached-kupyna.p7s").write_bytes(sample("detached-kupyna.p7s"))
    (tmp_path / "detached-kupyna.p7s.doc").write_bytes(sample("doc.txt"))

    theirs = [line.lower() for line in checker(tmp_path)]

    assert theirs == ours(tmp_path)
    assert len(theirs) == 8
    assert "tampered-content.p7s false true" in theirs


def test_every_curve_with_every_hash(
    tmp_path: Path, checker: Callable[[Path], list[str]], authority: Identity
) -> None:
    hashes = (GOST_34311, KUPYNA_256, KUPYNA_384, KUPYNA_512)
    for number, (m, hash_oid) in enumerate(itertools.product(sorted(NUMBERS), hashes)):
        signer = issue(Issue(), TestKey(number, m=m), authority)
        container = sign(DOCUMENT, [signer], Signing(hash=hash_oid))
        broken = container[:-1] + bytes((container[-1] ^ 1,))
        (tmp_path / f"{m}-{hash_oid}.p7s").write_bytes(container)
        (tmp_path / f"{m}-{hash_oid}-broken.p7s").write_bytes(broken)

    theirs = [line.lower() for line in checker(tmp_path)]

    assert theirs == ours(tmp_path)
    assert [line.split()[1:] for line in theirs].count(["true", "true"]) == len(NUMBERS) * len(hashes)


def test_keys_in_every_form(
    tmp_path: Path, checker: Callable[[Path], list[str]], authority: Identity
) -> None:
    turned = DEFAULT_DKE[8:] + DEFAULT_DKE[:8]
    for number, (big_endian, explicit) in enumerate(itertools.product((False, True), repeat=2)):
        key = TestKey(number, big_endian=big_endian, explicit=explicit)
        for name, each in (("standard", key), ("own", replace(key, dke=turned))):
            container = sign(DOCUMENT, [issue(Issue(), each, authority)], Signing(hash=GOST_34311))
            (tmp_path / f"{number}-{name}.p7s").write_bytes(container)

    theirs = [line.lower() for line in checker(tmp_path)]

    assert theirs == ours(tmp_path)
    assert {tuple(line.split()[1:]) for line in theirs} == {("true", "true")}
