"""Runs a migration on the connection that `ztoe_hub.storage.schema` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel

import ztoe_hub.storage.tables  # noqa: F401  fills the metadata
from ztoe_hub.storage.column_types import Scaled, UtcDateTime, Words


def render_item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Own column types as plain ones, so that migrations stay true when the types move."""
    if kind == "type" and isinstance(item, Scaled):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Words):
        return "sa.String(length=40)"
    if kind == "type" and type(item).__name__ == "AutoString":
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
