"""Objects of an XML file one after the other, in bounded memory; entities, DTDs and the network are out."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from lxml import etree

from ztoe_hub.errors import ItemRejected

from .encodings import Encoding, Evidence
from .opened import first_bytes, opened
from .reading import Reading

MOST_PARTS = 20_000  # of one object: the rest of memory's bound
DECLARED_WINDOWS = (b"windows-1251", b"cp1251", b"win-1251")


def objects_of(reading: Reading, depth: int, wanted: Container[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Every wanted element at this depth (the root is 1): its number and its texts by path.

    The number counts from 1; libxml2's own line numbers end at 65,535. Raises ItemRejected.
    """
    encoding = xml_encoding(reading)
    with opened(reading.path, reading.caps) as reader:
        events = etree.iterparse(
            reader,
            events=("start", "end"),
            encoding=encoding.value if encoding else None,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        level = number = inside = 0
        try:
            for event, element in events:
                if event == "start":
                    level += 1
                    inside = inside + 1 if level > depth else 0
                    if level == 1:
                        _refuse_dtd(element, reading.name)
                    if inside > MOST_PARTS:
                        raise ItemRejected(
                            f"{reading.name} object {number + 1}: more than {MOST_PARTS} parts"
                        )
                    continue
                if level == depth and _local(element) in wanted:
                    number += 1
                    yield number, _flat(element)
                if 1 < level <= depth:
                    _forget(element)
                level -= 1
        except etree.XMLSyntaxError as error:
            line = f" line {error.lineno}" if error.lineno else ""
            raise ItemRejected(f"{reading.name}{line}: is not well-formed XML ({_told(error)})") from None


def xml_encoding(reading: Reading) -> Encoding | None:
    """The settings' word, or UTF-8 where windows-1251 is declared over UTF-8 bytes, or None: as declared."""
    said = reading.encoding or reading.entry.encoding
    if said is not None:
        return said
    head = first_bytes(reading.path, reading.caps, 200)
    declaration = head[: head.find(b"?>") + 2].lower()
    if not any(each in declaration for each in DECLARED_WINDOWS):
        return None
    with opened(reading.path, reading.caps) as reader:
        seen = Evidence.of(reader.blocks())
    return Encoding.UTF_8 if seen.utf_8 and not seen.ascii else None


def _refuse_dtd(root: Any, name: str) -> None:
    if root.getroottree().docinfo.doctype:
        raise ItemRejected(
            f"{name}: holds a DTD, which data never needs: entities could read files or fill memory"
        )


def _forget(element: Any) -> None:
    """Free what has been read: without this the whole document stays in memory."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _local(element: Any) -> str:
    return str(etree.QName(element).localname) if isinstance(element.tag, str) else ""


def _flat(element: Any) -> dict[str, str]:
    """Texts by path below the object; of repeated elements the first counts."""
    found: dict[str, str] = {}
    waiting = [("", child) for child in reversed(element)]
    while waiting:
        path, node = waiting.pop()
        if not isinstance(node.tag, str):
            continue  # a comment
        place = path + _local(node)
        if len(node):
            waiting += [(f"{place}/", child) for child in reversed(node)]
        elif node.text and place not in found:
            found[place] = node.text
    return found


def _told(error: etree.XMLSyntaxError) -> str:
    """libxml2's words for it, without the values that some of them repeat."""
    return str(error.msg).split(":")[0].split(",")[0][:80] if error.msg else "it ends too early"
