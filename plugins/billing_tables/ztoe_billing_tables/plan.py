"""How the rows of one file become records: the mapping bound to the columns that the file really has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from ztoe_hub.values import Record, Rejected, Stream

from .converters import BadCell, Cell, day, moment, month, number, text, whole, word_reader, word_table
from .fields import BALANCE_HALVES, BALANCES, FIELDS, RECORDS, Field, Kind
from .keys import join_key
from .mapping import Candidates, Column, Filter, Parts, StreamMapping
from .words import WORDS

VERSION = 1  # raise it when a change of code decodes an old row into another record
Cells = Sequence[Cell]
Getter = Callable[[Cells], Cell]
Convert = Callable[[Cell], Any]

ABOVE_ZERO = frozenset({"coefficient"})  # it multiplies what is paid for
ZERO_IS_NONE = frozenset({"digits", "voltage_class_kv"})


class Unbindable(Exception):
    """The file lacks columns that the mapping names, or has one of them twice; the text says which."""


@dataclass(frozen=True, slots=True)
class Step:
    """One field: where its cell is, how it is read, what stands in for an empty one."""

    name: str
    get: Getter
    convert: Convert
    required: bool
    default: object


class Plan:
    """Decodes rows of one file. `loose` columns may be absent from a row (objects of XML, keys of bank texts)."""

    def __init__(
        self, stream: Stream, entry: StreamMapping, columns: Sequence[str], *, loose: bool = False
    ) -> None:
        self._find = Finder(columns, loose=loose)
        self._record: Callable[..., Record] = RECORDS[stream]
        key = self._parts(entry.key, "key")
        fields = FIELDS[stream]
        self._steps = [self._step(field, entry) for field in fields.values() if self._is_given(field, entry)]
        self._balances = [name for name in BALANCES if any(step.name == name for step in self._steps)]
        self._filters = [self._filter(each) for each in entry.filters]
        self._find.complain()
        self._key = key
        self._period = next((step for step in self._steps if step.name == "period"), None)
        described = repr((VERSION, stream.value, entry.model_dump_json(), list(columns), loose))
        self.salt = blake2b(described.encode(errors="replace"), digest_size=16).digest()

    def key(self, cells: Cells) -> str | None:
        """The source key, or None when a part of it is empty or unreadable."""
        try:
            return _joined(self._key, cells)
        except BadCell:
            return None

    def passes(self, cells: Cells) -> bool:
        """Whether the row is one of the stream's."""
        return not self._filters or all(test(cells) for test in self._filters)

    def period_cell(self, cells: Cells) -> Cell:
        """The cell of the settlement month as it stands there."""
        return self._period.get(cells) if self._period else None

    def month_of(self, cell: Cell) -> date | None:
        """The month of such a cell, or None when it cannot be read."""
        try:
            found = self._period.convert(cell) if self._period else None
        except BadCell:
            return None
        return found if isinstance(found, date) else None

    def decode(self, cells: Cells, place: str) -> Record | Rejected:
        """The record, or what is wrong with the row."""
        name = "key"
        try:
            key = _joined(self._key, cells)
            if key is None:
                raise BadCell("is empty")
            values: dict[str, Any] = {}
            for step in self._steps:
                name = step.name
                value = step.convert(step.get(cells))
                if value is None:
                    value = step.default
                    if value is None:
                        if step.required:
                            raise BadCell("is empty")
                        continue
                values[name] = value
        except BadCell as bad:
            return Rejected(place=place, key=self.key(cells), field=name, reason=str(bad))
        for balance in self._balances:
            _split(values, balance)
        return self._record(key=key, **values)

    def _is_given(self, field: Field, entry: StreamMapping) -> bool:
        if field.name in entry.columns or field.name in entry.defaults:
            return True
        balance = BALANCE_HALVES.get(field.name)
        return field.required and not (balance in entry.columns or balance in entry.defaults)

    def _step(self, field: Field, entry: StreamMapping) -> Step:
        column = entry.columns.get(field.name)
        convert = converter(field, column, entry)
        given = entry.defaults.get(field.name)
        try:
            default = None if given is None else converter(field, None, entry)(given)
        except BadCell as bad:
            raise Unbindable(f"the default of {field.name} {bad}") from None
        required = field.required or field.name in BALANCES
        get = self._getter(column, field.name) if column else _nothing
        if column is None and default is None and required:
            self._find.lacking.append(f"nothing gives {field.name}")
        return Step(field.name, get, convert, required, default)

    def _getter(self, column: Column, name: str) -> Getter:
        if column.join:
            parts = self._parts(column.join, name)
            return lambda cells: _joined(parts, cells)
        return self._find.getter(column.column, name, optional=column.optional)

    def _parts(self, parts: Parts, name: str) -> list[Getter]:
        return [self._find.getter(each, name) for each in parts]

    def _filter(self, wanted: Filter) -> Callable[[Cells], bool]:
        get = self._find.getter(wanted.column, "a filter")
        if wanted.empty is not None:
            return lambda cells: (not str(get(cells) or "").strip()) is wanted.empty
        words = {each.strip().lower() for each in wanted.equals or wanted.differs or ()}
        return lambda cells: (_plain_word(get(cells)) in words) is (wanted.equals is not None)


class Finder:
    """Finds columns by name (case and spaces do not count) or by place, and collects what is missing."""

    def __init__(self, columns: Sequence[str], *, loose: bool) -> None:
        self._places: dict[str, list[int]] = {}
        for place, name in enumerate(columns):
            self._places.setdefault(squeezed(name), []).append(place)
        self._count = len(columns)
        self._loose = loose
        self.lacking: list[str] = []

    def getter(self, candidates: Candidates, name: str, *, optional: bool = False) -> Getter:
        """What takes the cell of the first candidate that is there; in loose rows, of the first that is filled."""
        places = [place for place in (self._place(each, name) for each in candidates) if place is not None]
        if not places:
            if not optional and not self._loose:
                self.lacking.append(f"no column {' or '.join(str(each) for each in candidates)} for {name}")
            return _nothing
        if self._loose and len(places) > 1:
            return lambda cells: next((cells[at] for at in places if cells[at]), None)
        first = places[0]
        return lambda cells: cells[first]

    def complain(self) -> None:
        """Raises Unbindable when anything was missing."""
        if self.lacking:
            raise Unbindable("; ".join(dict.fromkeys(self.lacking)))

    def _place(self, candidate: str | int, name: str) -> int | None:
        if isinstance(candidate, int):
            return candidate - 1 if candidate <= self._count else None
        found = self._places.get(squeezed(candidate), [])
        if len(found) > 1:
            self.lacking.append(f"the column {candidate} for {name} is there {len(found)} times")
        return found[0] if found else None


def squeezed(name: str) -> str:
    """A header as it is compared: "Особовий  рахунок" is "особовий рахунок"."""
    return " ".join(name.split()).lower()


def converter(field: Field, column: Column | None, entry: StreamMapping) -> Convert:
    """Reads a cell of this field as the mapping says."""
    style = (column.decimal if column and column.decimal else entry.decimal).value
    if field.kind is Kind.NUMBER:
        return _number_reader(field.name, style, negate=bool(column and column.negate))
    if field.kind is Kind.WHOLE:
        zero_is_none = field.name in ZERO_IS_NONE
        return lambda cell: (whole(cell, style) or None) if zero_is_none else whole(cell, style)
    if field.words is not None:
        words: Mapping[str, str] = {**WORDS.get(field.words, {}), **entry.words.get(field.name, {})}
        return word_reader(word_table(words, field.words))
    readers: dict[Kind, Convert] = {Kind.TEXT: text, Kind.DAY: day, Kind.MONTH: month, Kind.MOMENT: moment}
    return readers[field.kind]


def _number_reader(name: str, style: str, *, negate: bool) -> Convert:
    def read(cell: Cell) -> Decimal | None:
        found = number(cell, style)
        if found is None:
            return None
        if name in ABOVE_ZERO and found <= 0:
            raise BadCell("is not above zero")
        if name in ZERO_IS_NONE and found == 0:
            return None
        return -found if negate and found else found

    return read


def _joined(parts: Sequence[Getter], cells: Cells) -> str | None:
    if len(parts) == 1:
        return text(parts[0](cells))
    found = []
    for get in parts:
        part = text(get(cells))
        if part is None:
            return None
        found.append(part)
    return join_key(found) if found else None


def _nothing(cells: Cells) -> Cell:  # noqa: ARG001  a getter of a column that is not there
    return None


def _plain_word(cell: Cell) -> str:
    try:
        return (text(cell) or "").lower()
    except BadCell:
        return ""


def _split(values: dict[str, Any], balance: str) -> None:
    """A balance above zero is a debit, below zero a credit, printed as it is: below zero."""
    amount: Decimal = values.pop(balance)
    debit, credit = BALANCES[balance]
    values[debit] = max(amount, Decimal(0))
    values[credit] = min(amount, Decimal(0))
