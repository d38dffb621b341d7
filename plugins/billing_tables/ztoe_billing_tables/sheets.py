"""XLSX and XLS: read by a process of its own, which a damaged or enormous workbook may take down alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from ztoe_hub.errors import ItemRejected, TransientError
from ztoe_hub.values import Page

from .archives import prove_harmless
from .converters import Cell
from .csv_files import PLACES
from .mapping import Format
from .opened import identity
from .plan import Plan, Unbindable
from .reading import Reading, eager_pages

CHILD = Path(__file__).with_name("workbook_child.py")
MOST_CPU_SECONDS = 600
Rows = Iterator[tuple[int, Sequence[Cell]]]


def read_sheet(reading: Reading) -> Iterator[Page]:
    """Pages of records of one sheet. Raises ItemRejected."""
    with closing(_Workbook(reading)) as book:
        rows = book.rows()
        plan = bind_sheet(reading, book.sheet, rows)
        places = (
            (f"{reading.name} sheet {book.sheet} row {number}", cells)
            for number, cells in rows
            if any(cell != "" for cell in cells)
        )
        yield from eager_pages(reading, plan, places)


def sheet_header(reading: Reading) -> Sequence[str]:
    """The columns' names, for a look without reading."""
    with closing(_Workbook(reading)) as book:
        return _header(reading, book.sheet, book.rows())


def bind_sheet(reading: Reading, sheet: str, rows: Rows) -> Plan:
    """Reads up to the header and binds the mapping to it."""
    header = _header(reading, sheet, rows)
    try:
        return Plan(reading.stream, reading.entry, header)
    except Unbindable as lack:
        there = ", ".join(name[:40] for name in header[:40] if name)
        raise ItemRejected(
            f"{reading.name} sheet {sheet} row {reading.entry.header_row}: {lack} (columns there: {there})"
        ) from None


def _header(reading: Reading, sheet: str, rows: Rows) -> Sequence[str]:
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


class _Workbook:
    """The child process that reads one sheet, and what it says."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        _check(reading)
        self._child = subprocess.Popen(  # noqa: S603  our own file, no shell
            [
                sys.executable, "-I", str(CHILD), str(reading.path.absolute()), json.dumps(reading.entry.sheet),
                str(reading.caps.memory), str(MOST_CPU_SECONDS),
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self.sheet: str = self._said(self._message()).get("name", "")
        except BaseException:
            self.close()
            raise

    def rows(self) -> Rows:
        """Rows as the spreadsheet numbers them. Raises ItemRejected when the child does not come to its end."""
        number = 0
        while isinstance(message := self._message(), list):
            for cells in message:
                number += 1
                yield (
                    number,
                    [datetime.fromisoformat(cell[0]) if type(cell) is list else cell for cell in cells],
                )
        self._said(message)

    def close(self) -> None:
        """The process ends here at the latest."""
        self._child.kill()
        with self._out:
            self._child.wait()

    @property
    def _out(self) -> IO[bytes]:
        assert self._child.stdout is not None  # noqa: S101  it is a pipe
        return self._child.stdout

    def _message(self) -> Any:
        length = int.from_bytes(self._out.read(4), "big")
        frame = self._out.read(length)
        return msgspec.msgpack.decode(frame) if length and len(frame) == length else None

    def _said(self, message: Any) -> dict[str, Any]:
        """A head or an end. Raises ItemRejected for what is wrong, and for a child that was taken down."""
        name = self._reading.name
        if not isinstance(message, dict):
            raise ItemRejected(
                f"{name}: the workbook is damaged, or takes more than {self._reading.caps.memory} bytes of memory"
            )
        if message.get("wrong"):
            raise ItemRejected(f"{name}: {message['wrong']}")
        return message


def _check(reading: Reading) -> None:
    """What can be known before a process is started."""
    path, caps = reading.path, reading.caps
    try:
        size = identity(path)[0]
        if size > caps.file:
            raise ItemRejected(f"{path.name}: {size} bytes, more than the {caps.file} that are taken")
        if reading.entry.format is Format.XLSX:
            prove_harmless(path, caps)
        elif size > caps.sheet:
            raise ItemRejected(f"{path.name}: {size} bytes, more than the {caps.sheet} of a workbook")
    except OSError as error:
        raise TransientError(f"{path.name} cannot be read: {error.strerror}") from None
