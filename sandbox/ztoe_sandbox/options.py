"""The command-line options that all counterparties share."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ztoe_sandbox.faults import HTTP_FAULTS, Faults

Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")]
FaultTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--fault", metavar="NAME=VALUE[@WHERE][#TIMES]", help="A fault to play; may be given several times."
    ),
]
StateFile = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="FILE", dir_okay=False, help="SQLite file that survives a restart; else memory."
    ),
]


def read_faults(texts: list[str] | None, names: Mapping[str, str] = HTTP_FAULTS) -> Faults:
    """The faults of the command line; a misspelt one ends the command with a message."""
    try:
        return Faults(texts or (), names=names)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from error
