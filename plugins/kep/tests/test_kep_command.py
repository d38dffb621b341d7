"""`ztoe-hub signature show`, and reading many files at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ztoe_hub.cli.main import known_commands
from ztoe_hub.values import ContainerFormat
from ztoe_kep import read_many
from ztoe_kep.authorities import app as authorities
from ztoe_kep.commands import COMMANDS
from ztoe_kep.show import app
from ztoe_kep.testing import Identity, sign

DATA = Path(__file__).parent / "data"
CA = str(DATA / "test-ca.cer")
KEYS = [
    "subject",
    "organisation",
    "edrpou",
    "rnokpp",
    "issuer",
    "signed_at",
    "time_source",
    "seal",
    "digest_ok",
    "signature_ok",
    "chain_ok",
    "time_ok",
]


def run(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["show", *arguments])
    return found.exit_code, found.output


@pytest.mark.parametrize(
    ("name", "container", "signers", "status"),
    [
        ("attached-kupyna.p7s", "cms-attached", 1, 0),
        ("attached-gost.p7s", "cms-attached", 1, 0),
        ("base64.p7s", "cms-attached", 1, 0),
        ("unsorted-attrs.p7s", "cms-attached", 1, 0),
        ("two-signers-seal.p7s", "cms-attached", 3, 0),
        ("nested.p7s", "cms-attached", 2, 0),
        ("cades.asice", "asic-e", 1, 0),
        ("xades.asice", "asic-e", 1, 0),
        ("detached-kupyna.p7s", "cms-detached", 1, 1),
        ("tampered-content.p7s", "cms-attached", 1, 1),
        ("expired-cert.p7s", "cms-attached", 1, 1),
        ("doc.txt", "unknown", 0, 2),
    ],
)
def test_json_and_exit_status(name: str, container: str, signers: int, status: int) -> None:
    for more in ([], ["--ca", CA]):
        found, output = run(str(DATA / name), "--json", *more)
        answer = json.loads(output)

        assert (found, answer["container"], len(answer["signers"])) == (status, container, signers)
        assert list(answer) == ["container", "signers", "problems"]
        assert all(list(signer) == KEYS for signer in answer["signers"])
        assert {signer["chain_ok"] for signer in answer["signers"]} <= {True if more else None}


def test_a_detached_signature_with_its_original() -> None:
    arguments = [str(DATA / "detached-kupyna.p7s"), "--json", "--original"]

    assert run(*arguments, str(DATA / "doc.txt"))[0] == 0
    assert run(*arguments, CA)[0] == 1


def test_a_person_reads_named_parts_and_never_that_it_is_valid() -> None:
    status, output = run(str(DATA / "expired-cert.p7s"), "--ca", CA)

    assert status == 1
    for line in (
        "CA bundle: as of 2026-02-10",
        "signer 1: Гончар Степан Лук’янович",
        "  signature     holds mathematically",
        "  chain         leads to a trusted root",
        "  time          OUTSIDE the term of the certificate",
        "  revocation    not checked",
    ):
        assert line in output.splitlines()
    assert "valid" not in output.replace("no official validation", "")


def test_a_lone_root_is_named_on_purpose_and_one_of_many_is_not(tmp_path: Path, person: Identity) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(sign(b"", [person]) and Path(CA).read_bytes())
    bundle = tmp_path / "bundle.p7b"
    bundle.write_bytes(sign(b"", [person]))

    assert run(str(DATA / "nested.p7s"), "--ca", str(both))[0] == 0
    assert run(str(DATA / "nested.p7s"), "--ca", str(bundle))[0] == 1
    assert run(str(DATA / "nested.p7s"), "--ca", str(bundle), "--ca", CA)[0] == 0


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.p7s")

    assert run(missing)[0] == 2
    status, output = run(missing, "--json")
    assert status == 2
    assert json.loads(output)["container"] == "unknown"
    assert run(str(DATA / "nested.p7s"), "--ca", missing)[0] == 2
    assert run(str(DATA / "nested.p7s"), "--original", missing)[0] == 2
    huge = tmp_path / "huge.p7s"
    with huge.open("wb") as file:
        file.truncate(500_000_000)
    status, output = run(str(huge))
    assert status == 2
    assert "more than 64 MB" in output


def test_the_hub_finds_the_command() -> None:
    assert known_commands()["signature"] in COMMANDS


def test_the_table_of_commands_loads_nothing_heavy() -> None:
    code = "import sys, ztoe_kep.commands; print({'lxml', 'cryptography', 'pydantic'} & set(sys.modules))"

    found = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )

    assert found.stdout.strip() == "set()"


@pytest.mark.parametrize("processes", [1, 2])
def test_many_files_are_read_in_their_order(tmp_path: Path, processes: int) -> None:
    paths = [DATA / "nested.p7s", tmp_path / "missing.p7s", DATA / "doc.txt", DATA / "xades.asice"]

    found = list(read_many(paths, processes=processes))

    assert [path for path, _ in found] == paths
    assert [len(report.signers) for _, report in found] == [2, 0, 0, 1]
    assert "cannot be read" in found[1][1].problems[0]


def test_a_huge_file_in_a_batch_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.p7s"
    with huge.open("wb") as file:
        file.truncate(500_000_000)

    [(_, report)] = read_many([huge])

    assert report.format is ContainerFormat.UNKNOWN


class TestTrust:
    """`python -m ztoe_kep.authorities`: bundles are checked before they replace one another."""

    def run(self, *arguments: str) -> tuple[int, str]:
        found = CliRunner().invoke(authorities, [*arguments])
        return found.exit_code, found.output

    def test_roots_and_bundles_are_shown_with_their_dates(self) -> None:
        status, output = self.run("show", CA)

        assert status == 0
        assert output.count("pinned root") == 6
        assert "9db1740aa0cbe1da0b26fd7243653f85220ec2e7f6aff0927d190efd62f51878" in output
        assert "test-ca.cer: as of 2026-02-10, 1 certificates, 1 of them authorities" in output

    def test_a_bundle_is_imported_and_an_older_one_is_not(self, tmp_path: Path) -> None:
        into = tmp_path / "trust" / "ca.p7b"

        assert self.run("import", str(DATA / "director.cer"), "--into", str(into))[0] == 0
        assert self.run("import", CA, "--into", str(into))[0] == 1
        assert into.read_bytes() == (DATA / "director.cer").read_bytes()
        assert self.run("import", CA, "--into", str(into), "--force")[0] == 0
        assert into.read_bytes() == Path(CA).read_bytes()
        assert list(into.parent.iterdir()) == [into]

    def test_what_is_no_bundle_replaces_nothing(self, tmp_path: Path) -> None:
        into = tmp_path / "ca.p7b"

        assert self.run("import", str(DATA / "doc.txt"), "--into", str(into))[0] == 2
        assert self.run("show", str(tmp_path / "missing"))[0] == 2
        assert not into.exists()
