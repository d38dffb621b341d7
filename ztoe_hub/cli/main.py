"""Finds commands through the entry-point group `ztoe_hub.commands` and runs the one that was asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points

from .lazy import Command

ENTRY_POINTS = "ztoe_hub.commands"
SETTINGS_VARIABLE = "ZTOE_HUB_SETTINGS"
SKIP_VARIABLE = "ZTOE_HUB_SKIP_BROKEN_PLUGINS"


def known_commands() -> dict[str, Command]:
    """Every command of every installed distribution, by name."""
    tables = [entry_point.load() for entry_point in entry_points(group=ENTRY_POINTS)]
    return {command.name: command for table in tables for command in table}


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command; what went wrong on purpose is one clear line and an exit status (2: configuration, 1: else)."""
    known = known_commands()
    parser = _parser(known)
    asked = parser.parse_args(argv)
    if asked.settings is not None:
        os.environ[SETTINGS_VARIABLE] = asked.settings
    if asked.skip_broken_plugins:
        os.environ[SKIP_VARIABLE] = "1"
    if asked.command is None:
        parser.print_help()
        return
    if asked.command not in known:
        parser.error(f"there is no command {asked.command!r}; see ztoe-hub --help")
    _run(known[asked.command], asked.arguments)


def _parser(known: Mapping[str, Command]) -> argparse.ArgumentParser:
    width = max(map(len, known))
    lines = [f"  {name.ljust(width)}  {known[name].help}" for name in sorted(known)]
    parser = argparse.ArgumentParser(
        prog="ztoe-hub",
        usage="ztoe-hub [--settings FILE] [--skip-broken-plugins] COMMAND …",
        description="The integration hub of an electricity utility's business cabinet.",
        epilog="\n".join(["commands:", *lines, "", "`ztoe-hub COMMAND --help` explains one."]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--settings", metavar="FILE", help=f"{SETTINGS_VARIABLE} or ./ztoe-hub.toml otherwise"
    )
    parser.add_argument(
        "--skip-broken-plugins", action="store_true", help="start without plugins that cannot be imported"
    )
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _run(known: Command, arguments: Sequence[str]) -> None:
    import typer  # 0.2 s that `--help` does not need

    from ztoe_hub.errors import HubError

    module, _, attribute = known.target.partition(":")
    target = getattr(import_module(module), attribute)
    if not isinstance(target, typer.Typer):
        function, target = target, typer.Typer(add_completion=False)
        target.command(name=known.name)(function)
    target.pretty_exceptions_enable = False  # it would print variables, which may be personal data
    try:
        target(args=list(arguments), prog_name=f"ztoe-hub {known.name}")
    except HubError as error:
        sys.exit(_explain(error))


def _explain(error: Exception) -> int:
    from ztoe_hub.errors import ConfigurationError, UserError
    from ztoe_hub.texts import say

    text = str(error)
    if isinstance(error, UserError):
        problems = getattr(error, "problems", {})
        text = "\n".join(
            [
                say("en", error.message, **error.values),
                *(f"{name}: {say('en', each)}" for name, each in problems.items()),
            ]
        )
    print(f"ztoe-hub: {text}", file=sys.stderr)  # noqa: T201  the command line's own voice
    return 2 if isinstance(error, ConfigurationError) else 1


if __name__ == "__main__":
    main()
