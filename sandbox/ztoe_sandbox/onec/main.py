"""The command `ztoe-sandbox 1c`."""

from typing import Annotated

import typer

from ztoe_sandbox.options import FaultTexts, Port, StateFile, read_faults


def serve_base(
    port: Port = 0,
    fault: FaultTexts = [],  # noqa: B006 - typer reads the default and never changes it
    state: StateFile = None,
    consumers: Annotated[int, typer.Option(min=0, help="Generated consumers in district 77.")] = 200,
    metadata_drop: Annotated[
        list[str],
        typer.Option(
            help="Shrink the OData composition: Set, Set.Field, or Set.Field=Edm.String.", metavar="NAME"
        ),
    ] = [],  # noqa: B006 - typer reads the default and never changes it
    most_rows: Annotated[int, typer.Option(min=0, help="Out of memory above so many rows; 0: never.")] = 0,
) -> None:
    """A 1C base: OData, the hub's HTTP service and the operator's page. Users: Адміністратор, odata / demo."""
    # Flask and typst are heavy: `--help` does without them.
    from ztoe_sandbox.onec.app import create_app
    from ztoe_sandbox.onec.switches import Switches
    from ztoe_sandbox.serving import serve_app

    switches = Switches(metadata_drop=metadata_drop, most_rows=most_rows)
    app = create_app(consumers=consumers, state_path=state, faults=read_faults(fault), switches=switches)
    serve_app(app, port)
