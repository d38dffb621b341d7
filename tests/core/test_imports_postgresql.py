"""Imports on PostgreSQL: the same promises as on SQLite, kept by another way in."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from ztoe_hub.exchange.import_report import Report
from ztoe_hub.exchange.imports import AS_USUAL, ImportWish
from ztoe_hub.hub import Hub
from ztoe_hub.storage.states import ImportStatus
from ztoe_hub.storage.tables import Imported, Invoice, StatementLine
from ztoe_hub.testing.clocks import FrozenClock
from ztoe_hub.testing.fakes.billing import FakeBillingSource
from ztoe_hub.testing.hubs import FakePlugin, hub_with
from ztoe_hub.testing.records import an_invoice, some_records
from ztoe_hub.values import Record, Stream

POSTGRES = os.environ.get("ZTOE_TEST_POSTGRES", "")
pytestmark = pytest.mark.skipif(not POSTGRES, reason="set ZTOE_TEST_POSTGRES=postgresql+psycopg://…/database")
MANY = 3000
COUNTS = ("new", "changed", "unchanged", "vanished", "rejected")


class Place:
    """A hub in a schema of its own."""

    def __init__(self, folder: Path, clock: FrozenClock, url: str) -> None:
        fakes = FakePlugin(clock=clock)
        self.source: FakeBillingSource = fakes.billing
        self.source.records.update({stream: list(rows) for stream, rows in some_records().items()})
        text = f'[hub]\ndatabase = "{url}"\n[billing.main]\ntype = "fake"\n'
        self.hub: Hub = hub_with(fakes, folder=folder, settings_text=text, clock=clock)

    def sync(self, stream: Stream = Stream.INVOICES, wish: ImportWish = AS_USUAL) -> Report:
        (report,) = self.hub.sync.import_by_hand("main", streams=[stream], wish=wish)
        return report

    def counts(self, wish: ImportWish = AS_USUAL) -> tuple[int, ...]:
        report = self.sync(wish=wish)
        return tuple(report.counts()[name] for name in COUNTS)

    def living(self, table: type[Imported] = Invoice) -> set[str]:
        with self.hub.database.read() as session:
            return set(session.exec(select(table.key).where(col(table.vanished_at).is_(None))))

    def wal_position(self) -> int:
        """Bytes of write-ahead log since the server's beginning."""
        with self.hub.database.engine.connect() as connection:
            return int(connection.execute(sa.text("SELECT pg_current_wal_insert_lsn() - '0/0'")).scalar_one())


@pytest.fixture
def place(tmp_path: Path, clock: FrozenClock) -> Iterator[Place]:
    schema = f"test_{uuid.uuid4().hex[:12]}"
    server = sa.create_engine(POSTGRES)
    with server.begin() as connection:
        connection.execute(sa.text(f'CREATE SCHEMA "{schema}"'))
    options = {"options": f"-csearch_path={schema}"}
    made = Place(tmp_path, clock, sa.make_url(POSTGRES).update_query_dict(options).render_as_string(False))
    made.hub.sync.import_by_hand("main")
    yield made
    made.hub.close()
    with server.begin() as connection:
        connection.execute(sa.text(f'DROP SCHEMA "{schema}" CASCADE'))
    server.dispose()


def many(changed: int = 0) -> list[Record]:
    """Invoices of one account, the first `changed` of them with another amount."""
    return [
        an_invoice(f"n-{n}", number=str(n), amount_uah=Decimal(n) + (Decimal("0.01") if n < changed else 0))
        for n in range(MANY)
    ]


def test_the_same_again_changes_nothing_and_one_change_is_one(place: Place) -> None:
    place.source.records[Stream.INVOICES] = many()
    place.sync(wish=ImportWish(accept_losses=True))

    assert place.counts() == (0, 0, MANY, 0, 0)
    place.source.records[Stream.INVOICES] = many(changed=1)
    assert place.counts() == (0, 1, MANY - 1, 0, 0)
    with place.hub.database.read() as session:
        amount = session.execute(sa.select(col(Invoice.amount_uah)).where(col(Invoice.key) == "n-0")).scalar()
    assert amount == Decimal("0.01")


def test_an_unchanged_run_writes_next_to_nothing(place: Place) -> None:
    place.source.records[Stream.INVOICES] = many()
    place.sync(wish=ImportWish(accept_losses=True))
    before = place.wal_position()
    place.sync()

    assert place.wal_position() - before < 1_000_000


def test_what_vanished_is_marked_and_what_comes_back_is_unmarked(place: Place) -> None:
    place.source.records[Stream.INVOICES] = many()
    place.sync(wish=ImportWish(accept_losses=True))
    place.source.records[Stream.INVOICES] = many()[10:]

    assert place.counts() == (0, 0, MANY - 10, 10, 0)
    assert len(place.living()) == MANY - 10
    place.source.records[Stream.INVOICES] = many()
    assert place.counts() == (0, 10, MANY - 10, 0, 0)


def test_an_implausible_read_is_held_and_changes_nothing(place: Place) -> None:
    before = place.living()
    place.source.records[Stream.INVOICES] = [an_invoice("other")]

    assert place.sync().status is ImportStatus.HELD
    assert place.living() == before


def test_what_does_not_fit_is_left_out_and_the_rest_goes_in(place: Place) -> None:
    place.source.records[Stream.INVOICES] += [
        an_invoice("nul", number="a\x00b"),
        an_invoice("half", number="a\ud800"),
        an_invoice("exact", amount_uah=Decimal("0.001")),
        an_invoice("not-a-number", amount_uah=Decimal("NaN")),
        an_invoice("orphan", account_key="nobody"),
        an_invoice("twice"),
        an_invoice("twice", number="2"),
        an_invoice("good"),
    ]
    report = place.sync()

    assert (report.new, report.rejected) == (2, 6)
    assert {"twice", "good"} <= place.living()
    assert {(each["key"], each["field"]) for each in report.problems} >= {
        ("nul", "number"),
        ("exact", "amount_uah"),
        ("orphan", "account_key"),
        ("twice", "key"),
    }


def test_statements_are_checked_from_month_to_month(place: Place) -> None:
    report = place.sync(Stream.STATEMENT_LINES, ImportWish(full=True))

    assert report.status is ImportStatus.DONE
    assert place.living(StatementLine)
