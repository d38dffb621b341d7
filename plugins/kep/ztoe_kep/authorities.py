"""Shows what is trusted, and imports a CA bundle where the settings name it: `python -m ztoe_kep.authorities`.

Ready to be a command of the hub: `Command("trust", "ztoe_kep.authorities:app", ..)`.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from .bundles import Bundle, read_bundle
from .roots import PINNED

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Show and import certificates of authorities."
)
Into = Annotated[
    Path, typer.Option(help="The file that ca_bundles of [signatures.NAME] names; it is replaced as a whole.")
]


@app.command()
def show(
    files: Annotated[list[Path] | None, typer.Argument(help="CA bundles: p7b, PEM or DER.")] = None,
) -> None:
    """Show the pinned roots, and what is in CA bundles. Exit status 2: a file cannot be read."""
    for root in PINNED:
        typer.echo(f"pinned root: {root.name}, {root.begins} to {root.ends}, SHA-256 {root.sha256}")
    for path in files or []:
        typer.echo(_line(_read(path)))


@app.command("import")
def import_bundle(
    file: Annotated[Path, typer.Argument(help="A CA bundle, e.g. CACertificates.p7b.")],
    into: Into = Path("ca-bundle.p7b"),
    force: Annotated[bool, typer.Option("--force", help="Also when it is older than the one there.")] = False,
) -> None:
    """Check a CA bundle and put it where the settings name it; the hub reads it when it starts.

    Nothing in a bundle is trusted by itself: chains have to end in a pinned root. Exit status 1: it is older
    than the one there; 2: it cannot be read.
    """
    bundle = _read(file)
    if into.exists() and not force:
        there, date = _read(into).date(), bundle.date()
        if there and (date is None or date < there):
            typer.echo(f"{file.name} is older than {into}; --force imports it all the same", err=True)
            raise typer.Exit(1)
    _replace(into, file.read_bytes())
    typer.echo(f"imported into {into}: {_line(bundle)}")


def _read(path: Path) -> Bundle:
    try:
        return read_bundle(path)
    except (OSError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _line(bundle: Bundle) -> str:
    date = bundle.date()
    authorities = sum(certificate.authority for certificate in bundle.certificates)
    skipped = f", {bundle.skipped} illegible" if bundle.skipped else ""
    return (
        f"{bundle.name}: as of {f'{date:%Y-%m-%d}' if date else 'no date'}, "
        f"{len(bundle.certificates)} certificates, {authorities} of them authorities{skipped}"
    )


def _replace(path: Path, content: bytes) -> None:
    """Write beside it and rename, so that a hub that starts now sees one whole bundle or the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


if __name__ == "__main__":
    app(prog_name="python -m ztoe_kep.authorities")
