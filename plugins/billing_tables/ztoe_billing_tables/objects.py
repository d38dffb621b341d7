"""Objects of a file as rows: EnterpriseData here, bank statements through `bank`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ztoe_hub.errors import ItemRejected
from ztoe_hub.values import Page, Rejected

from .converters import Cell
from .mapping import Name, StreamMapping
from .plan import Plan, Unbindable
from .reading import Reading, eager_pages
from .xml_objects import objects_of

BODY_DEPTH = 3  # Message, Body, object


def read_enterprise_data(reading: Reading) -> Iterator[Page]:
    """Pages of records from the objects that the mapping, or the usual names, call for."""
    objects = objects_of(reading, BODY_DEPTH, frozenset(reading.entry.objects))
    return object_pages(reading, ((f"{reading.name} object {number}", found) for number, found in objects))


def object_pages(
    reading: Reading, objects: Iterable[tuple[str, Mapping[str, Cell] | Rejected]]
) -> Iterator[Page]:
    """Pages of records from objects with their places."""
    plan, names = bind_objects(reading)
    rows = (
        (place, found if isinstance(found, Rejected) else [found.get(name) for name in names])
        for place, found in objects
    )
    yield from eager_pages(reading, plan, rows)


def bind_objects(reading: Reading) -> tuple[Plan, list[str]]:
    """The mapping bound to every path that it names."""
    names = [str(name) for name in _named(reading.entry)]
    try:
        return Plan(reading.stream, reading.entry, names, loose=True), names
    except Unbindable as lack:
        raise ItemRejected(f"{reading.name}: {lack}") from None


def _named(entry: StreamMapping) -> list[Name]:
    """Every column that the entry names, once."""
    found: dict[Name, None] = {}
    for column in entry.columns.values():
        found.update(dict.fromkeys((*column.column, *(name for part in column.join for name in part))))
    found.update(dict.fromkeys(name for part in entry.key for name in part))
    found.update(dict.fromkeys(name for each in entry.filters for name in each.column))
    return list(found)
