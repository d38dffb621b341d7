"""What both kinds of source do alike with meter readings: hand them on, once writing is switched on."""

from __future__ import annotations

from typing import Protocol

from ztoe_hub.errors import ProviderMisconfigured
from ztoe_hub.values import ReadingResults, ReadingSheet


class TakesReadings(Protocol):
    """Where a source writes readings: an information register, or the HTTP service."""

    def send(self, sheet: ReadingSheet) -> None: ...
    def withdraw(self, sheet_key: str) -> None: ...
    def results(self, since: str | None) -> ReadingResults: ...


class ReadingCalls:
    """The port's ReadingsDesk over `_readings`; a source sets both attributes when it is built."""

    _readings: TakesReadings
    _may_write: bool

    def send_readings(self, sheet: ReadingSheet) -> None:
        self._writable().send(sheet)

    def withdraw_readings(self, sheet_key: str) -> None:
        self._writable().withdraw(sheet_key)

    def reading_results(self, since: str | None) -> ReadingResults:
        return self._writable().results(since)

    def _writable(self) -> TakesReadings:
        if not self._may_write:
            raise ProviderMisconfigured("write is not switched on: this base takes no readings")
        return self._readings
