"""Rows a second and peak memory of the import pipeline, against peers and a raw limit that fill the same table."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.table import Table

from .contenders import CONTENDERS, LIMIT, OURS, PHASES, Contender
from .figures import middle, ratio, table
from .import_data import SEED, write_data
from .import_target import PostgresTarget, SqliteTarget
from .processes import bench_command, run_command

Rounds = dict[str, dict[str, list[dict[str, float]]]]  # contender → phase → what each round gave


def add_options(parser: argparse.ArgumentParser) -> None:
    """What is imported, where to, against whom."""
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--db", default="sqlite", help="sqlite, or the URL of a PostgreSQL database")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="names of contenders, separated by commas")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write the data, then let all contenders fill the table in rounds of random order."""
    kind = "sqlite" if options.db.startswith("sqlite") else "postgresql"
    contenders, missing = _present(kind, options.rows, options.only)
    with tempfile.TemporaryDirectory(prefix="ztoe-bench-") as name:
        folder = Path(name)
        data = write_data(folder, options.rows)
        target = SqliteTarget(folder, data) if kind == "sqlite" else PostgresTarget(options.db, data)
        try:
            rounds, failed = _measure(contenders, target, folder, options.rounds)
        finally:
            target.close()
    result = {"benchmark": "imports", "rows": options.rows, "db": kind, "rounds": options.rounds}
    result["contenders"] = _rates(rounds, options.rows)
    result["not_measured"] = {**missing, **failed}
    result.update(_ratios(rounds, "wall_s"))
    if kind == "sqlite":  # a PostgreSQL server's CPU is not the contender's
        result["by_cpu"] = _ratios(rounds, "cpu_s")
    return result


def _present(kind: str, rows: int, only: str | None) -> tuple[dict[str, Contender], dict[str, str]]:
    """Who can take part, and why the others do not."""
    present, missing = {}, {}
    for name, contender in CONTENDERS.items():
        needs = [*contender.needs, *(["psycopg"] if kind == "postgresql" else [])]
        absent = [module for module in needs if find_spec(module) is None]
        most = contender.most_rows.get(kind, rows)
        if only and name not in only.split(","):
            missing[name] = "not asked for"
        elif kind not in contender.databases:
            missing[name] = f"not for {kind}"
        elif absent:
            missing[name] = "not installed" if absent != ["psycopg"] else "psycopg is not installed"
        elif rows > most:
            missing[name] = f"not above {most} rows on {kind}: its merge is quadratic there"
        else:
            present[name] = contender
    return present, missing


def _measure(
    contenders: Mapping[str, Contender], target: SqliteTarget | PostgresTarget, folder: Path, rounds: int
) -> tuple[Rounds, dict[str, str]]:
    """What each round gave, and why contenders that failed were left out."""
    found: Rounds = {name: {phase: [] for phase in each.phases} for name, each in contenders.items()}
    failed: dict[str, str] = {}
    order = list(contenders)
    shuffle = random.Random(SEED).shuffle  # noqa: S311  an order of rounds is no secret
    for number in range(1, rounds + 1):
        shuffle(order)
        for name in [each for each in order if each not in failed]:
            _tell(f"round {number} of {rounds}: {name}")
            url = target.fresh(name)
            try:
                for phase in contenders[name].phases:
                    done = run_command(bench_command("contender", name, phase, url, str(folder)))
                    found[name][phase].append(json.loads(done.output.splitlines()[-1]))
            except RuntimeError as error:
                failed[name] = f"failed: {str(error).splitlines()[-1]}"
                del found[name]
    _tell("")
    return found, failed


def _tell(text: str) -> None:
    """Progress, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r{text:60}", end="\r", file=sys.stderr, flush=True)


def _rates(rounds: Rounds, rows: int) -> dict[str, dict[str, dict[str, float]]]:
    return {
        name: {
            phase: {
                "rows_per_s": middle(rows / each["wall_s"] for each in measured),
                "rows_per_cpu_s": middle(rows / max(each["cpu_s"], 1e-9) for each in measured),
                "base_mb": middle(each["base_mb"] for each in measured),
                "peak_mb": middle(each["peak_mb"] for each in measured),
            }
            for phase, measured in phases.items()
        }
        for name, phases in rounds.items()
    }


def _ratios(rounds: Rounds, clock: str) -> dict[str, Any]:
    """Ours over the limit's first load, and over the peer that is fastest in this phase; medians of rounds' ratios."""

    def times(name: str, phase: str) -> list[float]:
        return [each[clock] for each in rounds[name][phase]]

    ours = [phase for phase in PHASES if phase in rounds.get(OURS, {})]
    peers = [name for name in rounds if CONTENDERS[name].merges]
    to_limit = {phase: ratio(times(LIMIT, "first"), times(OURS, phase)) for phase in ours if LIMIT in rounds}
    to_peer, best = {}, {}
    for phase in ours if peers else ():
        best[phase] = min(peers, key=lambda name: middle(times(name, phase)))
        to_peer[phase] = ratio(times(best[phase], phase), times(OURS, phase))
    return {"ratio_to_limit": to_limit, "ratio_to_best_peer": to_peer, "best_peer": best}


def tables(result: dict[str, Any]) -> list[Table]:
    """Rates and memory, then ratios; whoever did not take part stands below."""
    rows = [
        (f"{name}, {phase}", each["rows_per_s"], each["rows_per_cpu_s"], each["base_mb"], each["peak_mb"])
        for name, phases in result["contenders"].items()
        for phase, each in phases.items()
    ]
    missing = "; ".join(f"{name}: {reason}" for name, reason in result["not_measured"].items())
    title = f"Import of {result['rows']:,} invoices into {result['db']}, medians of {result['rounds']} rounds"
    made = [table(title, ("contender, phase", "rows/s", "rows/CPU s", "base MB", "peak MB"), rows, missing)]
    clocks = [("wall", result)] + ([("CPU", result["by_cpu"])] if "by_cpu" in result else [])
    for clock, ratios in clocks:
        best = ratios["best_peer"]
        lines = [
            (phase, value, ratios["ratio_to_best_peer"].get(phase), best.get(phase))
            for phase, value in ratios["ratio_to_limit"].items()
        ]
        head = ("phase", "÷ limit", "÷ best peer", "best peer")
        made.append(table(f"Ours, by {clock} time", head, lines))
    return made
