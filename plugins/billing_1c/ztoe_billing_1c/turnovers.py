"""Asks a register for the balances and turnovers of one month, in whichever form the platform takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from urllib.parse import quote

import msgspec

from ztoe_hub.errors import OperatorNeeded

from .faults import QueryRefused
from .odata import ODataClient, literal_of
from .settings import ConditionQuotes

FUNCTION = "BalanceAndTurnovers"
LONGEST_SEGMENT = 260  # http.sys refuses a longer part of an address
Form = Literal["query", "doubled", "nested"]


@dataclass(slots=True)
class Turnovers:
    """One read's questions to a register. What the platform has taken once is asked first from then on.

    The arguments go into the query; where that is refused, into the path, with the quotes of the condition doubled,
    or nested as the manual writes them.
    """

    client: ODataClient
    register: str
    condition: str | None
    quotes: ConditionQuotes
    taken: Form | None = None

    def of(self, first: date) -> list[msgspec.Raw]:
        """The month's rows, undecoded."""
        forms = [self.taken] if self.taken else self._forms()
        for form in forms[:-1]:
            try:
                return self._ask(first, form)
            except QueryRefused:
                continue
        return self._ask(first, forms[-1])

    def _forms(self) -> list[Form]:
        if self.condition is None:
            return ["query", "doubled"]
        if self.quotes is ConditionQuotes.AUTO:
            return ["query", "doubled", "nested"]
        return ["query", "nested" if self.quotes is ConditionQuotes.NESTED else "doubled"]

    def _ask(self, first: date, form: Form) -> list[msgspec.Raw]:
        table = f"{self.register}/{FUNCTION}"
        asked = f"{table}, {first:%Y-%m}"
        arguments = {"StartPeriod": literal_of(first), "EndPeriod": end_of_month(first)}
        if form == "query":
            condition = {"Condition": self.condition} if self.condition else {}
            found = self.client.values(quote(table), arguments | condition, asked=asked)
        else:
            path = f"{quote(table)}({quote(self._inside(arguments, form), safe='')})"
            found = self.client.values(path, {}, asked=asked)
        self.taken = form
        return found

    def _inside(self, arguments: Mapping[str, str], form: Form) -> str:
        """The arguments as a part of the path, refused here where IIS or 1C would change them in silence."""
        parts = dict(arguments)
        if self.condition:
            if any(sign in self.condition for sign in "?+\\"):
                raise OperatorNeeded("the condition holds ?, + or \\, which do not survive in a path of 1C")
            text = self.condition.replace("'", "''") if form == "doubled" else self.condition
            parts["Condition"] = f"'{text}'"
        inside = ",".join(f"{name}={value}" for name, value in parts.items())
        if len(f"{FUNCTION}({inside})") > LONGEST_SEGMENT:
            raise OperatorNeeded(f"the condition is too long for a path of 1C ({LONGEST_SEGMENT} characters)")
        return inside


def end_of_month(first: date) -> str:
    """EndPeriod is inclusive to the second."""
    last = next_month(first) - timedelta(days=1)
    return f"datetime'{last.isoformat()}T23:59:59'"


def next_month(first: date) -> date:
    """The first day of the month after."""
    return (first + timedelta(days=32)).replace(day=1)
