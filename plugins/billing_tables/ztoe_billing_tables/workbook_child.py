"""Reads one sheet in a process of its own: a damaged workbook makes the reader ask for endless memory and abort.

Run as a file, not as a module of the package, so that it imports calamine and msgspec only. Arguments: the
workbook, the sheet as JSON (a name, a place from 1, or null), the most memory and the most CPU seconds. Writes
frames to stdout, each a length of four bytes and a msgpack message: first a head (the sheet's name, or what is
wrong), then lists of rows. A date is a list of its text.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import sys

import msgspec
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

ROWS_AT_ONCE = 500
Head = dict[str, str | None]


def main() -> None:
    """The whole life of the process."""
    path, wanted, most_memory, most_seconds = sys.argv[1:5]
    _limit(int(most_memory), int(most_seconds))
    try:
        with open(path, "rb") as file:  # by content: names like invoices.xls may hold XLSX
            sheet, head = _sheet(CalamineWorkbook.from_filelike(file), json.loads(wanted))
            _write(head)
            if sheet is not None:
                _write_rows(sheet)
    except PasswordError:
        _write({"wrong": "is protected by a password"})
    except (CalamineError, ValueError, OverflowError, MemoryError) as error:
        _write({"wrong": f"is not a workbook that can be read ({type(error).__name__})"})


def _sheet(book: CalamineWorkbook, wanted: str | int | None) -> tuple[CalamineSheet | None, Head]:
    names = book.sheet_names
    by_place = wanted - 1 if isinstance(wanted, int) else 0
    place = by_place if not isinstance(wanted, str) else names.index(wanted) if wanted in names else -1
    if not 0 <= place < len(names):
        return None, {"wrong": f"has no sheet {wanted or 1}, only {', '.join(names) or 'none'}"}
    return book.get_sheet_by_index(place), {"name": names[place]}


def _write_rows(sheet: CalamineSheet) -> None:
    rows: list[list[object]] = []
    for row in sheet.iter_rows():
        rows.append([_plain(cell) for cell in row])
        if len(rows) >= ROWS_AT_ONCE:
            _write(rows)
            rows = []
    _write(rows)
    _write({"wrong": None})  # the end: nothing was cut off


def _plain(cell: object) -> object:
    if isinstance(cell, datetime.date):
        return [cell.isoformat()]
    return cell if isinstance(cell, str | int | float) else str(cell)


def _write(message: object) -> None:
    frame = msgspec.msgpack.encode(message)
    sys.stdout.buffer.write(len(frame).to_bytes(4, "big") + frame)
    sys.stdout.buffer.flush()


def _limit(most_memory: int, most_seconds: int) -> None:
    """Where the system has such limits."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most_memory, most_memory))
        resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, most_seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
