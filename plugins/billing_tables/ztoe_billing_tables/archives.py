"""Proves an XLSX harmless before anything reads it: its true unpacked size, and the extent of its sheets."""

from __future__ import annotations

import copy
import re
import zipfile
import zlib
from pathlib import Path

from ztoe_hub.errors import ItemRejected

from .opened import BLOCK, Caps

MOST_ENTRIES = 10_000
REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
REFERENCE_BYTES = 16
SHEET_ENTRY = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)


def prove_harmless(path: Path, caps: Caps) -> None:
    """Unpack everything once, keeping nothing: neither the directory's sizes nor the cells' places are believed."""
    name = path.name
    try:
        with zipfile.ZipFile(path) as archive:
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
