"""Which queries a page of the cabinet sends, counted in this process by listening to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ztoe_cabinet.app import create_app
from ztoe_hub.hub import Hub

NOT_QUERIES = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")


def queries_of(hub: Hub, token: str, paths: Mapping[str, str]) -> dict[str, list[str]]:
    """The SQL of each page, on its second view. Raises RuntimeError when a page is not answered with 200."""
    seen: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(NOT_QUERIES):
            seen.append(" ".join(statement.split()))

    app = create_app(hub)
    sa.event.listen(hub.database.engine, "before_cursor_execute", listen)
    found = {}
    try:
        for name, path in paths.items():
            client = app.test_client()
            if path != "/login":
                client.set_cookie("ztoe_session", token)
            for _ in range(2):
                seen.clear()
                status = client.get(path).status_code
            if status != 200:
                raise RuntimeError(f"{path} answered {status}")
            found[name] = list(seen)
    finally:
        sa.event.remove(hub.database.engine, "before_cursor_execute", listen)
    return found
