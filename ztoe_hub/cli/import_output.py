"""What imports print: progress on a terminal, reports, mappings and previews."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ztoe_hub.exchange.import_report import Report
from ztoe_hub.exchange.imports import Progress as OnProgress
from ztoe_hub.exchange.preview import Preview
from ztoe_hub.storage.states import ImportStatus
from ztoe_hub.values import MappingLine, Stream

SHOWN_PROBLEMS = 20


@contextmanager
def progress_shown(*, show: bool) -> Iterator[OnProgress]:
    """A bar for each stream on a terminal; nothing otherwise."""
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


def print_reports(reports: Sequence[Report], *, as_json: bool) -> None:
    """The reports; exit status 1 when one of them is not done."""
    if as_json:
        typer.echo(json.dumps([_plain(report) for report in reports], ensure_ascii=False, indent=2))
    else:
        _print_table(reports)
    if any(report.status is not ImportStatus.DONE for report in reports):
        raise typer.Exit(1)


def print_mapping(lines: Sequence[MappingLine], *, as_json: bool) -> None:
    """Where each field comes from."""
    if as_json:
        typer.echo(json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=2))
        return
    if not lines:
        typer.echo("this source cannot say where its fields come from")
    _print_columns(
        [("stream", "field", "from", "note")] + [(x.stream.value, x.field, x.origin, x.note) for x in lines]
    )


def print_previews(previews: Sequence[Preview]) -> None:
    """The first rows of each stream with their types, then what is wrong."""
    for preview in previews:
        whole = "complete" if preview.complete else "NOT complete"
        typer.echo(
            f"{preview.stream.value}: {preview.read} rows, {whole}, "
            f"{preview.rejected} rejected, {preview.warnings} warnings"
        )
        if preview.rows:
            names = [f"{name} ({kind})" for name, kind in preview.columns()]
            fields = [name for name, _ in preview.columns()]
            _print_columns([names, *([str(getattr(row, name)) for name in fields] for row in preview.rows)])
        for problem in preview.problems:
            typer.echo(problem)


def _print_table(reports: Sequence[Report]) -> None:
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
    _print_columns([head, *rows])
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


def _print_columns(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


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
