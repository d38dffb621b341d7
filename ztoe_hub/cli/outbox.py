"""`ztoe-hub outbox`: work that waits, and work that waits for a person."""

from __future__ import annotations

from typing import Annotated

import typer

from ztoe_hub.outbox import list_work, retry_work
from ztoe_hub.storage.states import WorkState

from .opening import opened_hub

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="See work that waits or is parked; try it again."
)


@app.command("list")
def list_rows(
    state: Annotated[
        WorkState | None, typer.Option(help="Only this state; all that is not done otherwise.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1)] = 200,
) -> None:
    """List work, newest first, with the reason why it waits."""
    with opened_hub() as hub:
        for row in list_work(hub.database, state=state, limit=limit):
            due = row.due_at.isoformat(timespec="seconds")
            typer.echo(
                f"{row.id}\t{row.state.value}\t{row.kind}\t{row.subject}\t{due}\t{row.last_error or ''}".rstrip()
            )


@app.command()
def retry(
    work_id: Annotated[int | None, typer.Argument(help="A parked row; all parked rows with --all.")] = None,
    everything: Annotated[bool, typer.Option("--all")] = False,
) -> None:
    """Try parked work again, when what stood in its way is mended."""
    if (work_id is None) != everything:
        raise typer.BadParameter("name one row, or say --all")
    with opened_hub() as hub:
        count = retry_work(hub.database, work_id=work_id, now=hub.clock())
    typer.echo(f"{count} due again")
    if count == 0:
        raise typer.Exit(1)
