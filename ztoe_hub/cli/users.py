"""`ztoe-hub users`: who may log in."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ztoe_hub.storage.states import Role

from .opening import opened_hub

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Add, list and block users.")
Login = Annotated[str, typer.Argument(help="The user's name, e.g. 156561010.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command()
def add(
    login: Login,
    email: Annotated[str, typer.Option(help="From the agreement; documents and notices go there.")],
    role: Annotated[Role, typer.Option()] = Role.CONSUMER,
    tax_code: Annotated[
        str | None, typer.Option(help="EDRPOU or RNOKPP of the imported consumer; by user code otherwise.")
    ] = None,
    password_stdin: FromStdin = False,
) -> None:
    """Add a user. The password is asked for, or read from standard input."""
    password = _password(password_stdin)
    with opened_hub() as hub:
        hub.users.create(
            login=login, email=email, role=role, password=password, tax_code=tax_code, actor="cli"
        )
    typer.echo(f"added {role.value} {login}")


@app.command()
def password(login: Login, password_stdin: FromStdin = False) -> None:
    """Set a new password."""
    new = _password(password_stdin)
    with opened_hub() as hub:
        hub.users.set_password(login, new, actor="cli")
    typer.echo(f"the password of {login} is changed")


@app.command("list")
def list_users() -> None:
    """List all users."""
    with opened_hub() as hub:
        for user in hub.users.all():
            typer.echo(
                f"{user.login}\t{user.role.value}\t{user.email}\t{'blocked' if user.blocked else ''}".rstrip()
            )


@app.command()
def block(login: Login) -> None:
    """Keep a user out; their sessions end at once."""
    with opened_hub() as hub:
        hub.users.block(login, blocked=True, actor="cli")
    typer.echo(f"{login} is blocked")


@app.command()
def unblock(login: Login) -> None:
    """Let a user in again."""
    with opened_hub() as hub:
        hub.users.block(login, blocked=False, actor="cli")
    typer.echo(f"{login} may log in")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
