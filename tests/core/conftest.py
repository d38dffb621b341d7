"""Fixtures of the core's own tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ztoe_hub.storage.database import Database, open_database
from ztoe_hub.storage.schema import upgrade


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite of its own."""
    opened = open_database(f"sqlite:///{tmp_path / 'core.sqlite'}")
    upgrade(opened)
    yield opened
    opened.close()
