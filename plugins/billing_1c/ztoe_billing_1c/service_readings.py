"""Readings over the hub's HTTP service: sheets in, verdicts out. Every call may be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import msgspec

from ztoe_hub.errors import UnexpectedAnswer
from ztoe_hub.values import (
    PointRefusal,
    ReadingResult,
    ReadingResults,
    ReadingSheet,
    RefusalReason,
    SheetLine,
)

from .hub_service import HubService, Refused, address_of, decoded

RESULTS_AT_ONCE = 100
MISSING_SHEET = "unknown_sheet"
# Their reason -> ours. A word that is not here is "other": the consumer sees both values all the same.
REASONS: Mapping[str, RefusalReason] = {reason.value: reason for reason in RefusalReason}


class _Refusal(msgspec.Struct):
    metering_point_key: str
    reason: str
    sent: str
    known: str


class _Result(msgspec.Struct):
    id: str
    sheet_key: str
    revision: int
    accepted: bool
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    refusals: list[_Refusal] = []


class _Results(msgspec.Struct):
    results: list[_Result]
    cursor: str
    more: bool


class ServiceReadings:
    """Keeps nothing between calls."""

    def __init__(self, service: HubService) -> None:
        self._service = service

    def send(self, sheet: ReadingSheet) -> None:
        self._service.put(address_of("readings", sheet.key), sheet_body(sheet, self._service.zone))

    def withdraw(self, sheet_key: str) -> None:
        """A sheet that never arrived is as good as withdrawn."""
        try:
            self._service.call("DELETE", address_of("readings", sheet_key))
        except Refused as error:
            if error.code != MISSING_SHEET:
                raise

    def results(self, since: str | None) -> ReadingResults:
        query = {"limit": str(RESULTS_AT_ONCE)} | ({"after": since} if since else {})
        try:
            answer = self._service.call("GET", f"reading-results?{urlencode(query, quote_via=quote)}")
        except Refused as error:  # there is no item at fault here
            raise UnexpectedAnswer(f"the results are refused: {error.code}") from error
        found = decoded(answer, _Results)
        return ReadingResults(
            results=[_result(each) for each in found.results], cursor=found.cursor, more=found.more
        )


def sheet_body(sheet: ReadingSheet, zone: ZoneInfo) -> dict[str, object]:
    """The sheet as the contract wants it. The same revision gives the same body, which makes a repeat one."""
    return {
        "revision": sheet.revision,
        "account_number": sheet.account_number,
        "consumer_code": sheet.consumer_code,
        "period": sheet.period.isoformat(),
        "confirmed_at": sheet.confirmed_at.astimezone(zone).isoformat(timespec="seconds"),
        "lines": [_line(line) for line in sheet.lines],
    }


def _line(line: SheetLine) -> dict[str, object]:
    return {
        "metering_point_key": line.metering_point_key,
        "meter_number": line.meter_number,
        "digits": line.digits,
        "coefficient": _number(line.coefficient),
        "previous_on": line.previous_on.isoformat(),
        "previous_value": _number(line.previous_value),
        "current_on": line.current_on.isoformat(),
        "current_value": _number(line.current_value),
        "rolled_over": line.rolled_over,
    }


def _number(value: Decimal) -> str:
    """Without an exponent and without zeros that say nothing."""
    return f"{value.normalize():f}"


def _result(found: _Result) -> ReadingResult:
    refusals = [
        PointRefusal(
            metering_point_key=each.metering_point_key,
            reason=REASONS.get(each.reason, RefusalReason.OTHER),
            sent=each.sent,
            known=each.known,
        )
        for each in found.refusals
    ]
    return ReadingResult(
        id=found.id,
        sheet_key=found.sheet_key,
        revision=found.revision,
        accepted=found.accepted,
        at=found.at,
        refusals=refusals,
    )
