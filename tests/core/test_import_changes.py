"""Reads of changes only: cursors, what is named as gone, acknowledgement after the commit, and looking without writing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from ztoe_hub.errors import TransientError, UserError
from ztoe_hub.exchange.import_report import Report
from ztoe_hub.exchange.imports import AS_USUAL, ImportWish
from ztoe_hub.storage.states import ImportStatus
from ztoe_hub.storage.tables import Invoice
from ztoe_hub.testing.clocks import FrozenClock
from ztoe_hub.testing.fakes.billing import FakeBillingSource
from ztoe_hub.testing.hubs import FakePlugin, hub_with
from ztoe_hub.testing.records import a_line, an_invoice, some_records
from ztoe_hub.values import ImportOutcome, MappingLine, Page, Record, Rejected, Stream


class ChangingSource(FakeBillingSource):
    """A source that gives everything, or what the test says has changed, and listens to outcomes."""

    def __init__(self) -> None:
        super().__init__(some_records())
        self.asked: list[str | None] = []
        self.changed: list[Record] = []
        self.gone: list[str] = []
        self.cursor = "c-1"
        self.outcomes: list[ImportOutcome] = []

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:
        if stream is not Stream.INVOICES:
            yield from super().read(stream, since)
            return
        self.asked.append(since)
        if since is None:
            self._fail()
            yield Page(records=self.records[stream])
            yield Page(complete=self.complete, cursor=self.cursor)
        else:
            yield Page(records=self.changed, gone=self.gone)
            yield Page(complete=True, changes_only=True, cursor=self.cursor)

    def acknowledge(self, outcome: ImportOutcome) -> None:
        self.outcomes.append(outcome)

    def explain(self) -> list[MappingLine]:
        return [MappingLine(stream=Stream.INVOICES, field="number", origin="Document.Number")]


class Place:
    """A hub with such a source, everything imported once."""

    def __init__(self, folder: Path, clock: FrozenClock) -> None:
        self.source = ChangingSource()
        self.clock = clock
        fakes = FakePlugin(clock=clock)
        fakes.billing = self.source
        text = '[billing.main]\ntype = "fake"\n'
        self.hub = hub_with(fakes, folder=folder, settings_text=text, clock=clock)
        self.hub.sync.import_by_hand("main")

    def invoices(self, wish: ImportWish = AS_USUAL) -> Report:
        (report,) = self.hub.sync.import_by_hand("main", streams=[Stream.INVOICES], wish=wish)
        return report

    def living(self) -> set[str]:
        with self.hub.database.read() as session:
            return set(session.exec(select(Invoice.key).where(col(Invoice.vanished_at).is_(None))))


@pytest.fixture
def place(tmp_path: Path, clock: FrozenClock) -> Iterator[Place]:
    made = Place(tmp_path, clock)
    yield made
    made.hub.close()


def test_the_next_read_goes_on_from_the_cursor_and_what_did_not_change_stays(place: Place) -> None:
    before = place.living()
    place.source.cursor = "c-2"
    place.source.changed = [an_invoice("i-new", number="77")]

    report = place.invoices()

    assert place.source.asked == [None, "c-1"]
    assert (report.new, report.vanished, place.living()) == (1, 0, before | {"i-new"})
    place.invoices()
    assert place.source.asked[-1] == "c-2"


def test_only_what_is_named_as_gone_vanishes(place: Place) -> None:
    gone = sorted(place.living())[0]
    place.source.gone = [gone, "never-heard-of"]

    assert place.invoices().vanished == 1
    assert gone not in place.living()


def test_everything_is_read_again_when_it_is_asked_for_or_a_week_has_passed(place: Place) -> None:
    place.invoices(ImportWish(full=True))
    place.clock.advance(days=8)
    place.invoices()

    assert place.source.asked == [None, None, None]


def test_a_failed_read_leaves_the_cursor_where_it_was(place: Place) -> None:
    place.source.fail_next = TransientError("down")
    with pytest.raises(TransientError):
        place.invoices(ImportWish(full=True))

    place.invoices()
    assert place.source.asked[-1] == "c-1"


def test_the_source_hears_what_became_of_its_read_after_the_commit(place: Place) -> None:
    place.source.complete = False
    place.invoices(ImportWish(full=True))
    place.source.fail_next = TransientError("down")
    with pytest.raises(TransientError):
        place.invoices(ImportWish(full=True))

    told = [(each.status, each.cursor) for each in place.source.outcomes if each.stream is Stream.INVOICES]
    assert told == [("done", "c-1"), ("held", "c-1"), ("failed", None)]
    assert "invoices: held" in place.source.outcomes[-2].report


def test_a_loss_that_is_meant_can_be_accepted(place: Place) -> None:
    place.source.records[Stream.INVOICES] = place.source.records[Stream.INVOICES][:1]
    place.source.records[Stream.INVOICES] += [an_invoice(f"x-{n}", number=str(n)) for n in range(3)]
    place.invoices(ImportWish(full=True, accept_losses=True))
    place.source.records[Stream.INVOICES] = place.source.records[Stream.INVOICES][:1]

    assert place.invoices(ImportWish(full=True)).status is ImportStatus.HELD
    assert len(place.living()) == 4
    assert place.invoices(ImportWish(full=True, accept_losses=True)).vanished == 3


def test_a_month_that_does_not_open_with_what_the_last_one_closed_with_is_a_warning(place: Place) -> None:
    nothing = Decimal("0.00")
    follows: dict[str, Any] = {"opening_credit_uah": nothing, "accrued_uah": nothing, "paid_uah": nothing}
    place.source.records[Stream.STATEMENT_LINES] = [
        a_line("l-1"),
        a_line("l-2", period=date(2018, 2, 1), opening_debit_uah=Decimal("1800.34"), **follows),
        a_line(
            "l-3",
            period=date(2018, 3, 1),
            opening_debit_uah=Decimal("1800.35"),
            closing_debit_uah=Decimal("1800.35"),
            **follows,
        ),
        a_line(
            "l-4",
            period=date(2018, 5, 1),
            opening_debit_uah=Decimal(7),
            closing_debit_uah=Decimal(7),
            **follows,
        ),
    ]

    (report,) = place.hub.sync.import_by_hand(
        "main", streams=[Stream.STATEMENT_LINES], wish=ImportWish(accept_losses=True)
    )

    assert [(each["key"], each["place"]) for each in report.problems] == [("l-3", "statement 03.2018")]


def test_a_preview_shows_rows_types_and_what_is_wrong_and_writes_nothing(place: Place) -> None:
    bad = Rejected(place="file.csv line 7", key=None, field="amount", reason="not a number: сто")
    place.source.rejected[Stream.DISTRICTS] = [bad]
    runs_before = place.living()

    previews = {preview.stream: preview for preview in place.hub.sync.preview(place.source, rows=2)}

    assert previews[Stream.DISTRICTS].problems == ["rejected: file.csv line 7: amount: not a number: сто"]
    assert len(previews[Stream.ACCOUNTS].rows) == 2
    assert ("amount_uah", "Decimal") in previews[Stream.INVOICES].columns()
    assert place.living() == runs_before


def test_a_source_explains_its_mapping_and_says_when_it_reads_no_files(place: Place) -> None:
    assert [line.origin for line in place.hub.sync.explain("main")] == ["Document.Number"]
    with pytest.raises(UserError, match="не читає файлів"):
        place.hub.sync.open_file("main", Path("some.csv"))
