"""`ztoe-hub signing`: documents under way, and decisions on doubtful signatures."""

from __future__ import annotations

from typing import Annotated

import typer

from ztoe_hub.documents import documents_under_way

from .opening import opened_hub

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="See documents under way; decide on doubtful signatures."
)
Number = Annotated[int, typer.Argument(help="The document's number, from `signing status`.")]
Word = Annotated[str, typer.Option(help="Why; it is kept with the document and in the audit.")]


@app.command()
def status() -> None:
    """List the documents that have not come to an end, oldest first."""
    with opened_hub() as hub:
        for row in documents_under_way(hub.database):
            typer.echo(
                f"{row.id}\t{row.state.value}\t{row.service}\t{row.name}\t{row.problem or ''}".rstrip()
            )


@app.command()
def approve(document: Number, word: Word) -> None:
    """Let a document that needs an operator count as signed."""
    with opened_hub() as hub:
        hub.signing.settle(document, approve=True, word=word, actor="cli")
    typer.echo(f"document {document} is completed")


@app.command()
def refuse(document: Number, word: Word) -> None:
    """Refuse a document that needs an operator; its order goes back to the consumer."""
    with opened_hub() as hub:
        hub.signing.settle(document, approve=False, word=word, actor="cli")
    typer.echo(f"document {document} is declined")
