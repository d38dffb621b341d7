"""`sync --explain` for files: where each field comes from, and what the newest file lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ztoe_hub.errors import HubError
from ztoe_hub.values import MappingLine, Stream

from .fields import BALANCE_HALVES, FIELDS
from .formats import as_it_is, columns_of
from .mapping import Column, Format, Name, Parts, StreamMapping
from .plan import squeezed
from .reading import Reading


def explain_stream(stream: Stream, entry: StreamMapping, reading: Reading | None) -> Iterator[MappingLine]:
    """One line a field; `reading` is the newest file that waits, if there is one."""
    there, trouble = _columns_there(reading)
    where = "the mapping" if entry.format is Format.INLINE else ", ".join(entry.files)
    first = f"{entry.format}, {entry.mode}" + (f"; {trouble}" if trouble else "")
    yield MappingLine(stream=stream, field="key", origin=f"{where}: {_shown_parts(entry.key)}", note=first)
    for name, field in FIELDS[stream].items():
        column, default = entry.columns.get(name), entry.defaults.get(name)
        if column is None and default is None and not (field.required and entry.format is not Format.INLINE):
            continue
        if column is None and BALANCE_HALVES.get(name) in entry.columns:
            yield MappingLine(
                stream=stream, field=name, origin=f"{where}: {BALANCE_HALVES[name]}", note="by its sign"
            )
            continue
        yield MappingLine(
            stream=stream,
            field=name,
            origin=f"{where}: {_shown(column)}" if column else "default",
            note="; ".join(_notes(name, column, entry, there)),
        )


def _notes(name: str, column: Column | None, entry: StreamMapping, there: set[str] | None) -> Iterator[str]:
    if column is not None and there is not None:
        chosen = next((str(each) for each in column.column if squeezed(str(each)) in there), None)
        if column.column and chosen is None and not any(isinstance(each, int) for each in column.column):
            yield "missing"
        elif chosen is not None and len(column.column) > 1:
            yield f"now {chosen}"
    if column is None and name not in entry.defaults:
        yield "missing"
    if column is not None and column.negate:
        yield "sign turned"
    if name in entry.defaults:
        yield f"default {entry.defaults[name]!r}"
    if name in entry.words:
        yield "words " + ", ".join(f"{theirs} = {ours}" for theirs, ours in entry.words[name].items())


def _columns_there(reading: Reading | None) -> tuple[set[str] | None, str]:
    if reading is None:
        return None, ""
    try:
        columns = columns_of(as_it_is(reading))
    except HubError as error:
        return None, str(error)
    return (None, reading.name) if columns is None else ({squeezed(each) for each in columns}, reading.name)


def _shown(column: Column) -> str:
    return _shown_parts(column.join) if column.join else _shown_names(column.column)


def _shown_parts(parts: Parts) -> str:
    return " + ".join(_shown_names(part) for part in parts) or "key"


def _shown_names(names: Sequence[Name]) -> str:
    return " or ".join(str(name) for name in names)
