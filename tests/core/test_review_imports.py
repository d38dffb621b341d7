"""Imports that are interrupted, that have no parents, or that are written carelessly: found in a review."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from ztoe_hub.exchange.import_report import KEPT_PROBLEMS, Report
from ztoe_hub.hub import Hub
from ztoe_hub.storage.states import ImportStatus
from ztoe_hub.storage.tables import ImportRun, Payment
from ztoe_hub.testing.fakes.billing import FakeBillingSource
from ztoe_hub.testing.hubs import FakePlugin, hub_with
from ztoe_hub.testing.records import a_consumer, a_line, an_account, an_invoice
from ztoe_hub.values import ImportOutcome, Page, PaymentRecord, Record, Stream


class Listening(FakeBillingSource):
    """A source that may be interrupted after its first page, and keeps what it is told of its reads."""

    def __init__(self) -> None:
        super().__init__()
        self.interruption: BaseException | None = None
        self.outcomes: list[ImportOutcome] = []

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:
        for page in super().read(stream, since):
            yield page
            if self.interruption is not None:
                raise self.interruption

    def acknowledge(self, outcome: ImportOutcome) -> None:
        self.outcomes.append(outcome)


class Base:
    """A hub over an empty database, and its only source."""

    def __init__(self, folder: Path) -> None:
        plugin = FakePlugin()
        plugin.billing = self.source = Listening()
        self.hub: Hub = hub_with(plugin, folder=folder, settings_text='[billing.bank]\ntype = "fake"\n')

    def bring(self, stream: Stream, *records: Record) -> Report:
        self.source.records[stream] = list(records)
        [report] = self.hub.sync.import_by_hand("bank", streams=[stream])
        return report


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Base]:
    base = Base(tmp_path)
    yield base
    base.hub.close()


def a_payment(key: str = "p-1", **facts: object) -> PaymentRecord:
    return PaymentRecord(key=key, **{"paid_on": date(2018, 1, 9), "amount_uah": Decimal(1000), **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(0)])
def test_an_interrupted_import_is_not_called_done(base: Base, interruption: BaseException) -> None:
    base.source.interruption = interruption
    with pytest.raises(type(interruption)):
        base.bring(Stream.PAYMENTS, a_payment())
    with base.hub.database.read() as session:
        [run] = session.exec(select(ImportRun)).all()
        assert session.exec(select(Payment)).all() == []
    assert (run.status, run.reason) == (ImportStatus.FAILED, type(interruption).__name__)
    assert base.source.outcomes == []  # a source of files would have moved them to done/
    base.source.interruption = None
    assert base.bring(Stream.PAYMENTS, a_payment()).new == 1


def test_a_payment_of_no_account_is_kept_where_there_are_no_accounts_at_all(base: Base) -> None:
    report = base.bring(Stream.PAYMENTS, a_payment("p-1"), a_payment("p-2", account_key="a-404"))
    assert (report.new, report.rejected) == (1, 1)
    assert report.problems[0]["reason"] == "unknown account a-404"
    with base.hub.database.read() as session:
        assert session.exec(select(col(Payment.key))).all() == ["p-1"]


@pytest.mark.parametrize(
    ("stream", "record", "field", "reason"),
    [
        (Stream.CONSUMERS, a_consumer("bad", name=None), "name", "there is no value"),
        (Stream.PAYMENTS, a_payment("bad", amount_uah=None), "amount_uah", "there is no value"),
        (Stream.PAYMENTS, a_payment("bad", paid_on=datetime(2018, 1, 9, 12)), "paid_on", "not a date"),  # noqa: DTZ001
    ],
)
def test_a_careless_row_is_rejected_by_name_and_the_rest_goes_in(
    base: Base, stream: Stream, record: Record, field: str, reason: str
) -> None:
    good = a_consumer() if stream is Stream.CONSUMERS else a_payment()
    report = base.bring(stream, record, good)
    assert (report.status, report.new, report.rejected) == (ImportStatus.DONE, 1, 1)
    assert (report.problems[0]["field"], report.problems[0]["reason"]) == (field, reason)
    [preview] = [each for each in base.hub.sync.preview(base.source) if each.stream is stream]
    assert preview.rejected == 1


def test_orphans_without_number_are_all_counted_and_the_first_thousand_named(base: Base) -> None:
    count = KEPT_PROBLEMS + 500
    report = base.bring(Stream.INVOICES, *(an_invoice(f"i-{number}", "a-404") for number in range(count)))
    assert (report.new, report.rejected, len(report.problems)) == (0, count, KEPT_PROBLEMS)
    assert report.problems[0]["key"] == "i-0"


def test_what_came_twice_is_looked_up_by_an_index(base: Base) -> None:
    """Twenty thousand rows of one key held the database for half a minute, growing with the square."""
    statements: list[str] = []
    sa.event.listen(
        base.hub.database.engine, "before_cursor_execute", lambda *said: statements.append(said[2])
    )
    report = base.bring(Stream.CONSUMERS, *(a_consumer("c-1") for _ in range(50)))
    assert (report.new, report.rejected) == (1, 49)
    assert [text for text in statements if text.endswith("stage_consumer (n)")]


def test_a_held_import_is_in_the_log(base: Base, caplog: pytest.LogCaptureFixture) -> None:
    base.bring(Stream.PAYMENTS, a_payment())
    with caplog.at_level(logging.WARNING):
        assert base.bring(Stream.PAYMENTS).status is ImportStatus.HELD
    [line] = [record for record in caplog.records if record.getMessage() == "an import is held"]
    assert (vars(line)["source"], vars(line)["stream"]) == ("bank", "payments")


def test_what_refers_to_accounts_is_still_checked(base: Base) -> None:
    assert base.bring(Stream.ACCOUNTS, an_account()).rejected == 1
    assert base.bring(Stream.STATEMENT_LINES, a_line()).rejected == 1
