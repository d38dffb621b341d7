"""How long commands, the cabinet and a first import take to start, against goals and a bare interpreter."""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.table import Table

from ztoe_demo.deployment import SETTINGS_VARIABLE, Deployment

from .district import deployed, empty_copy
from .figures import middle, ratio, table
from .processes import Run, cpu_seconds, hub_command, run_command, serving

HELP_RATIO_GOAL, READY_GOAL_S, IMPORT_GOAL_S = 15, 2.0, 5.0
BARE, HELP = "python -c pass", "ztoe-hub --help"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Numbers of rounds."""
    parser.add_argument("--rounds", type=int, default=15, help="of command starts")
    parser.add_argument("--slow-rounds", type=int, default=5, help="of the cabinet's start and of the import")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """All three, with a sandbox 1C base of 200 consumers behind the import."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ztoe-bench-")))
        deployment = stack.enter_context(deployed(folder / "deployed"))
        return {
            "benchmark": "startup",
            "rounds": options.rounds,
            "commands": _commands(options.rounds),
            "cabinet_ready": _cabinet(deployment, options.slow_rounds),
            "import_of_200_consumers": _import(deployment, folder, options.slow_rounds),
        }


def _commands(rounds: int) -> dict[str, Any]:
    beside = Path(sys.executable).parent
    commands: dict[str, Sequence[str]] = {
        BARE: [sys.executable, "-c", "pass"],
        HELP: _script(beside / "ztoe-hub", "ztoe_hub.cli.main"),
        "flask --help": _script(beside / "flask", "flask"),
    }
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run_command(command))
    wall = {name: [each.wall_s for each in found] for name, found in runs.items()}
    cpu = {name: [each.cpu_s for each in found] for name, found in runs.items()}
    return {
        name: {
            "wall_ms": middle(value * 1000 for value in wall[name]),
            "cpu_ms": middle(value * 1000 for value in cpu[name]),
            "ratio_to_bare": ratio([middle(wall[name])], [middle(wall[BARE])]),
            "ratio_to_bare_cpu": ratio([middle(cpu[name])], [middle(cpu[BARE])]),
            "goal_ratio": HELP_RATIO_GOAL if name == HELP else None,
        }
        for name in commands
    }


def _script(path: Path, module: str) -> list[str]:
    return [str(path), "--help"] if path.exists() else [sys.executable, "-m", module, "--help"]


def _cabinet(deployment: Deployment, rounds: int) -> dict[str, Any]:
    """From the start of the process to a 200 of /health/ready."""
    wall, cpu = [], []
    env = {SETTINGS_VARIABLE: str(deployment.settings)}
    for _ in range(rounds):
        started = time.perf_counter()
        with serving(hub_command("web", "--host", "127.0.0.1", "--port", "0"), env) as server:
            address = urlsplit(server.url)
            connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
            connection.request("GET", "/health/ready")
            status = connection.getresponse().status
            wall.append(time.perf_counter() - started)
            cpu.append(cpu_seconds(server.pid))
            connection.close()
            if status != 200:
                raise RuntimeError(f"/health/ready answered {status}")
    return {"wall_s": middle(wall), "cpu_s": middle(cpu), "goal_s": READY_GOAL_S}


def _import(deployment: Deployment, folder: Path, rounds: int) -> dict[str, Any]:
    """`ztoe-hub sync` into an empty database over HTTP; the process's start included, and beside it without."""
    wall, cpu, inside, rows = [], [], [], 0
    for number in range(rounds):
        env = empty_copy(deployment, folder / f"import-{number}")
        run_command(hub_command("db", "upgrade"), env)
        done = run_command(hub_command("sync", "--json"), env)
        reports = json.loads(done.output)
        wall.append(done.wall_s)
        cpu.append(done.cpu_s)
        inside.append(sum(report["seconds"] for report in reports))
        rows = sum(report["new"] for report in reports)
    return {
        "rows": rows,
        "wall_s": middle(wall),
        "cpu_s": middle(cpu),
        "streams_s": middle(inside),
        "goal_s": IMPORT_GOAL_S,
    }


def tables(result: dict[str, Any]) -> list[Table]:
    """Commands, then what takes seconds."""
    commands = [
        (
            name,
            each["wall_ms"],
            each["cpu_ms"],
            each["ratio_to_bare"],
            each["ratio_to_bare_cpu"],
            each["goal_ratio"],
        )
        for name, each in result["commands"].items()
    ]
    ready, imported = result["cabinet_ready"], result["import_of_200_consumers"]
    return [
        table(
            f"Start of a command: medians of {result['rounds']} interleaved runs",
            ("command", "wall ms", "CPU ms", "÷ bare", "÷ bare, CPU", "goal ≤"),
            commands,
        ),
        table(
            "What takes seconds",
            ("what", "wall s", "CPU s", "goal <"),
            [
                ("cabinet: process start → /health/ready", ready["wall_s"], ready["cpu_s"], ready["goal_s"]),
                (
                    f"ztoe-hub sync, {imported['rows']} rows, process start included",
                    imported["wall_s"],
                    imported["cpu_s"],
                    imported["goal_s"],
                ),
                ("the same, streams alone", imported["streams_s"], None, imported["goal_s"]),
            ],
        ),
    ]
