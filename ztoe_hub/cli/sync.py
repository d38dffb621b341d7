"""`ztoe-hub sync`: import from billing, with progress and a report."""

from __future__ import annotations

from typing import Annotated

import typer

from ztoe_hub.exchange.import_report import Report
from ztoe_hub.exchange.imports import ImportWish
from ztoe_hub.values import Stream

from .import_output import print_mapping, print_reports, progress_shown
from .opening import opened_hub

AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
AcceptLosses = Annotated[
    bool, typer.Option(help="Apply a read that would lose more rows than the guard believes.")
]


def sync(
    source: Annotated[
        str | None, typer.Argument(help="An instance of [billing]; all of them otherwise.")
    ] = None,
    stream: Annotated[list[Stream] | None, typer.Option(help="Only this stream; repeatable.")] = None,
    full: Annotated[bool, typer.Option(help="Read everything, not only what changed.")] = False,
    accept_losses: AcceptLosses = False,
    explain: Annotated[bool, typer.Option(help="Only show where each field comes from.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import from billing now and print what came of it. Exit status 1 when something was held."""
    streams = tuple(stream) if stream else tuple(Stream)
    reports: list[Report] = []
    with opened_hub() as hub:
        names = [source] if source else list(hub.instances.billing)
        if explain:
            print_mapping([line for name in names for line in hub.sync.explain(name)], as_json=as_json)
            return
        wish = ImportWish(full=full, accept_losses=accept_losses)
        for name in names:
            with progress_shown(show=not as_json) as progress:
                reports += hub.sync.import_by_hand(name, streams=streams, wish=wish, progress=progress)
    print_reports(reports, as_json=as_json)
