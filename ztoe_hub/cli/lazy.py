"""Commands that are imported when they are called. Light on purpose: other distributions' tables import it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A command by name: `target` is "module:attribute", a function for typer or a typer.Typer of subcommands."""

    name: str
    target: str
    help: str
