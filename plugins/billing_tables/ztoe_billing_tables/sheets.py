"""XLSX and XLS through calamine, after the archive has been proved harmless: a workbook is held in memory."""

from __future__ import annotations

import copy
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from ztoe_hub.errors import ItemRejected, TransientError
from ztoe_hub.values import Page

from .converters import Cell
from .csv_files import PLACES
from .mapping import Format
from .opened import BLOCK, Caps, identity
from .plan import Plan, Unbindable
from .reading import Reading, eager_pages

Result = TypeVar("Result")
MOST_ENTRIES = 10_000
REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
REFERENCE_BYTES = 16
SHEET_ENTRY = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)


def read_sheet(reading: Reading) -> Iterator[Page]:
    """Pages of records of one sheet. Raises ItemRejected."""
    sheet = open_sheet(reading)
    rows = numbered_rows(sheet)
    plan = bind_sheet(reading, sheet.name, rows)
    places = (
        (f"{reading.name} sheet {sheet.name} row {number}", cells)
        for number, cells in rows
        if any(cell != "" for cell in cells)
    )
    yield from eager_pages(reading, plan, places)


def numbered_rows(sheet: CalamineSheet) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Rows as the spreadsheet numbers them."""
    return enumerate(sheet.iter_rows(), 1)


def sheet_header(reading: Reading) -> Sequence[str]:
    """The columns' names, for a look without reading."""
    sheet = open_sheet(reading)
    return _header(reading, sheet.name, numbered_rows(sheet))


def bind_sheet(reading: Reading, sheet: str, rows: Iterator[tuple[int, Sequence[Cell]]]) -> Plan:
    """Reads up to the header and binds the mapping to it."""
    header = _header(reading, sheet, rows)
    try:
        return Plan(reading.stream, reading.entry, header)
    except Unbindable as lack:
        there = ", ".join(name[:40] for name in header[:40] if name)
        raise ItemRejected(
            f"{reading.name} sheet {sheet} row {reading.entry.header_row}: {lack} (columns there: {there})"
        ) from None


def _header(reading: Reading, sheet: str, rows: Iterator[tuple[int, Sequence[Cell]]]) -> Sequence[str]:
    wanted = reading.entry.header_row
    header: Sequence[Cell] = ()
    for _ in range(wanted):
        found = next(rows, None)
        if found is None:
            raise ItemRejected(
                f"{reading.name} sheet {sheet}: has no row {wanted}, where the header should be"
            )
        header = found[1]
    return [str(cell) for cell in header] if wanted else PLACES


def open_sheet(reading: Reading) -> CalamineSheet:
    """The sheet that the mapping names, or the first. Raises ItemRejected."""
    path, caps = reading.path, reading.caps
    try:
        size = identity(path)[0]
        if reading.entry.format is Format.XLSX:
            _prove_harmless(reading)
        elif size > caps.sheet:
            raise ItemRejected(f"{path.name}: {size} bytes, more than the {caps.sheet} of a workbook")
        with path.open("rb") as file:  # by content: names like invoices.xls may hold XLSX
            book = _calamine(reading.name, lambda: CalamineWorkbook.from_filelike(file))
    except OSError as error:
        raise TransientError(f"{path.name} cannot be read: {error.strerror}") from None
    wanted = reading.entry.sheet
    names = book.sheet_names
    if isinstance(wanted, str):
        wanted = names.index(wanted) + 1 if wanted in names else None
        found = wanted is not None
    else:
        wanted = wanted or 1
        found = wanted <= len(names)
    if not found or wanted is None:
        raise ItemRejected(
            f"{path.name}: has no sheet {reading.entry.sheet}, only {', '.join(names) or 'none'}"
        )
    place = wanted - 1
    return _calamine(reading.name, lambda: book.get_sheet_by_index(place))


def _calamine(name: str, call: Callable[[], Result]) -> Result:
    """A call of calamine; its errors, and the panics of the Rust below it, leave as ItemRejected."""
    try:
        return call()
    except PasswordError:
        raise ItemRejected(f"{name}: is protected by a password") from None
    except CalamineError as error:
        raise ItemRejected(f"{name}: is not a workbook that can be read ({type(error).__name__})") from None
    except (ValueError, OverflowError, MemoryError) as error:
        raise ItemRejected(f"{name}: the workbook is damaged ({type(error).__name__})") from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # pyo3's, no subclass of Exception
            raise ItemRejected(f"{name}: the workbook is damaged") from None
        raise


def _prove_harmless(reading: Reading) -> None:
    """Unpack everything once, keeping nothing: neither the directory's sizes nor the cells' places are believed."""
    name, caps = reading.name, reading.caps
    try:
        with zipfile.ZipFile(reading.path) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise ItemRejected(f"{name}: {len(entries)} files in the archive")
            declared = sum(entry.file_size for entry in entries)
            if declared > caps.sheet:
                raise ItemRejected(
                    f"{name}: {declared} bytes when unpacked, more than the {caps.sheet} of a workbook"
                )
            left = caps.sheet
            for entry in entries:
                left -= _unpacked(archive, entry, left, name, caps)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise ItemRejected(f"{name}: the XLSX is damaged or incomplete") from None


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, name: str, caps: Caps) -> int:
    """How large the entry really is; stops at what is left. A sheet's cells are bounded too."""
    probe = copy.copy(entry)
    probe.file_size = left + 2 * BLOCK  # not what the directory says: Python would stop there
    extent = _Extent(name, caps.cells) if SHEET_ENTRY.fullmatch(entry.filename) else None
    size = 0
    with archive.open(probe) as source:
        while block := source.read(BLOCK):
            size += len(block)
            if size > left:
                raise ItemRejected(f"{name}: more than {caps.sheet} bytes when unpacked")
            if extent:
                extent.see(block)
    if size != entry.file_size:
        raise ItemRejected(f"{name}: the archive's directory is false")
    return size


class _Extent:
    """The rectangle that a sheet's cells span: two cells in far corners would take all memory."""

    def __init__(self, name: str, most_cells: int) -> None:
        self._name = name
        self._most = most_cells
        self._rows = self._columns = 0
        self._tail = b""

    def see(self, block: bytes) -> None:
        """Look at the references of one more block."""
        for letters, number in set(REFERENCE.findall(self._tail + block)):
            self._rows = max(self._rows, int(number))
            self._columns = max(self._columns, _column_number(letters))
        self._tail = block[-REFERENCE_BYTES:]
        if self._rows * self._columns > self._most:
            raise ItemRejected(
                f"{self._name}: a sheet of {self._rows} rows and {self._columns} columns, "
                f"more than {self._most} cells"
            )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
