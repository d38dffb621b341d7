"""One table from a file's format to its reader; what a file really is decides whether the mapping fits it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from ztoe_hub.errors import ItemRejected
from ztoe_hub.values import Page

from .bank import read_bank
from .csv_files import csv_header, read_csv
from .dbf_files import dbf_header, read_dbf
from .mapping import SHEETS, Column, Format, StreamMapping
from .objects import bind_objects, object_pages, read_enterprise_data
from .plan import Plan, Unbindable
from .reading import Reading
from .sheets import read_sheet, sheet_header
from .sniffing import judge

READERS: Mapping[Format, Callable[[Reading], Iterator[Page]]] = {
    Format.CSV: read_csv,
    Format.XLSX: read_sheet,
    Format.XLS: read_sheet,
    Format.DBF: read_dbf,
    Format.ENTERPRISEDATA: read_enterprise_data,
    Format.BANK_TEXT: read_bank,
    Format.BANK_XML: read_bank,
}
HEADERS: Mapping[Format, Callable[[Reading], Sequence[str]]] = {
    Format.CSV: csv_header,
    Format.XLSX: sheet_header,
    Format.XLS: sheet_header,
    Format.DBF: lambda reading: [field.name for field in dbf_header(reading).fields],
}


def as_it_is(reading: Reading) -> Reading:
    """The reading with the format that the file really has. Raises ItemRejected where the mapping means another."""
    found, wanted = judge(reading.path, reading.caps), reading.entry.format
    if found is wanted:
        return reading
    if found in SHEETS and wanted in SHEETS:  # an XLSX under the name .xls, and the other way round
        return replace(reading, entry=reading.entry.model_copy(update={"format": found}))
    raise ItemRejected(f"{reading.name}: is {found}, not {wanted} as the mapping says")


def pages_of(reading: Reading) -> Iterator[Page]:
    """The file's pages; `reading.whole` and `reading.earliest` hold when they are through."""
    yield from READERS[reading.entry.format](reading)


def columns_of(reading: Reading) -> Sequence[str] | None:
    """The names of the file's columns, or None for files of objects, whose names come object by object."""
    header = HEADERS.get(reading.entry.format)
    return header(reading) if header else None


def try_binding(reading: Reading) -> None:
    """Raises ItemRejected when the file's columns are not those of the mapping."""
    columns = columns_of(reading)
    if columns is None:
        bind_objects(reading)
        return
    try:
        Plan(reading.stream, reading.entry, columns)
    except Unbindable as lack:
        row = f" row {reading.entry.header_row}" if reading.entry.header_row else ""
        raise ItemRejected(
            f"{reading.name}{row}: {lack} (columns there: {', '.join(columns[:40])})"
        ) from None


def inline_pages(reading: Reading) -> Iterator[Page]:
    """Rows that stand in the mapping itself."""
    rows = reading.entry.rows
    names = dict.fromkeys(name for row in rows for name in row if name != "key")
    bound: StreamMapping = reading.entry.model_copy(
        update={"columns": {name: Column(column=(name,)) for name in names}, "key": (("key",),)}
    )
    objects = ((f"mapping row {at}", dict(row)) for at, row in enumerate(rows, 1))
    return object_pages(replace(reading, entry=bound), objects)
