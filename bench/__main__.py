"""`python -m bench NAME [options]`: runs one benchmark and prints a table, or one JSON object with --json."""

from __future__ import annotations

import argparse
import json
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table

from . import hooks, imports, pages, startup


class Benchmark(Protocol):
    """What a module of a benchmark has; its docstring's first line is its help."""

    __doc__: str | None

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its own options."""

    def run(self, options: argparse.Namespace) -> dict[str, Any]:
        """Measure; the result is plain JSON."""

    def tables(self, result: dict[str, Any]) -> list[Table]:
        """The result for people."""


BENCHMARKS: dict[str, Benchmark] = {"pages": pages, "hooks": hooks, "imports": imports, "startup": startup}


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, benchmark in BENCHMARKS.items():
        about = (benchmark.__doc__ or "").splitlines()[0]
        command = commands.add_parser(name, help=about, description=about)
        benchmark.add_options(command)
        command.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    benchmark = BENCHMARKS[options.name]
    result = benchmark.run(options)
    if options.json:
        print(json.dumps(result, ensure_ascii=False, indent=2))
        return
    console = Console(width=None if Console().is_terminal else 120)
    for table in benchmark.tables(result):
        console.print(table)


if __name__ == "__main__":
    main()
