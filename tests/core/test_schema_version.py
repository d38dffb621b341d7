"""The schema that the code asks for is the newest migration."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from ztoe_hub.storage.schema import MIGRATIONS
from ztoe_hub.storage.version import HEAD


def test_the_code_asks_for_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD
