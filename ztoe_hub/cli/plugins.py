"""`ztoe-hub plugins`: what is installed and whether it works."""

from __future__ import annotations

from typing import Annotated

import typer

from .instance_checks import check_instances
from .opening import opened_hub

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="List plugins and check configured instances."
)


@app.command("list")
def list_plugins() -> None:
    """List the plugins, the hooks they implement, and the configured instances."""
    with opened_hub() as hub:
        for name, plugin in sorted(hub.plugins.list_name_plugin()):
            callers = hub.plugins.get_hookcallers(plugin) or []
            typer.echo(f"{name}\t{', '.join(sorted(caller.name for caller in callers))}")
        for table in hub.settings.instances:
            typer.echo(f"[{table.kind}.{table.name}]\ttype {table.type}\t{table.title.en}")


@app.command()
def check(name: Annotated[str, typer.Argument(help="An instance, by its name in the settings.")]) -> None:
    """Reach one instance's provider and log in; changes nothing there."""
    with opened_hub() as hub:
        findings = check_instances(hub, only=name)
    if not findings:
        raise typer.BadParameter(f"no instance is called {name}")
    for finding in findings:
        typer.echo(finding.line)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
