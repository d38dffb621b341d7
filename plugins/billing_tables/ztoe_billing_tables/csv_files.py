"""CSV: lines are told apart by fingerprint before they are decoded into records."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ztoe_hub.errors import ItemRejected
from ztoe_hub.values import Page, Record, Rejected

from .encodings import BOM, Encoding, Evidence
from .opened import opened
from .plan import Plan, Unbindable
from .reading import PAGE_ROWS, Printer, Reading

LONGEST_LINE = 1024 * 1024
LONGEST_FIELD = 131_072  # Python's own limit; an unclosed quote ends here
UNCLOSED = "a quote is opened and never closed"
DELIMITERS = ";\t|,"
PLACES = tuple(str(place) for place in range(1, 257))  # columns of a file without a header
MOST_LINES = 100  # of one row: more is a quote that was never closed


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its cells, its bytes, the line on which it begins, whether its bytes were text."""

    cells: list[str]
    raw: bytes
    number: int
    readable: bool


class CsvRows:
    """A page of rows that nobody has decoded yet."""

    def __init__(self, plan: Plan, file_name: str, width: int) -> None:
        self.keys: list[str | None] = []
        self.fingerprints: list[int] = []
        self._plan = plan
        self._file_name = file_name
        self._width = width
        self._rows: list[Line] = []

    def add(self, line: Line, fingerprint: int) -> None:
        """Take one row."""
        self.keys.append(self._plan.key(_padded(line.cells, self._width)))
        self.fingerprints.append(fingerprint)
        self._rows.append(line)

    def decode(self, index: int) -> Record | Rejected | None:
        line = self._rows[index]
        place = f"{self._file_name} line {line.number}"
        reason = _misshapen(line, self._width)
        if reason:
            return Rejected(place=place, key=self.keys[index], field=None, reason=reason)
        return self._plan.decode(_padded(line.cells, self._width), place)


def read_csv(reading: Reading) -> Iterator[Page]:
    """Pages of raw rows. Raises ItemRejected for a file that as a whole cannot be read."""
    encoding = _encoding_of(reading)
    lines = _rows_of(reading, encoding)
    plan, width = bind_csv(reading, lines, encoding)
    print_of = Printer(plan, encoding.value)
    page = CsvRows(plan, reading.name, width)
    for line in lines:
        if not any(line.cells):
            continue
        if not reading.wants(plan, _padded(line.cells, width)):
            continue
        page.add(line, print_of(line.raw))
        if len(page.keys) >= PAGE_ROWS:
            yield Page(rows=page)
            page = CsvRows(plan, reading.name, width)
    if page.keys:
        yield Page(rows=page)


def csv_header(reading: Reading) -> Sequence[str]:
    """The columns' names, for a look without reading."""
    encoding = _encoding_of(reading)
    return _header(reading, _rows_of(reading, encoding))[0]


def bind_csv(reading: Reading, lines: Iterator[Line], encoding: Encoding) -> tuple[Plan, int]:
    """Reads up to the header; the plan and the number of columns (0: there is no header)."""
    header, number = _header(reading, lines)
    try:
        return Plan(reading.stream, reading.entry, header or PLACES), len(header)
    except Unbindable as lack:
        there = ", ".join(name.strip()[:40] for name in header[:40] if name.isprintable())
        raise ItemRejected(
            f"{reading.name} line {max(number, 1)}: {lack} (read as {encoding}; columns there: {there})"
        ) from None


def _header(reading: Reading, lines: Iterator[Line]) -> tuple[Sequence[str], int]:
    wanted = reading.entry.header_row
    header: Sequence[str] = ()
    number = 0
    for _ in range(wanted):
        line = next(lines, None)
        if line is None:
            raise ItemRejected(f"{reading.name}: has no row {wanted}, where the header should be")
        header, number = line.cells, line.number
    while header and not header[-1].strip():
        header = header[:-1]
    if wanted and not header:
        raise ItemRejected(f"{reading.name} line {number}: is empty, where the header should be")
    return header, number


def _encoding_of(reading: Reading) -> Encoding:
    """The settings' word first, then the mapping's, then what the bytes prove; a UTF-8 mark settles it."""
    said = reading.encoding or reading.entry.encoding
    with opened(reading.path, reading.caps) as reader:
        first = reader.read()
        if first.startswith(BOM):
            return Encoding.UTF_8
        if said is not None and said is not Encoding.CP866:
            return said
        seen = Evidence.of(itertools.chain((first,), reader.blocks()))
    if said is Encoding.CP866:
        refuse_false_cp866(reading.name, sure_marks=seen.sure_marks)
        return said
    return seen.guess()


def refuse_false_cp866(name: str, *, sure_marks: bool) -> None:
    """Ukrainian cp1125 read as cp866 is silent rubbish: `і` becomes `ў`."""
    if sure_marks:
        raise ItemRejected(
            f"{name}: is not cp866 as the settings say (it holds Ў or ў), but cp1125: write `encoding: cp1125`"
        )


def _rows_of(reading: Reading, encoding: Encoding) -> Iterator[Line]:
    """The rows with their bytes; a quoted cell may go over several lines."""
    with opened(reading.path, reading.caps) as reader:
        feed = _Feed(reader.blocks(), reading.name, encoding)
        delimiter = reading.entry.delimiter or feed.delimiter(max(reading.entry.header_row, 1))
        rows = csv.reader(feed, delimiter=delimiter, strict=False)
        while True:
            try:
                cells = next(rows, None)
            except csv.Error as error:
                raise ItemRejected(f"{reading.name} line {feed.begun}: {_told(error)}") from None
            if cells is None:
                return
            yield feed.line(cells)


class _Feed:
    """Gives decoded lines to the csv module and remembers the bytes that it has taken for a row."""

    def __init__(self, blocks: Iterator[bytes], name: str, encoding: Encoding) -> None:
        self._lines = _lines_of(blocks, name)
        self._encoding = encoding.value
        self._raw: list[bytes] = []
        self._ahead: list[bytes] = []
        self._name = name
        self._number = 0
        self._readable = True

    def delimiter(self, header_row: int) -> str:
        """The sign that the header has most of."""
        self._ahead = list(itertools.islice(self._lines, header_row))
        header = self._ahead[-1].decode(self._encoding, "replace") if self._ahead else ""
        return max(DELIMITERS, key=header.count)

    @property
    def begun(self) -> int:
        """The line on which the row being read begins."""
        return self._number - len(self._raw) + 1

    def line(self, cells: list[str]) -> Line:
        """The row that was just given."""
        raw = self._raw[0] if len(self._raw) == 1 else b"".join(self._raw)
        line = Line(cells, raw, self.begun, self._readable)
        self._raw.clear()
        self._readable = True
        return line

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        raw = self._ahead.pop(0) if self._ahead else next(self._lines, None)
        if self._raw and (raw is None or len(self._raw) >= MOST_LINES):
            raise ItemRejected(f"{self._name} line {self.begun}: {UNCLOSED}")
        if raw is None:
            raise StopIteration
        self._number += 1
        self._raw.append(raw)
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError:
            self._readable = False
            return raw.decode(self._encoding, "replace")


def _lines_of(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    rest, number = b"", 0
    for at, block in enumerate(blocks):
        *lines, rest = (rest + (block.removeprefix(BOM) if at == 0 else block)).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise ItemRejected(f"{name} line {number + len(lines) + 1}: longer than {LONGEST_LINE} bytes")
        number += len(lines)
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


def _told(error: csv.Error) -> str:
    if "limit" in str(error):
        return UNCLOSED
    return "is not CSV"


def _padded(cells: list[str], width: int) -> list[str]:
    """Short rows get empty cells, so that a key can be looked for; `decode` refuses them all the same."""
    wanted = width or len(PLACES)
    return cells if len(cells) >= wanted else cells + [""] * (wanted - len(cells))


def _misshapen(line: Line, width: int) -> str | None:
    if not line.readable:
        return "the bytes are not of the page in which the file is read"
    cells = line.cells
    if width and (len(cells) < width or any(cell.strip() for cell in cells[width:])):
        return f"{len(cells)} columns, where the header has {width}"
    return None
