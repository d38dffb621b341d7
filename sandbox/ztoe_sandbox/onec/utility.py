"""The base `utility`: the manual's data and the generated district as one, looked up by key."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from . import manual_data
from .district import DISTRICT, GeneratedDistrict
from .records import Account, Contractor, District, Invoice, MeteringPoint, Turnover
from .sets import ACCOUNTS, CONTRACTORS, DISTRICTS, ENTITY_SETS, INVOICES, POINTS

LISTS = {
    DISTRICTS: "districts",
    CONTRACTORS: "contractors",
    ACCOUNTS: "accounts",
    POINTS: "metering_points",
    INVOICES: "invoices",
}


class Utility:
    """Read-only, made piece by piece on first use. Two threads may make a piece twice; both are the same."""

    def __init__(self, consumers: int) -> None:
        self._generated = GeneratedDistrict(consumers)
        self._by_key: dict[str, dict[str, Any]] = {}

    @cached_property
    def districts(self) -> list[District]:
        return [*manual_data.DISTRICTS, DISTRICT]

    @cached_property
    def contractors(self) -> list[Contractor]:
        return [*manual_data.CONTRACTORS, *self._generated.contractors]

    @cached_property
    def accounts(self) -> list[Account]:
        return [*manual_data.ACCOUNTS, *self._generated.accounts]

    @cached_property
    def metering_points(self) -> list[MeteringPoint]:
        return [*manual_data.metering_points(), *self._generated.metering_points]

    @cached_property
    def invoices(self) -> list[Invoice]:
        return [*manual_data.invoices(), *self._generated.invoices]

    @cached_property
    def turnovers(self) -> list[Turnover]:
        return [*manual_data.turnovers(), *self._generated.turnovers]

    def records(self, set_name: str) -> Sequence[Any]:
        """All records of a set, in the order in which they were entered."""
        lists: Sequence[Any] = getattr(self, LISTS[set_name])
        return lists

    def find(self, set_name: str, key: str) -> Any | None:
        """The record with this GUID, or None."""
        if set_name not in self._by_key:
            self._by_key[set_name] = {record.key: record for record in self.records(set_name)}
        return self._by_key[set_name].get(key.lower())

    def presentation(self, set_name: str, key: str) -> str:
        """What a person reads instead of a GUID; empty for an empty or broken reference."""
        record = self.find(set_name, key)
        return ENTITY_SETS[set_name].presentation(record) if record else ""

    @cached_property
    def _accounts_by_number(self) -> dict[tuple[str, str], Account]:
        return {(account.number, str(account.consumer_code)): account for account in self.accounts}

    def account(self, number: str, consumer_code: str) -> Account | None:
        return self._accounts_by_number.get((number, consumer_code))
