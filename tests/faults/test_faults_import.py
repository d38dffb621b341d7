"""Imports that are killed or run out of disk: nothing half-applied, everything already there untouched."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ztoe_demo.deployment import SETTINGS_VARIABLE
from ztoe_hub.storage.database import open_database
from ztoe_hub.storage.schema import upgrade
from ztoe_sandbox.process import Counterparty

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("import")]
TABLES = ("district", "consumer", "account", "metering_point", "invoice")
STREAMS = [
    word
    for stream in ("districts", "consumers", "accounts", "metering_points", "invoices")
    for word in ("--stream", stream)
]


class Base:
    """A 1C base of many consumers and a hub that imports from it in a process of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.file = folder / "ztoe-hub.sqlite"
        settings = folder / "ztoe-hub.toml"
        settings.write_text(
            f'''
[hub]
secret_key = "0123456789012345678901234567890123456789"
[work]
lease_seconds = 1
[billing.utility]
type = "1c-odata"
base_url = "{url}/utility"
username = "odata"
password = "demo"
history_from = "2018-01-01"
''',
            "utf-8",
        )
        self.environ = {**os.environ, SETTINGS_VARIABLE: str(settings)}
        database = open_database(f"sqlite:///{self.file}")
        upgrade(database)
        database.close()

    def start(self, *, most_bytes: int | None = None) -> subprocess.Popen[str]:
        """`ztoe-hub sync`, allowed to write files of `most_bytes`."""

        def limit() -> None:
            if most_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

        return subprocess.Popen(
            [sys.executable, "-m", "ztoe_hub.cli.main", "sync", *STREAMS],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit,
        )

    def sync(self, **how: int) -> tuple[int, str]:
        """Run it to its end; exit status and everything it said."""
        with self.start(**how) as process:
            out, err = process.communicate(timeout=120)
        return process.returncode, out + err

    def counts(self) -> tuple[int, ...]:
        """Rows of every table."""
        connection = sqlite3.connect(self.file)
        try:
            queries = [f"SELECT count(*) FROM {table}" for table in TABLES]  # noqa: S608  names of our own
            return tuple(connection.execute(query).fetchone()[0] for query in queries)
        finally:
            connection.close()

    def is_sound(self) -> bool:
        """Whether SQLite finds nothing wrong with the file."""
        connection = sqlite3.connect(self.file)
        try:
            return bool(connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
        finally:
            connection.close()


@pytest.fixture(scope="module")
def onec() -> Iterator[Counterparty]:
    with Counterparty("1c", "--consumers", "3000") as base:
        yield base


@pytest.fixture
def base(onec: Counterparty, tmp_path: Path) -> Base:
    return Base(tmp_path, onec.url)


def test_a_killed_import_leaves_whole_generations_and_the_next_one_ends_it(
    onec: Counterparty, base: Base, tmp_path: Path
) -> None:
    (tmp_path / "whole").mkdir()
    other = Base(tmp_path / "whole", onec.url)
    status, said = other.sync()
    assert status == 0, said
    whole = other.counts()

    for moment_s in (0.8, 1.4, 2.0, 2.6, 3.3, 4.0):  # some moments of its run: which ones does not matter
        process = base.start()
        time.sleep(moment_s)
        process.kill()
        process.communicate()
        assert base.is_sound()
        assert all(found in (0, full) for found, full in zip(base.counts(), whole, strict=True)), (
            base.counts()
        )
        time.sleep(1.2)  # the dead process's lease

    status, said = base.sync()
    assert status == 0, said
    assert base.counts() == whole


def test_a_full_disk_is_said_in_words_and_changes_nothing(base: Base) -> None:
    status, said = base.sync(most_bytes=700_000)

    assert status == 1
    assert "the database could not take the rows" in said
    assert "nothing was changed" in said
    assert "Traceback" not in said
    assert base.is_sound()
    before = base.counts()
    time.sleep(1.2)
    status, said = base.sync()
    assert status == 0, said
    assert all(now >= then for now, then in zip(base.counts(), before, strict=True))


def test_two_imports_of_one_source_do_not_run_at_once(base: Base) -> None:
    with base.start() as first:
        time.sleep(2)
        status, said = base.sync()
        first.communicate(timeout=120)

    assert first.returncode == 0
    assert status == 1
    assert "already running" in said or "same" in said
