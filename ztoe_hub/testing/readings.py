"""The contract of every billing source that takes meter readings, and a sheet that any of them can take.

Inherit it as `class TestXyz(ReadingsDeskContract)` and define the fixtures that it asks for.
"""

# ruff: noqa: S101 - these are tests, only kept where plugin authors can import them

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Protocol

import pytest

from ..errors import ItemRejected
from ..ports import ReadingsDesk
from ..values import PointRefusal, ReadingResult, ReadingSheet, RefusalReason, SheetLine


def a_line(**changes: object) -> SheetLine:
    """A line of a sheet; `changes` are its fields."""
    line = SheetLine(
        metering_point_key="point-1",
        meter_number="4006314",
        digits=5,
        coefficient=Decimal(20),
        previous_on=date(2024, 2, 29),
        previous_value=Decimal(15230),
        current_on=date(2024, 3, 31),
        current_value=Decimal("15251.5"),
    )
    return replace(line, **changes)  # type: ignore[arg-type]  # the caller names the fields


def a_sheet(key: str | None = None, **changes: object) -> ReadingSheet:
    """A sheet of one line; the key is a new one unless given, `changes` are fields of the sheet."""
    sheet = ReadingSheet(
        key=key or f"sheet-{uuid.uuid4().hex[:12]}",
        revision=1,
        account_number="186",
        consumer_code="125000186",
        period=date(2024, 3, 1),
        confirmed_at=datetime(2024, 3, 31, 15, 30, tzinfo=UTC),
        lines=[a_line()],
    )
    return replace(sheet, **changes)  # type: ignore[arg-type]  # the caller names the fields


class ReadingsStaff(Protocol):
    """The utility's people at the other end: each act does what its name says."""

    def waiting(self, key: str) -> list[int]:
        """The revisions of the sheet that wait to be processed."""
        ...

    def accept(self, key: str, revision: int) -> None: ...
    def refuse(self, key: str, revision: int, refusals: Sequence[PointRefusal]) -> None: ...


class ReadingsDeskContract:
    """A source that takes readings. Fixtures: `desk`, `staff` (a ReadingsStaff) and, where points matter, `sheet`."""

    @pytest.fixture
    def desk(self) -> ReadingsDesk:
        raise NotImplementedError("define a `desk` fixture")

    @pytest.fixture
    def staff(self) -> ReadingsStaff:
        raise NotImplementedError("define a `staff` fixture")

    @pytest.fixture
    def sheet(self) -> ReadingSheet:
        """A sheet that the desk has not seen yet."""
        return a_sheet()

    def test_sending_twice_is_one_sheet(
        self, desk: ReadingsDesk, staff: ReadingsStaff, sheet: ReadingSheet
    ) -> None:
        desk.send_readings(sheet)
        desk.send_readings(sheet)
        assert staff.waiting(sheet.key) == [1]

    def test_a_newer_revision_replaces_the_waiting_one(
        self, desk: ReadingsDesk, staff: ReadingsStaff, sheet: ReadingSheet
    ) -> None:
        desk.send_readings(sheet)
        desk.send_readings(edited(sheet))
        assert staff.waiting(sheet.key) == [2]

    def test_an_older_revision_that_comes_late_replaces_nothing(
        self, desk: ReadingsDesk, staff: ReadingsStaff, sheet: ReadingSheet
    ) -> None:
        desk.send_readings(edited(sheet))
        with pytest.raises(ItemRejected):
            desk.send_readings(sheet)
        assert staff.waiting(sheet.key) == [2]

    def test_an_edit_after_billing_took_the_sheet_is_too_late(
        self, desk: ReadingsDesk, staff: ReadingsStaff, sheet: ReadingSheet
    ) -> None:
        desk.send_readings(sheet)
        staff.accept(sheet.key, 1)
        desk.send_readings(sheet)
        with pytest.raises(ItemRejected):
            desk.send_readings(edited(sheet))

    def test_what_was_accepted_is_reported_with_its_revision(
        self, desk: ReadingsDesk, staff: ReadingsStaff, sheet: ReadingSheet
    ) -> None:
        desk.send_readings(edited(sheet))
        assert results_of(desk, sheet.key) == []
        staff.accept(sheet.key, 2)
        [result] = results_of(desk, sheet.key)
        assert (result.revision, result.accepted, list(result.refusals)) == (2, True, [])
        assert result.at.tzinfo is not None

    def test_a_refusal_names_the_point_and_both_values(
        self, desk: ReadingsDesk, staff: ReadingsStaff, sheet: ReadingSheet
    ) -> None:
        refusal = refusal_of(sheet)
        desk.send_readings(sheet)
        staff.refuse(sheet.key, 1, [refusal])
        [result] = results_of(desk, sheet.key)
        assert (result.accepted, list(result.refusals)) == (False, [refusal])

    def test_a_refused_sheet_may_be_sent_anew(
        self, desk: ReadingsDesk, staff: ReadingsStaff, sheet: ReadingSheet
    ) -> None:
        desk.send_readings(sheet)
        staff.refuse(sheet.key, 1, [refusal_of(sheet)])
        desk.send_readings(edited(sheet))
        staff.accept(sheet.key, 2)
        results = results_of(desk, sheet.key)
        assert [(result.revision, result.accepted) for result in results] == [(1, False), (2, True)]
        assert len({result.id for result in results}) == 2

    def test_an_old_cursor_can_be_read_again(
        self, desk: ReadingsDesk, staff: ReadingsStaff, sheet: ReadingSheet
    ) -> None:
        _, before = all_results(desk, None)
        desk.send_readings(sheet)
        staff.accept(sheet.key, 1)
        first = [each for each in all_results(desk, before)[0] if each.sheet_key == sheet.key]
        again = [each for each in all_results(desk, before)[0] if each.sheet_key == sheet.key]
        assert len(first) == 1
        assert again == first

    def test_withdrawing_can_be_repeated(
        self, desk: ReadingsDesk, staff: ReadingsStaff, sheet: ReadingSheet
    ) -> None:
        desk.withdraw_readings(sheet.key)
        desk.send_readings(sheet)
        desk.withdraw_readings(sheet.key)
        desk.withdraw_readings(sheet.key)
        assert staff.waiting(sheet.key) == []

    def test_withdrawing_what_billing_took_is_too_late(
        self, desk: ReadingsDesk, staff: ReadingsStaff, sheet: ReadingSheet
    ) -> None:
        desk.send_readings(sheet)
        staff.accept(sheet.key, 1)
        with pytest.raises(ItemRejected):
            desk.withdraw_readings(sheet.key)


def edited(sheet: ReadingSheet) -> ReadingSheet:
    """The next revision: every dial shows one more."""
    lines = [replace(line, current_value=line.current_value + 1) for line in sheet.lines]
    return replace(sheet, revision=sheet.revision + 1, lines=lines)


def refusal_of(sheet: ReadingSheet) -> PointRefusal:
    """A refusal of the sheet's first point."""
    return PointRefusal(
        metering_point_key=sheet.lines[0].metering_point_key,
        reason=RefusalReason.METER_NUMBER_DIFFERS,
        sent=sheet.lines[0].meter_number,
        known="4006399",
    )


def all_results(desk: ReadingsDesk, since: str | None) -> tuple[list[ReadingResult], str]:
    """All results after a cursor, batch by batch, and the cursor after the last; a repeated id counts once."""
    found: dict[str, ReadingResult] = {}
    while True:
        batch = desk.reading_results(since)
        found.update({result.id: result for result in batch.results})
        since = batch.cursor
        if not batch.more:
            return list(found.values()), since


def results_of(desk: ReadingsDesk, key: str) -> list[ReadingResult]:
    """All that billing ever said of one sheet, in order."""
    return [result for result in all_results(desk, None)[0] if result.sheet_key == key]
