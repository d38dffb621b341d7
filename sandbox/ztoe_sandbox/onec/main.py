"""The command `ztoe-sandbox 1c`."""

from typing import Annotated

import typer

from ztoe_sandbox.options import FaultTexts, Port, StateFile, read_faults


def serve_base(
    port: Port = 0,
    fault: FaultTexts = [],  # noqa: B006 - typer reads the default and never changes it
    state: StateFile = None,
    consumers: Annotated[int, typer.Option(min=0, help="Generated consumers in district 77.")] = 200,
) -> None:
    """A 1C base: OData, the hub's HTTP service and the operator's page. Users: Адміністратор, odata / demo."""
    # Flask and typst are heavy: `--help` does without them.
    from ztoe_sandbox.onec.app import create_app
    from ztoe_sandbox.serving import serve_app

    serve_app(create_app(consumers=consumers, state_path=state, faults=read_faults(fault)), port)
