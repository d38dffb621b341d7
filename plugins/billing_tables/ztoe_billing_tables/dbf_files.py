"""dBase III tables: fixed-width records, decoded block by block; told apart by fingerprint like lines of CSV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ztoe_hub.errors import ItemRejected
from ztoe_hub.values import Page, Record, Rejected

from .csv_files import refuse_false_cp866
from .encodings import Encoding, Evidence
from .opened import CappedReader, opened
from .plan import Plan, Unbindable
from .reading import PAGE_ROWS, Printer, Reading
from .sniffing import looks_like_dbf

END, DELETED = 0x1A, 0x2A
FIELD_BYTES = 32
READABLE_TYPES = frozenset("CNFDL")  # what dBase III has, but for memo texts in a second file
# The language byte of the header: programs leave it zero or wrong.
PAGES = {0x26: Encoding.CP866, 0x65: Encoding.CP866, 0xC9: Encoding.CP1251}


@dataclass(frozen=True, slots=True)
class DbfField:
    """A column: its name, its type's letter, where it stands in a record."""

    name: str
    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """What the header promises."""

    records: int
    record_bytes: int
    language: int
    fields: tuple[DbfField, ...]


class DbfRows:
    """A page of records; `texts` are their texts, one sign a byte."""

    def __init__(self, plan: Plan, file_name: str, fields: tuple[DbfField, ...]) -> None:
        self.keys: list[str | None] = []
        self.fingerprints: list[int] = []
        self._plan = plan
        self._file_name = file_name
        self._fields = fields
        self._rows: list[tuple[str | None, int]] = []

    def cells(self, record: str) -> list[str]:
        """The record's values as they stand there."""
        return [record[field.start : field.end].rstrip("\x00") for field in self._fields]

    def add(self, record: str | None, cells: list[str], number: int, fingerprint: int) -> None:
        """Take one record; None for the text when its bytes are not of the page."""
        self.keys.append(self._plan.key(cells))
        self.fingerprints.append(fingerprint)
        self._rows.append((record, number))

    def decode(self, index: int) -> Record | Rejected | None:
        record, number = self._rows[index]
        place = f"{self._file_name} record {number}"
        if record is None:
            reason = "the bytes are not of the page in which the file is read"
            return Rejected(place=place, key=self.keys[index], field=None, reason=reason)
        return self._plan.decode(self.cells(record), place)


def read_dbf(reading: Reading) -> Iterator[Page]:
    """Pages of raw records; deleted ones are left out. A file shorter than its header says is not whole."""
    encoding = dbf_encoding(reading)
    with opened(reading.path, reading.caps) as reader:
        header = read_header(reader, reading.name)
        records = _Records(reading, header, bind_dbf(reading, header), encoding)
        for block in _blocks(reader, header.record_bytes * PAGE_ROWS):
            page = records.page(block)
            if page.keys:
                yield Page(rows=page)
            if records.ended:
                break
        rejected = records.shortfall()
        if rejected:
            reading.whole = False
            yield Page(rejected=[rejected])


class _Records:
    """Walks through the blocks of one table and counts."""

    def __init__(self, reading: Reading, header: Header, plan: Plan, encoding: Encoding) -> None:
        self._reading = reading
        self._header = header
        self._plan = plan
        self._encoding = encoding
        self._print_of = Printer(plan, encoding.value)
        self._number = 0
        self._tail = b""
        self.ended = False

    def page(self, block: bytes) -> DbfRows:
        """The records of one block, decoded once as a whole."""
        page = DbfRows(self._plan, self._reading.name, self._header.fields)
        size = self._header.record_bytes
        text = _decoded(block, self._encoding)
        for start in range(0, len(block), size):
            if block[start] == END or start + size > len(block):
                self.ended, self._tail = True, block[start:]
                break
            self._number += 1
            if block[start] == DELETED:
                continue
            raw = block[start : start + size]
            record = text[start : start + size] if text is not None else _decoded(raw, self._encoding)
            cells = page.cells(raw.decode(self._encoding.value, "replace") if record is None else record)
            if self._reading.wants(self._plan, cells):
                page.add(record, cells, self._number, self._print_of(raw))
        return page

    def shortfall(self) -> Rejected | None:
        """What is said of a file that ends elsewhere than its header promises."""
        piece = bool(self._tail) and self._tail[0] != END
        if self._number == self._header.records and not piece:
            return None
        reason = f"the header promises {self._header.records} records, {self._number} are there"
        if piece:
            reason += " and a piece of one"
        place = f"{self._reading.name} record {self._number + 1}"
        return Rejected(place=place, key=None, field=None, reason=reason)


def bind_dbf(reading: Reading, header: Header) -> Plan:
    """The mapping bound to the table's columns. Raises ItemRejected."""
    try:
        return Plan(reading.stream, reading.entry, [field.name for field in header.fields])
    except Unbindable as lack:
        there = ", ".join(field.name for field in header.fields)
        raise ItemRejected(f"{reading.name}: {lack} (columns there: {there})") from None


def dbf_header(reading: Reading) -> Header:
    """The header alone."""
    with opened(reading.path, reading.caps) as reader:
        return read_header(reader, reading.name)


def read_header(reader: CappedReader, name: str) -> Header:
    """The header; the reader then stands at the first record. Raises ItemRejected."""
    start = _exactly(reader, 32, name)
    if not looks_like_dbf(start + b"\r"):
        raise ItemRejected(f"{name}: is not a dBase table")
    header_bytes = int.from_bytes(start[8:10], "little")
    record_bytes = int.from_bytes(start[10:12], "little")
    rest = _exactly(reader, header_bytes - 32, name)
    fields: list[DbfField] = []
    place = 1
    for at in range(0, len(rest) - 1, FIELD_BYTES):
        described = rest[at : at + FIELD_BYTES]
        if described[0] == 0x0D or len(described) < FIELD_BYTES:
            break
        column = described[:11].split(b"\x00")[0].decode("cp1125").strip()
        kind, length = chr(described[11]), described[16]
        if kind == "C":
            length += described[17] << 8
        if kind in READABLE_TYPES:
            fields.append(DbfField(column, kind, place, place + length))
        place += length
    if place != record_bytes or not fields:
        raise ItemRejected(
            f"{name}: the header contradicts itself: {place} bytes of columns, {record_bytes} a record"
        )
    return Header(int.from_bytes(start[4:8], "little"), record_bytes, start[29], tuple(fields))


def dbf_encoding(reading: Reading) -> Encoding:
    """The settings' word first, then what the bytes prove; the header's language byte only breaks a tie."""
    said = reading.encoding or reading.entry.encoding
    if said is Encoding.UTF_8:
        raise ItemRejected(f"{reading.name}: a dBase table is never UTF-8; name its page in the mapping")
    if said is not None and said is not Encoding.CP866:
        return said
    with opened(reading.path, reading.caps) as reader:
        header = read_header(reader, reading.name)
        seen = Evidence.of(reader.blocks())
    if said is Encoding.CP866:
        refuse_false_cp866(reading.name, sure_marks=seen.sure_marks)
        return said
    declared = PAGES.get(header.language)
    if seen.utf_8 and not seen.ascii:
        raise ItemRejected(
            f"{reading.name}: its texts are UTF-8, which a dBase table cannot be cut into columns by"
        )
    if seen.dos == seen.windows:
        return seen.dos_page if declared is Encoding.CP866 else Encoding.CP1251
    return seen.dos_page if seen.dos > seen.windows else Encoding.CP1251


def _decoded(block: bytes, encoding: Encoding) -> str | None:
    try:
        return block.decode(encoding.value)
    except UnicodeDecodeError:
        return None


def _exactly(reader: CappedReader, size: int, name: str) -> bytes:
    found = b""
    while len(found) < size and (block := reader.read(size - len(found))):
        found += block
    if len(found) < size:
        raise ItemRejected(f"{name}: the header of the dBase table is cut short")
    return found


def _blocks(reader: CappedReader, size: int) -> Iterator[bytes]:
    """Whole blocks, the last one as long as it is."""
    waiting = b""
    while block := reader.read(size - len(waiting)):
        waiting += block
        if len(waiting) == size:
            yield waiting
            waiting = b""
    if waiting:
        yield waiting
