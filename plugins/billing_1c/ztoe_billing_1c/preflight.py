"""Fits a mapping to what a base has by its $metadata; everything that does not fit is named at once.

Nothing is read halfway: a set that has left the composition, a field that was renamed or has another type now stops
the read of every stream, with the whole list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ztoe_hub.errors import OperatorNeeded
from ztoe_hub.values import MappingLine, Stream

from .mapping import FieldMapping, SetMapping, SiteMapping, StatementMapping
from .metadata import Fields, Metadata
from .rows import EDM_TYPES, ROWS, kinds_of

CODE_VERSION = 1  # grows when rows are decoded in another way, so that all of them are decoded anew
FUNCTION = "BalanceAndTurnovers"
PLATFORM = {"DeletionMark": "flag", "Posted": "flag"}
# Our field of the register's virtual table -> what 1C appends to the name of the resource.
AMOUNTS = {
    "opening": "OpeningBalance",
    "accrued": "Receipt",
    "paid": "Expense",
    "closing": "ClosingBalance",
}
TABLE_KINDS = {"account": "reference", "article": "word", **dict.fromkeys(AMOUNTS, "number")}


@dataclass(slots=True)
class Fit:
    """How one stream fits: our field -> theirs, and what is always the same; `version` tells mappings apart."""

    stream: Stream
    origin: str
    names: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    platform: dict[str, str] = field(default_factory=dict)  # our flag -> theirs, those that the set has
    problems: list[str] = field(default_factory=list)
    lines: list[MappingLine] = field(default_factory=list)

    def version(self, words: object) -> bytes:
        """Sixteen bytes; rows under another version are not the rows that they were."""
        facts = (CODE_VERSION, self.origin, sorted(self.names.items()), sorted(self.constants.items()), words)
        return hashlib.blake2b(repr(facts).encode(), digest_size=16).digest()

    def take(self, name: str, mapping: FieldMapping, there: Fields, kind: str) -> None:
        """Find our field `name` among what is there."""
        if mapping.constant is not None:
            self.constants[name] = mapping.constant
            self._tell(name, f"«{mapping.constant}»", "constant")
            return
        found = next((each for each in mapping.names if each in there), None)
        if found is not None:
            self._found(name, found, mapping.names, there, kind)
        elif mapping.default is not None:
            self.constants[name] = mapping.default
            self._tell(name, f"«{mapping.default}»", "default")
        elif mapping.names:
            self.problems.append(f"{self.origin}: there is no field {' or '.join(mapping.names)}")
            self._tell(name, f"{self.origin}.{mapping.names[0]}", "missing")
        else:
            self._tell(name, "", "not mapped")

    def _found(self, name: str, found: str, candidates: Sequence[str], there: Fields, kind: str) -> None:
        self.names[name] = found
        note = f"candidate {candidates.index(found) + 1} of {len(candidates)}" if len(candidates) > 1 else ""
        if there[found] not in EDM_TYPES[kind]:
            self.problems.append(f"{self.origin}.{found}: a {kind} is expected, it is {there[found]} now")
            note = f"wrong type: {there[found]}"
        self._tell(name, f"{self.origin}.{found}", note)

    def _tell(self, name: str, origin: str, note: str) -> None:
        self.lines.append(MappingLine(stream=self.stream, field=name, origin=origin, note=note))


def fit_all(mapping: SiteMapping, there: Metadata) -> dict[Stream, Fit]:
    """Every mapped stream, fitted."""
    fits = {stream: _fit_set(stream, found, there) for stream, found in mapping.sets().items()}
    if mapping.statement is not None:
        fits[Stream.STATEMENT_LINES] = _fit_table(mapping.statement, there)
    return {stream: fits[stream] for stream in Stream if stream in fits}


def fitted(mapping: SiteMapping, there: Metadata) -> dict[Stream, Fit]:
    """Every mapped stream, when all of them fit. Raises OperatorNeeded with the whole list otherwise."""
    fits = fit_all(mapping, there)
    problems = [problem for fit in fits.values() for problem in fit.problems]
    if problems:
        raise OperatorNeeded(f"the base does not fit the mapping: {'; '.join(problems)}")
    return fits


def _fit_set(stream: Stream, mapping: SetMapping, there: Metadata) -> Fit:
    fit = Fit(stream, mapping.set)
    fields = there.sets.get(mapping.set)
    if fields is None:
        return _nowhere(fit, mapping.fields)
    for name, kind in kinds_of(ROWS[stream]).items():
        fit.take(name, mapping.fields.get(name, FieldMapping()), fields, kind)
    for name, kind in _fixed(mapping):
        if name in fields and fields[name] not in EDM_TYPES.get(kind, (fields[name],)):
            fit.problems.append(f"{mapping.set}.{name}: a {kind} is expected, it is {fields[name]} now")
        elif name not in fields and name not in PLATFORM:
            fit.problems.append(f"{mapping.set}: there is no field {name}")
    flags = {"deleted": "DeletionMark", "posted": "Posted", "folder": mapping.folder}
    fit.platform = {ours: theirs for ours, theirs in flags.items() if theirs and theirs in fields}
    return fit


def _fixed(mapping: SetMapping) -> Iterator[tuple[str, str]]:
    """The names that are no fields of a record, and their kinds."""
    yield from ((name, "key") for name in mapping.key)
    yield from PLATFORM.items()
    if mapping.folder:
        yield mapping.folder, "flag"
    if mapping.date:
        yield mapping.date, "moment"


def _fit_table(mapping: StatementMapping, there: Metadata) -> Fit:
    fit = Fit(Stream.STATEMENT_LINES, f"{mapping.register_}/{FUNCTION}")
    fields = there.tables.get(fit.origin)
    if fields is None and mapping.register_ in there.sets:
        fit.problems.append(f"{mapping.register_}: has no {FUNCTION}; a register of turnovers has no balance")
    if fields is None:
        return _nowhere(fit, mapping.fields)
    wanted: Mapping[str, FieldMapping] = {
        "account": _with_suffixes(mapping.fields["account"], ("_Key", "")),
        "article": _with_suffixes(mapping.fields["article"], ("", "_Key")),
        **{name: _with_suffixes(mapping.fields["amount"], (suffix,)) for name, suffix in AMOUNTS.items()},
    }
    for name, field_mapping in wanted.items():
        fit.take(name, field_mapping, fields, TABLE_KINDS[name])
    return fit


def _with_suffixes(mapping: FieldMapping, suffixes: Sequence[str]) -> FieldMapping:
    """A dimension that is a reference is called …_Key in the answer, an enumeration is not."""
    names = tuple(f"{name}{suffix}" for name in mapping.names for suffix in suffixes)
    return mapping.model_copy(update={"names": names})


def _nowhere(fit: Fit, fields: Mapping[str, FieldMapping]) -> Fit:
    if not fit.problems:
        fit.problems.append(f"{fit.origin} is not in the composition of the OData interface")
    for name in fields:
        fit.lines.append(MappingLine(stream=fit.stream, field=name, origin=fit.origin, note="missing"))
    return fit


def wanted_sets(mapping: SiteMapping) -> frozenset[str]:
    """The names of all that is mapped."""
    registers = {mapping.statement.register_} if mapping.statement else set()
    return frozenset({found.set for found in mapping.sets().values()} | registers)
