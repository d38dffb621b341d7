"""`ztoe-hub sync`: import from billing, with progress and a report."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ztoe_hub.exchange.import_report import Report
from ztoe_hub.exchange.imports import Progress as Report_progress
from ztoe_hub.storage.states import ImportStatus
from ztoe_hub.values import Stream

from .opening import opened_hub

SHOWN_PROBLEMS = 20


def sync(
    source: Annotated[
        str | None, typer.Argument(help="An instance of [billing]; all of them otherwise.")
    ] = None,
    stream: Annotated[list[Stream] | None, typer.Option(help="Only this stream; repeatable.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Import from billing now and print what came of it. Exit status 1 when something was held."""
    streams = tuple(stream) if stream else tuple(Stream)
    reports: list[Report] = []
    with opened_hub() as hub:
        for name in [source] if source else list(hub.instances.billing):
            with _progress(show=not as_json) as progress:
                reports += hub.sync.import_by_hand(name, streams=streams, progress=progress)
    if as_json:
        typer.echo(json.dumps([_plain(report) for report in reports], ensure_ascii=False, indent=2))
    else:
        _print(reports)
    if any(report.status is not ImportStatus.DONE for report in reports):
        raise typer.Exit(1)


@contextmanager
def _progress(*, show: bool) -> Iterator[Report_progress]:
    if not show or not sys.stderr.isatty():
        yield lambda *_: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks = {stream: bar.add_task(stream.value, total=None, visible=False) for stream in Stream}
        yield lambda stream, read: bar.update(tasks[stream], completed=read, visible=True)


def _print(reports: Sequence[Report]) -> None:
    head = (
        "source",
        "stream",
        "status",
        "read",
        "new",
        "changed",
        "same",
        "gone",
        "rejected",
        "warnings",
        "seconds",
    )
    rows = [
        (
            report.source,
            report.stream.value,
            report.status.value,
            *(str(count) for count in report.counts().values()),
            f"{report.seconds:.2f}",
        )
        for report in reports
    ]
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    for row in (head, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for report in reports:
        if report.reason:
            typer.echo(f"{report.stream.value}: {report.status.value}: {report.reason}")
        for problem in report.problems[:SHOWN_PROBLEMS]:
            typer.echo(
                f"{problem['level']}: {problem['place']}: {problem['field'] or '-'}: {problem['reason']}"
            )
        more = report.rejected + report.warnings - SHOWN_PROBLEMS
        if more > 0:
            typer.echo(f"{report.stream.value}: and {more} more; --json shows up to a thousand")


def _plain(report: Report) -> dict[str, object]:
    return {
        "source": report.source,
        "stream": report.stream.value,
        "status": report.status.value,
        "reason": report.reason,
        **report.counts(),
        "seconds": round(report.seconds, 3),
        "rows_per_second": round(report.read / report.seconds) if report.seconds else None,
        "problems": report.problems,
    }
