"""Reads and joins signature containers byte by byte, so that algorithms it does not know pass through unharmed."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asn1crypto import core, parser

SIGNED_DATA = "1.2.840.113549.1.7.2"
DATA = "1.2.840.113549.1.7.1"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
DIGESTS = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
SEQUENCE, SET, OID, OCTETS, EXPLICIT_0 = 0x30, 0x31, 0x06, 0x04, 0xA0


class NotAContainer(ValueError):
    """The bytes are no CMS SignedData."""


@dataclass(frozen=True, slots=True)
class _Item:
    """One ASN.1 element: its identifier octet, its contents and all of its bytes."""

    tag: int
    contents: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts of one SignedData, each as it was received; `content` is None in a detached signature."""

    content: bytes | None
    digest_algorithms: tuple[bytes, ...]
    certificates: tuple[bytes, ...]
    signer_infos: tuple[bytes, ...]

    def covers(self, document: bytes) -> bool:
        """True when the content is `document` and every digest that can be computed here says so too."""
        verdicts = [_digest_matches(info, document) for info in self.signer_infos]
        if not verdicts or False in verdicts:
            return False
        # A ДСТУ digest is not computed here: then the content itself has to be there.
        return self.content == document if self.content is not None else None not in verdicts


def open_envelope(cms: bytes) -> Envelope:
    """The parts of a DER or BER CMS; NotAContainer when it is none."""
    try:
        kind, body = _children(_only(cms))
        if _dotted(kind) != SIGNED_DATA:
            raise NotAContainer("the bytes are no SignedData")
        version, digests, inner, *rest = _children(_only(body.contents))
        del version
        certificates = next((item for item in rest if item.tag == EXPLICIT_0), None)
        infos = next(item for item in rest if item.tag == SET)
        return Envelope(
            content=_content(inner),
            digest_algorithms=tuple(item.raw for item in _children(digests)),
            certificates=tuple(item.raw for item in _children(certificates)) if certificates else (),
            signer_infos=tuple(item.raw for item in _children(infos)),
        )
    except (ValueError, TypeError, StopIteration) as error:
        raise NotAContainer(f"the bytes are no SignedData: {error}") from error


def join(containers: list[bytes], document: bytes) -> bytes:
    """One attached SignedData with the signatures of all containers; a single attached one is returned as it is."""
    opened = [open_envelope(container) for container in containers]
    if len(opened) == 1 and opened[0].content is not None:
        return containers[0]
    content = next((each.content for each in reversed(opened) if each.content is not None), document)
    body = [
        b"\x02\x01\x01",
        _wrap(SET, *_distinct(raw for each in opened for raw in each.digest_algorithms)),
        _wrap(SEQUENCE, core.ObjectIdentifier(DATA).dump(), _wrap(EXPLICIT_0, _wrap(OCTETS, content))),
        _wrap(EXPLICIT_0, *_distinct(raw for each in opened for raw in each.certificates)),
        _wrap(SET, *_distinct(raw for each in opened for raw in each.signer_infos)),
    ]
    return _wrap(
        SEQUENCE, core.ObjectIdentifier(SIGNED_DATA).dump(), _wrap(EXPLICIT_0, _wrap(SEQUENCE, *body))
    )


def _digest_matches(signer_info: bytes, document: bytes) -> bool | None:
    """None when the digest cannot be computed here, or when the signature is over the content directly."""
    parts = _children(_only(signer_info))
    name = DIGESTS.get(_dotted(_children(parts[2])[0]))
    if name is None or parts[3].tag != EXPLICIT_0:
        return None
    for attribute in _children(parts[3]):
        kind, values = _children(attribute)
        if _dotted(kind) == MESSAGE_DIGEST:
            return _children(values)[0].contents == hashlib.new(name, document).digest()
    return False


def _content(encapsulated: _Item) -> bytes | None:
    _, *rest = _children(encapsulated)
    if not rest:
        return None
    octets = _only(rest[0].contents)
    # BER may cut the octets into pieces.
    return (
        octets.contents if octets.tag == OCTETS else b"".join(piece.contents for piece in _children(octets))
    )


def _only(data: bytes) -> _Item:
    return next(_items(data))


def _children(item: _Item) -> list[_Item]:
    return list(_items(item.contents))


def _items(data: bytes) -> Iterator[_Item]:
    start = 0
    while start < len(data):
        number, method, tag, header, contents, trailer = parser.parse(data[start:])
        del number, method, tag
        raw = header + contents + trailer
        yield _Item(header[0], contents, raw)
        start += len(raw)


def _dotted(item: _Item) -> str:
    return str(core.ObjectIdentifier.load(item.raw).dotted) if item.tag == OID else ""


def _distinct(raws: Iterable[bytes]) -> list[bytes]:
    return sorted(set(raws))


def _wrap(tag: int, *parts: bytes) -> bytes:
    contents = b"".join(parts)
    size = len(contents)
    if size < 0x80:
        return bytes([tag, size]) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + contents
