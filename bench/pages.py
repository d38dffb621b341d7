"""The cabinet's pages against a bare Flask page on the same server: CPU per request, latency, queries.

The CPU of the server process per request is the figure to trust; requests a second and latencies share the
machine's cores with the load client and with whoever else uses it.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from ztoe_demo.deployment import SETTINGS_VARIABLE

from .district import deployed, fill, hub_of, the_consumer
from .figures import middle, ratio, table
from .load import drive
from .page_queries import queries_of
from .processes import Server, bench_command, cpu_seconds, hub_command, serving

SEED = 20180131
WARM_UP_S = 0.3
BARE = "bare Flask"


@dataclass(slots=True)
class Measured:
    """One page and what its rounds gave."""

    server: Server
    path: str
    cookie: str | None
    cpu_us: list[float] = field(default_factory=list)
    requests_per_s: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)

    def measure(self, seconds: float, clients: int) -> None:
        """One round."""
        before = cpu_seconds(self.server.pid)
        load = drive(self.server.url, self.path, seconds=seconds, clients=clients, cookie=self.cookie)
        self.cpu_us.append((cpu_seconds(self.server.pid) - before) / len(load.latencies) * 1e6)
        self.requests_per_s.append(load.requests_per_s)
        self.p50_ms.append(load.quantile_ms(0.5))
        self.p99_ms.append(load.quantile_ms(0.99))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Length and number of rounds."""
    parser.add_argument("--seconds", type=float, default=1.5, help="of load for each page in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=4, help="connections that ask at once")
    parser.add_argument("--show-queries", action="store_true", help="also give the SQL of each page")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Import the district, start both servers, ask for the pages in rounds of random order."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ztoe-bench-")))
        deployment = stack.enter_context(deployed(folder))
        with hub_of(deployment) as hub:
            account = fill(hub)
            token = hub.sessions.start(the_consumer(hub), remember=False, ip="127.0.0.1", user_agent="bench")
            threads = hub.settings.cabinet.threads
            paths = paths_of(account)
            queries = queries_of(hub, token, paths)
        env = {SETTINGS_VARIABLE: str(deployment.settings)}
        bare = stack.enter_context(
            serving(bench_command("bare_flask", str(folder / "ztoe-hub.sqlite"), str(threads)))
        )
        cabinet = stack.enter_context(serving(hub_command("web", "--host", "127.0.0.1", "--port", "0"), env))
        contenders = {
            BARE: Measured(bare, "/bare", None),
            "bare Flask + query + table": Measured(bare, "/table", None),
        }
        for name, path in paths.items():
            cookie = None if path == "/login" else f"ztoe_session={token}"
            contenders[name] = Measured(cabinet, path, cookie)
        _measure(contenders, options)
    return _result(contenders, queries, options)


def paths_of(account: int) -> dict[str, str]:
    """The cabinet's pages by name."""
    return {
        "login": "/login",
        "accounts": "/accounts",
        "invoices of a month": f"/accounts/{account}/invoices?month=2018-01",
        "statement": f"/accounts/{account}/statement?month=2018-01",
        "orders": f"/accounts/{account}/orders",
        "inbox": "/messages",
    }


def _measure(contenders: dict[str, Measured], options: argparse.Namespace) -> None:
    for measured in contenders.values():
        drive(measured.server.url, measured.path, seconds=WARM_UP_S, clients=2, cookie=measured.cookie)
    order = list(contenders.values())
    shuffle = random.Random(SEED).shuffle  # noqa: S311  an order of rounds is no secret
    for _ in range(options.rounds):
        shuffle(order)
        for measured in order:
            measured.measure(options.seconds, options.clients)


def _result(
    contenders: dict[str, Measured], queries: dict[str, list[str]], options: argparse.Namespace
) -> dict[str, Any]:
    base = contenders[BARE]
    pages: dict[str, dict[str, Any]] = {}
    for name, measured in contenders.items():
        pages[name] = {
            "cpu_us_per_request": middle(measured.cpu_us),
            "ratio_to_bare": ratio(measured.cpu_us, base.cpu_us),
            "requests_per_s": middle(measured.requests_per_s),
            "p50_ms": middle(measured.p50_ms),
            "p99_ms": middle(measured.p99_ms),
            "queries": len(queries[name]) if name in queries else None,
        }
        if options.show_queries and name in queries:
            pages[name]["sql"] = queries[name]
    return {
        "benchmark": "pages",
        "clients": options.clients,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "pages": pages,
    }


def tables(result: dict[str, Any]) -> list[Table]:
    """One row a page; the SQL below when it was asked for."""
    head = ("page", "CPU µs/request", "÷ bare", "requests/s", "p50 ms", "p99 ms", "queries")
    keys = ("cpu_us_per_request", "ratio_to_bare", "requests_per_s", "p50_ms", "p99_ms", "queries")
    rows = [(name, *(page[key] for key in keys)) for name, page in result["pages"].items()]
    made = [
        table(
            f"Pages: waitress, {result['clients']} clients, medians of {result['rounds']} interleaved rounds",
            head,
            rows,
            "CPU is the server's own; requests/s and latencies share the cores with the load client",
        )
    ]
    for name, page in result["pages"].items():
        if "sql" in page:
            made.append(table(f"Queries of {name}", ("sql",), [(text,) for text in page["sql"]]))
    return made
