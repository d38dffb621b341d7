"""`ztoe-hub signature show`: who signed a container and what holds, without settings or database."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ztoe_hub.values import ContainerFormat, ContainerReport

from .bundles import Bundle, read_bundle
from .descriptions import describe
from .reader import LARGEST, read_with
from .roots import is_test_root
from .trust import TrustStore, root_in

REFUTED, UNREADABLE = 1, 2

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Look into signature containers.")


@app.callback()
def signature() -> None:
    """Look into signature containers."""


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="The container: .p7s, .asice or a signed PDF.")],
    original: Annotated[
        Path | None, typer.Option(help="The document, where the signature is apart from it.")
    ] = None,
    ca: Annotated[
        list[Path] | None,
        typer.Option(
            help="Certificates of authorities: p7b, PEM or DER; may be repeated. A file that holds one "
            "self-signed certificate and nothing else is trusted as a root, for this run."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show who signed FILE and what holds: digest, signature, chain and time, each by itself.

    Revocation is never asked. Exit status 0: every signer has digest and signature that hold, and nothing is
    refuted; 1: otherwise; 2: the file cannot be read.
    """
    try:
        trust = trust_in([read_bundle(path) for path in ca or []])
        container, document = _read(file), _read(original) if original else None
    except (OSError, ValueError) as error:
        _fail(str(error), as_json=as_json)
    report = read_with(trust, container, document)
    text = json.dumps(as_dict(report), ensure_ascii=False, indent=2) if as_json else describe(report, trust)
    typer.echo(text)
    raise typer.Exit(exit_status(report))


def trust_in(bundles: list[Bundle]) -> TrustStore:
    """The trust in files named on the command line: a lone root is named on purpose, one of many is not."""
    roots = [root for bundle in bundles if (root := root_in(bundle))]
    return TrustStore(tuple(bundles), tuple(root for root in roots if not is_test_root(root)))


def as_dict(report: ContainerReport) -> dict[str, object]:
    """The report as JSON has it; None where something is not known or not checked."""
    return {
        "container": report.format.value,
        "signers": [
            {**asdict(each), "signed_at": each.signed_at.isoformat() if each.signed_at else None}
            for each in report.signers
        ],
        "problems": list(report.problems),
    }


def exit_status(report: ContainerReport) -> int:
    """0 when every signer has digest and signature that hold and nothing is refuted."""
    if report.format is ContainerFormat.UNKNOWN:
        return UNREADABLE
    parts = [(s.digest_ok, s.signature_ok, s.chain_ok, s.time_ok) for s in report.signers]
    fine = bool(parts) and all(all(part[:2]) and False not in part for part in parts)
    return 0 if fine else REFUTED


def _read(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path}: more than {LARGEST // 1024 // 1024} MB")
    return path.read_bytes()


def _fail(problem: str, *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(
            json.dumps({"container": "unknown", "signers": [], "problems": [problem]}, ensure_ascii=False)
        )
    else:
        typer.echo(problem, err=True)
    raise typer.Exit(UNREADABLE)
