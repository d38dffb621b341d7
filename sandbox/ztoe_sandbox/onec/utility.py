"""The base `utility`: the manual's data and the generated district as one, looked up by key."""

import dataclasses
import datetime as dt
import threading
import uuid
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from . import manual_data
from .district import DISTRICT, GeneratedDistrict
from .exchange import PLAN, ExchangePlan
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
    """Made piece by piece on first use; two threads may make a piece twice, both are the same.

    `write` and `remove` lay changes over it: `version` counts them, and the exchange plan registers them.
    """

    def __init__(self, consumers: int) -> None:
        self._generated = GeneratedDistrict(consumers)
        self._by_key: dict[str, dict[str, Any]] = {}
        self._lock = threading.RLock()
        self._lists: dict[str, Sequence[Any]] = {}
        self.plan = ExchangePlan()
        self.changes: list[tuple[str, str]] = []  # set and key, in the order in which they were written

    @property
    def version(self) -> int:
        """How many changes there were."""
        return len(self.changes)

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
        if set_name == PLAN:
            return self.plan.nodes
        if set_name not in self._lists:
            self._lists[set_name] = getattr(self, LISTS[set_name])
        return self._lists[set_name]

    def find(self, set_name: str, key: str) -> Any | None:
        """The record with this GUID, or None."""
        if set_name == PLAN:
            return next((node for node in self.plan.nodes if node.key == key.lower()), None)
        if set_name not in self._by_key:
            self._by_key[set_name] = {record.key: record for record in self.records(set_name)}
        return self._by_key[set_name].get(key.lower())

    def write(self, set_name: str, key: str, changes: Mapping[str, Any]) -> str:
        """Write a record again with these attributes; `copy_of` makes a new one like another. Its key.

        Raises LookupError when there is no such record, TypeError for an unknown attribute.
        """
        values = dict(changes)
        original = values.pop("copy_of", None)
        with self._lock:
            record = self.find(set_name, original or key)
            if record is None:
                raise LookupError(key)
            if original:
                values["key"] = key = str(uuid.uuid4())
            written = dataclasses.replace(record, **{name: _value(value) for name, value in values.items()})
            kept = [each for each in self.records(set_name) if each.key != key]
            self._replace(set_name, key, [*kept, written])
        return key

    def remove(self, set_name: str, key: str) -> None:
        """Delete a record physically, as nobody should and some do. Raises LookupError."""
        with self._lock:
            if self.find(set_name, key) is None:
                raise LookupError(key)
            self._replace(set_name, key, [each for each in self.records(set_name) if each.key != key])

    def _replace(self, set_name: str, key: str, records: list[Any]) -> None:
        self._lists[set_name] = records
        self._by_key.pop(set_name, None)
        self.changes.append((set_name, key))
        self.plan.register(set_name, key)

    def presentation(self, set_name: str, key: str) -> str:
        """What a person reads instead of a GUID; empty for an empty or broken reference."""
        record = self.find(set_name, key)
        return ENTITY_SETS[set_name].presentation(record) if record else ""

    @cached_property
    def _accounts_by_number(self) -> dict[tuple[str, str], Account]:
        return {(account.number, str(account.consumer_code)): account for account in self.accounts}

    def account(self, number: str, consumer_code: str) -> Account | None:
        return self._accounts_by_number.get((number, consumer_code))


def _value(value: Any) -> Any:
    """JSON has no dates: a text that is one becomes one."""
    try:
        return dt.datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else value
    except ValueError:
        return value
