"""`ztoe-hub import`: one file, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ztoe_hub.exchange.imports import ImportWish

from .import_output import print_previews, print_reports, progress_shown
from .opening import opened_hub
from .sync import AcceptLosses, AsJson


def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    source: Annotated[str, typer.Option(help="The instance of [billing] whose mapping reads the file.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the first rows, their types and what is wrong.")
    ] = False,
    accept_losses: AcceptLosses = False,
    as_json: AsJson = False,
) -> None:
    """Import one file as the named source reads its files, or look at what is in it. The file stays where it is."""
    with opened_hub() as hub:
        opened = hub.sync.open_file(source, file.resolve())
        if dry_run:
            print_previews(hub.sync.preview(opened))
            return
        wish = ImportWish(accept_losses=accept_losses)
        with progress_shown(show=not as_json) as progress:
            reports = hub.sync.import_by_hand(source, source=opened, wish=wish, progress=progress)
    print_reports(reports, as_json=as_json)
