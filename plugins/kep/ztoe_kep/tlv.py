"""Walks BER and DER without copying or re-encoding: signed bytes stay as they were received.

asn1crypto re-encodes some Ukrainian certificates when asked for their bytes, and parses every member of a
set before it tells how many there are. Here members are sliced one by one, and counted while they are.
Everything raises ValueError for bytes that make no sense.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

SEQUENCE, SET, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x30, 0x31, 0x02, 0x03, 0x04, 0x06
CONSTRUCTED = 0x20
CONTEXT = 0xA0  # constructed and context-specific: CONTEXT | n is [n]

_END_OF_CONTENTS = b"\x00\x00"
_MOST_STEPS = 200_000  # through values of indefinite length, whose end has to be searched
_DEEPEST = 4  # pieces within pieces; senders cut once, if at all


@dataclass(frozen=True, slots=True)
class Value:
    """One tag-length-value: where its contents and the value itself lie in `data`."""

    data: memoryview = field(repr=False)
    tag: int
    begin: int
    contents_begin: int
    contents_end: int
    end: int

    @property
    def raw(self) -> bytes:
        """The whole value as received."""
        return bytes(self.data[self.begin : self.end])

    @property
    def contents(self) -> bytes:
        """What is inside, as received."""
        return bytes(self.data[self.contents_begin : self.contents_end])

    def members(self, at_most: int) -> list[Value]:
        """The values inside a constructed one. Raises ValueError when there are more than `at_most`."""
        if not self.tag & CONSTRUCTED:
            raise ValueError("a constructed value is expected")
        found: list[Value] = []
        for member in _walk(self.data, self.contents_begin, self.contents_end):
            if len(found) == at_most:
                raise ValueError(f"more than {at_most} members")
            found.append(member)
        return found

    def expect(self, tag: int) -> Value:
        """The value itself. Raises ValueError when it has another tag."""
        if self.tag != tag:
            raise ValueError(f"tag {tag:#x} is expected, {self.tag:#x} found")
        return self


def read_value(data: bytes) -> Value:
    """The first value in `data`; what follows it is the caller's business."""
    view = memoryview(data)
    return _value_at(view, 0, len(view))


def octets_of(value: Value) -> bytes:
    """The contents of an OCTET STRING, put together when the sender cut it into pieces."""
    return b"".join(_pieces(value, 0))


def bits_of(value: Value) -> bytes:
    """The contents of a BIT STRING; spare bits at its end, which flags have, stay where they are."""
    contents = value.expect(BIT_STRING).contents
    if not contents or contents[0] > 7:
        raise ValueError("a bit string is expected")
    return contents[1:]


def der(tag: int, contents: bytes) -> bytes:
    """One value in DER."""
    length = len(contents)
    if length < 0x80:
        return bytes((tag, length)) + contents
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + contents


def integer(value: Value) -> int:
    """An INTEGER. Raises ValueError for one of more than 64 bytes, which serial numbers never have."""
    contents = value.expect(INTEGER).contents
    if not 0 < len(contents) <= 64:
        raise ValueError("a number that makes no sense")
    return int.from_bytes(contents, "big", signed=True)


def dotted(value: Value) -> str:
    """An OBJECT IDENTIFIER in its usual form."""
    contents = value.expect(OID).contents
    if not contents or len(contents) > 64 or contents[-1] & 0x80:
        raise ValueError("not an object identifier")
    arcs: list[int] = []
    arc = 0
    for byte in contents:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(number) for number in (first, arcs[0] - 40 * first, *arcs[1:]))


def _pieces(value: Value, depth: int) -> Iterator[bytes]:
    if value.tag == OCTET_STRING:
        yield value.contents
        return
    if value.tag != OCTET_STRING | CONSTRUCTED or depth > _DEEPEST:
        raise ValueError("an octet string is expected")
    for number, piece in enumerate(_walk(value.data, value.contents_begin, value.contents_end)):
        if number == _MOST_STEPS:
            raise ValueError("an octet string in too many pieces")
        yield from _pieces(piece, depth + 1)


def _walk(data: memoryview, begin: int, end: int) -> Iterator[Value]:
    while begin < end:
        value = _value_at(data, begin, end)
        yield value
        begin = value.end


def _value_at(data: memoryview, begin: int, end: int) -> Value:
    tag, contents_begin, length = _header(data, begin, end)
    if length is not None:
        contents_end = contents_begin + length
        return Value(data, tag, begin, contents_begin, contents_end, contents_end)
    contents_end = _end_of_indefinite(data, contents_begin, end)
    return Value(data, tag, begin, contents_begin, contents_end, contents_end + len(_END_OF_CONTENTS))


def _header(data: memoryview, begin: int, end: int) -> tuple[int, int, int | None]:
    """Tag, where the contents begin, and their length: None when it is indefinite."""
    if begin + 2 > end:
        raise ValueError("a value breaks off")
    tag, first = data[begin], data[begin + 1]
    if tag & 0x1F == 0x1F:
        raise ValueError("tags of several bytes do not occur in signatures")
    position = begin + 2
    if first < 0x80:
        length = first
    elif first == 0x80:
        if not tag & CONSTRUCTED:
            raise ValueError("a primitive value of indefinite length")
        return tag, position, None
    else:
        size = first & 0x7F
        if size > 8 or position + size > end:
            raise ValueError("a length that makes no sense")
        length = int.from_bytes(data[position : position + size], "big")
        position += size
    if position + length > end:
        raise ValueError("a value breaks off")
    return tag, position, length


def _end_of_indefinite(data: memoryview, begin: int, end: int) -> int:
    """Where the contents of a value of indefinite length end; without recursion, in bounded steps."""
    open_values = 1
    for _ in range(_MOST_STEPS):
        if data[begin : begin + 2] == _END_OF_CONTENTS:
            open_values -= 1
            if not open_values:
                return begin
            begin += 2
            continue
        _, position, length = _header(data, begin, end)
        if length is None:
            open_values += 1
            begin = position
        else:
            begin = position + length
    raise ValueError("a value of indefinite length in too many pieces")
