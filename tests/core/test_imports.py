"""Imports: idempotent, all or nothing, suspicious of implausible reads, and exact about what was left out."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from ztoe_hub.errors import NotFound, TransientError, WrongMoment
from ztoe_hub.exchange.import_report import Report
from ztoe_hub.hub import Hub
from ztoe_hub.outbox import list_work
from ztoe_hub.storage.states import ImportStatus
from ztoe_hub.storage.tables import Account, Consumer, Imported, ImportRun, MeteringPoint, StatementLine
from ztoe_hub.testing.clocks import FrozenClock
from ztoe_hub.testing.fakes.billing import FakeBillingSource
from ztoe_hub.testing.hubs import FakePlugin, hub_with
from ztoe_hub.testing.records import a_consumer, a_line, a_point, an_account, an_invoice, some_records
from ztoe_hub.values import DistrictRecord, Page, Record, Rejected, Stream

STREAMS = tuple(some_records())


class Base:
    """A hub with one billing source whose records the test steers."""

    def __init__(self, folder: Path, clock: FrozenClock) -> None:
        self.fakes = FakePlugin(clock=clock)
        self.source: FakeBillingSource = self.fakes.billing
        self.source.records.update({key: list(rows) for key, rows in some_records().items()})
        text = '[billing.main]\ntype = "fake"\n[billing.other]\ntype = "fake"\n'
        self.hub: Hub = hub_with(self.fakes, folder=folder, settings_text=text, clock=clock)

    def sync(self, *streams: Stream, source: str = "main") -> dict[Stream, Report]:
        reports = self.hub.sync.import_by_hand(source, streams=streams or STREAMS)
        return {report.stream: report for report in reports}

    def rows(self, table: type[Imported], source: str = "main") -> dict[str, sa.Row[object]]:
        """Every row of the table, vanished ones included, by key."""
        with self.hub.database.read() as session:
            found = session.connection().execute(
                sa.select(table.__table__).where(col(table.source) == source)  # type: ignore[attr-defined]
            )
            return {row.key: row for row in found}

    def living(self, table: type[Imported]) -> set[str]:
        return {key for key, row in self.rows(table).items() if row.vanished_at is None}

    def runs(self) -> Sequence[ImportRun]:
        with self.hub.database.read() as session:
            return list(session.exec(select(ImportRun).order_by(col(ImportRun.id))))


@pytest.fixture
def base(tmp_path: Path, clock: FrozenClock) -> Iterator[Base]:
    opened = Base(tmp_path, clock)
    yield opened
    opened.hub.close()


def problems(report: Report) -> list[tuple[str | None, str | None, str | None]]:
    """Key, field and level of each problem."""
    return [(each["key"], each["field"], each["level"]) for each in report.problems]


def test_everything_goes_in_and_keeps_its_exact_values(base: Base) -> None:
    reports = base.sync()
    assert list(reports) == list(STREAMS)
    assert {report.status for report in reports.values()} == {ImportStatus.DONE}
    assert not [report.problems for report in reports.values() if report.problems]
    with base.hub.database.read() as session:
        line = session.exec(select(StatementLine).where(StatementLine.key == "l-1")).one()
        point = session.exec(select(MeteringPoint).where(MeteringPoint.key == "p-1")).one()
        account = session.exec(select(Account).where(Account.key == "a-2")).one()
    assert (line.opening_credit_uah, line.closing_debit_uah) == (Decimal("-735.22"), Decimal("1800.34"))
    assert (line.period, line.article) == (date(2018, 1, 1), "active")
    assert (point.coefficient, point.voltage_class_kv) == (Decimal(20), Decimal("0.4"))
    assert account.number == "0030009м"


def test_the_same_input_twice_changes_nothing(base: Base) -> None:
    first = base.sync()
    before = {table: base.rows(table) for table in (Account, StatementLine, MeteringPoint)}
    second = base.sync()
    for stream, report in second.items():
        assert (report.new, report.changed, report.vanished) == (0, 0, 0)
        assert report.unchanged == first[stream].new == report.read
    assert {table: base.rows(table) for table in before} == before


def test_one_changed_row_is_one_change(base: Base) -> None:
    base.sync()
    base.source.records[Stream.STATEMENT_LINES][1] = a_line(
        paid_uah=Decimal("1000.01"), closing_debit_uah=Decimal("1800.33")
    )
    report = base.sync(Stream.STATEMENT_LINES)[Stream.STATEMENT_LINES]
    assert (report.new, report.changed, report.unchanged) == (0, 1, 2)


@pytest.mark.parametrize(
    "changes", [{"address": None}, {"coefficient": Decimal("20.0001")}, {"digits": 7}, {"name": "ОФІС "}]
)
def test_a_change_of_any_kind_is_seen(base: Base, changes: dict[str, Any]) -> None:
    base.sync()
    base.source.records[Stream.METERING_POINTS][0] = a_point(**changes)
    assert base.sync(Stream.METERING_POINTS)[Stream.METERING_POINTS].changed == 1


def test_what_is_gone_is_marked_and_what_comes_back_is_unmarked(base: Base, clock: FrozenClock) -> None:
    base.sync()
    gone = base.source.records[Stream.METERING_POINTS].pop()
    at = clock.advance(hours=1)
    assert base.sync(Stream.METERING_POINTS)[Stream.METERING_POINTS].vanished == 1
    assert base.living(MeteringPoint) == {"p-1", "p-2"}
    assert base.sync(Stream.METERING_POINTS)[Stream.METERING_POINTS].vanished == 0
    with base.hub.database.read() as session:
        assert session.exec(select(MeteringPoint).where(MeteringPoint.key == "p-3")).one().vanished_at == at

    base.source.records[Stream.METERING_POINTS].append(gone)
    report = base.sync(Stream.METERING_POINTS)[Stream.METERING_POINTS]
    assert (report.new, report.changed) == (0, 1)
    assert base.living(MeteringPoint) == {"p-1", "p-2", "p-3"}


def test_an_incomplete_read_is_held_and_nothing_changes(base: Base) -> None:
    base.sync()
    before = base.rows(Account)
    base.source.complete = False
    base.source.records[Stream.ACCOUNTS] = [an_account(number="changed"), an_account("a-9")]
    report = base.sync(Stream.ACCOUNTS)[Stream.ACCOUNTS]
    assert (report.status, report.new, report.changed) == (ImportStatus.HELD, 0, 0)
    assert "not complete" in str(report.reason)
    assert base.rows(Account) == before


@pytest.mark.parametrize("stream", STREAMS)
def test_an_empty_read_is_held(base: Base, stream: Stream) -> None:
    base.sync()
    base.source.records[stream] = []
    report = base.sync(stream)[stream]
    assert (report.status, report.vanished) == (ImportStatus.HELD, 0)


def test_an_empty_read_of_the_only_row_is_held(base: Base) -> None:
    base.source.records[Stream.DISTRICTS] = [DistrictRecord(key="d-31", code="31", name="РЕМ")]
    base.sync(Stream.DISTRICTS)
    base.source.records[Stream.DISTRICTS] = []
    assert base.sync(Stream.DISTRICTS)[Stream.DISTRICTS].status is ImportStatus.HELD


def test_an_empty_base_is_no_reason_to_doubt(base: Base) -> None:
    base.source.records[Stream.DISTRICTS] = []
    assert base.sync(Stream.DISTRICTS)[Stream.DISTRICTS].status is ImportStatus.DONE


def test_a_read_that_shrank_is_held(base: Base) -> None:
    base.source.records[Stream.CONSUMERS] = [a_consumer(f"c-{number}") for number in range(100)]
    base.sync(Stream.CONSUMERS)
    base.source.records[Stream.CONSUMERS] = base.source.records[Stream.CONSUMERS][6:]
    report = base.sync(Stream.CONSUMERS)[Stream.CONSUMERS]
    assert (report.status, report.reason) == (ImportStatus.HELD, "6 of 100 rows would vanish, more than 5%")
    assert len(base.living(Consumer)) == 100

    base.source.records[Stream.CONSUMERS].append(a_consumer("c-0"))
    assert base.sync(Stream.CONSUMERS)[Stream.CONSUMERS].vanished == 5


LINES = Stream.STATEMENT_LINES
UNFIT: list[tuple[Stream, Record, str, str]] = [
    (Stream.CONSUMERS, a_consumer("bad", name="СФГ\x00"), "name", "NUL"),
    (Stream.CONSUMERS, a_consumer("bad", name="СФГ \ud800"), "name", "half a character"),
    (Stream.CONSUMERS, a_consumer("x" * 121), "key", "long"),
    (LINES, a_line("bad", paid_uah=Decimal("0.001")), "paid_uah", "more than 2 decimal places"),
    (
        LINES,
        a_line("bad", paid_uah=Decimal("0.01" + "0" * 30 + "1")),
        "paid_uah",
        "more than 2 decimal places",
    ),
    (LINES, a_line("bad", paid_uah=Decimal("NaN")), "paid_uah", "not a number"),
    (LINES, a_line("bad", paid_uah=Decimal("sNaN")), "paid_uah", "not a number"),
    (LINES, a_line("bad", paid_uah=Decimal("-Infinity")), "paid_uah", "not a number"),
    (LINES, a_line("bad", paid_uah=Decimal("1e15")), "paid_uah", "too large"),
    (LINES, a_line("bad", paid_uah=Decimal("1e999")), "paid_uah", "too large"),
    (
        Stream.METERING_POINTS,
        a_point("bad", coefficient=Decimal("0.00001")),
        "coefficient",
        "4 decimal places",
    ),
    (Stream.METERING_POINTS, a_point("bad", digits=2**40), "digits", "too large"),
    (Stream.METERING_POINTS, a_point("bad", digits=2**70), "digits", "too large"),
    (Stream.ACCOUNTS, an_account("bad", consumer_key="nobody"), "consumer_key", "unknown consumer nobody"),
    (Stream.ACCOUNTS, an_account("bad", district_key="nowhere"), "district_key", "unknown district nowhere"),
    (Stream.INVOICES, an_invoice("bad", "a-404"), "account_key", "unknown account a-404"),
]


@pytest.mark.parametrize(("stream", "record", "field", "reason"), UNFIT)
def test_a_row_that_does_not_fit_is_rejected_and_the_rest_goes_in(
    base: Base, stream: Stream, record: Record, field: str, reason: str
) -> None:
    base.source.records[stream].insert(1, record)
    report = base.sync()[stream]
    assert report.status is ImportStatus.DONE
    assert (report.rejected, report.new) == (1, len(base.source.records[stream]) - 1)
    [problem] = report.problems
    assert (problem["level"], problem["key"], problem["field"]) == ("rejected", record.key, field)
    assert reason in str(problem["reason"])
    assert problem["place"] == f"{stream} page 1 row 2"


def test_the_first_of_two_rows_with_one_key_counts(base: Base) -> None:
    base.source.records[Stream.ACCOUNTS].append(an_account(number="the second"))
    report = base.sync()[Stream.ACCOUNTS]
    assert problems(report) == [("a-1", "key", "rejected")]
    assert base.rows(Account)["a-1"].number == "561"


def test_keys_of_two_sources_do_not_meet(base: Base) -> None:
    base.sync()
    reports = base.sync(source="other")
    assert reports[Stream.ACCOUNTS].new == 3
    assert base.sync()[Stream.ACCOUNTS].unchanged == 3
    assert set(base.rows(Account)) == set(base.rows(Account, "other"))


def test_a_parent_of_another_source_is_none(base: Base) -> None:
    base.sync(Stream.DISTRICTS, Stream.CONSUMERS)
    assert base.sync(Stream.ACCOUNTS, source="other")[Stream.ACCOUNTS].rejected == 3


def test_what_the_source_itself_rejected_is_in_the_report(base: Base) -> None:
    row = Rejected(place="line 7", key="i-9", field="kind", reason="unknown word")
    base.source.rejected[Stream.INVOICES] = [row]
    report = base.sync()[Stream.INVOICES]
    assert problems(report) == [("i-9", "kind", "rejected")]
    assert report.read == 4


@pytest.mark.parametrize("how", ["by the import", "by the source", "as an orphan"])
def test_a_row_that_became_bad_has_not_vanished(base: Base, how: str) -> None:
    base.sync()
    invoices = base.source.records[Stream.INVOICES]
    if how == "by the import":
        invoices[0] = an_invoice(amount_uah=Decimal("0.001"))
    elif how == "as an orphan":
        invoices[0] = an_invoice(account_key="a-404")
    else:
        del invoices[0]
        base.source.rejected[Stream.INVOICES] = [Rejected(place="1", key="i-1", field="kind", reason="?")]
    report = base.sync(Stream.INVOICES)[Stream.INVOICES]
    assert (report.rejected, report.vanished, report.status) == (1, 0, ImportStatus.DONE)


WARNED: list[tuple[Stream, Record, str]] = [
    (Stream.METERING_POINTS, a_point(eic="62Z8102184873136"), "eic"),
    (Stream.CONSUMERS, a_consumer(tax_code="12500016"), "tax_code"),
    (Stream.CONSUMERS, a_consumer(tax_code="1234567890"), "tax_code"),
    (LINES, a_line(closing_debit_uah=Decimal("1800.35")), "closing"),
]


@pytest.mark.parametrize(("stream", "record", "field"), WARNED)
def test_what_looks_wrong_is_kept_with_a_warning(
    base: Base, stream: Stream, record: Record, field: str
) -> None:
    place = [each.key for each in base.source.records[stream]].index(record.key)
    base.source.records[stream][place] = record
    report = base.sync()[stream]
    assert problems(report) == [(record.key, field, "warning")]
    assert (report.rejected, report.warnings, report.new) == (0, 1, len(base.source.records[stream]))


def test_a_passport_number_in_place_of_a_tax_code_is_no_reason_to_warn(base: Base) -> None:
    base.source.records[Stream.CONSUMERS][0] = a_consumer(tax_code="КМ123456"[:6])
    assert not base.sync()[Stream.CONSUMERS].problems


class Interrupted(FakeBillingSource):
    """Gives one page and then what it is told to raise."""

    error: BaseException = TransientError("1C went away")

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:
        yield Page(records=[an_account("a-new"), an_account(number="changed")])
        raise self.error


@pytest.mark.parametrize("error", [TransientError("1C went away"), ValueError("a defect of the adapter")])
def test_a_source_that_fails_midway_leaves_the_tables_as_they_were(base: Base, error: Exception) -> None:
    base.sync()
    before = base.rows(Account)
    broken = Interrupted()
    broken.error = error
    base.fakes.billing = broken
    hub = hub_with(
        base.fakes,
        folder=base.hub.settings.path.parent,
        settings_text='[billing.main]\ntype = "fake"\n',
        clock=base.hub.clock,
    )
    with pytest.raises(type(error)):
        hub.sync.import_by_hand("main", streams=[Stream.ACCOUNTS])
    hub.close()
    assert base.rows(Account) == before
    run = base.runs()[-1]
    assert (run.stream, run.status, run.counts["read"]) == ("accounts", ImportStatus.FAILED, 2)
    assert str(run.reason).startswith(("1C went away", "ValueError"))
    assert base.sync(Stream.ACCOUNTS)[Stream.ACCOUNTS].unchanged == 3


def test_every_run_is_kept_with_its_numbers(base: Base) -> None:
    base.source.records[Stream.CONSUMERS][0] = a_consumer(tax_code="12500016")
    base.sync()
    runs = base.runs()
    assert [run.stream for run in runs] == list(STREAMS)
    assert runs[1].counts == {
        "read": 2, "new": 2, "changed": 0, "unchanged": 0, "vanished": 0, "rejected": 0, "warnings": 1,
    }  # fmt: skip
    assert len(runs[1].problems) == 1


def test_of_two_imports_at_once_the_second_says_so(base: Base) -> None:
    refused: list[type[BaseException]] = []

    def progress(_: Stream, __: int) -> None:
        if not refused:
            with pytest.raises(WrongMoment) as caught:
                base.hub.sync.import_by_hand("main")
            refused.append(caught.type)

    base.hub.sync.import_by_hand("main", progress=progress)
    assert refused == [WrongMoment]
    base.sync()


def test_two_sources_are_imported_at_once(base: Base) -> None:
    inner: list[int] = []

    def progress(_: Stream, __: int) -> None:
        if not inner:
            inner.append(len(base.sync(source="other")))

    base.hub.sync.import_by_hand("main", progress=progress)
    assert inner == [len(STREAMS)]


def test_an_unknown_source_is_not_found_and_leaves_no_work(base: Base) -> None:
    with pytest.raises(NotFound):
        base.sync(source="typo")
    assert list_work(base.hub.database) == []


def test_the_schedule_imports_by_itself(base: Base, clock: FrozenClock) -> None:
    base.hub.schedule()
    base.hub.engine.drain()
    assert base.runs() == []
    clock.advance(hours=24)
    base.hub.engine.drain()
    assert {(run.source, run.stream) for run in base.runs()} >= {
        (source, stream.value) for source in ("main", "other") for stream in STREAMS
    }
    once = len(base.runs())
    clock.advance(hours=24)
    base.hub.engine.drain()
    assert len(base.runs()) == 2 * once


def test_a_read_that_covers_recent_months_leaves_older_rows_alone(base: Base) -> None:
    class Recent(FakeBillingSource):
        def read(self, stream: Stream, since: str | None) -> Iterator[Page]:
            yield Page(
                records=[a_line("l-9", period=date(2018, 2, 1))], complete=True, covers_from=date(2018, 2, 1)
            )

    base.sync()
    base.fakes.billing = Recent()
    hub = hub_with(
        base.fakes, folder=base.hub.settings.path.parent, settings_text='[billing.main]\ntype = "fake"\n'
    )
    [report] = hub.sync.import_by_hand("main", streams=[LINES])
    hub.close()
    assert (report.status, report.new, report.vanished) == (ImportStatus.DONE, 1, 0)


def test_twenty_thousand_rows_take_little_memory(base: Base) -> None:
    base.sync()

    class Long(FakeBillingSource):
        """Makes its pages as they are asked for."""

        def read(self, stream: Stream, since: str | None) -> Iterator[Page]:
            for start in range(0, 20_000, 1000):
                yield Page(records=[a_line(f"x-{number}") for number in range(start, start + 1000)])
            yield Page(records=[a_line(f"l-{number}") for number in (1, 2, 3)], complete=True)

    base.fakes.billing = Long()
    hub = hub_with(
        base.fakes, folder=base.hub.settings.path.parent, settings_text='[billing.main]\ntype = "fake"\n'
    )
    tracemalloc.start()
    try:
        [report] = hub.sync.import_by_hand("main", streams=[LINES])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.new == 20_000
    assert peak < 20 * 1024 * 1024
    [again] = hub.sync.import_by_hand("main", streams=[LINES])
    assert again.unchanged == 20_003
    hub.close()
