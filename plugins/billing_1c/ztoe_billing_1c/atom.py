"""Reads the Atom feed of SelectChanges. It comes from outside: no entity is resolved, nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from lxml import etree

from ztoe_hub.errors import UnexpectedAnswer

ATOM = "{http://www.w3.org/2005/Atom}"
M = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
NAMESPACE = "StandardODATA."
_ADDRESS = re.compile(r"/(?P<set>[^/()]+)\(guid'(?P<key>[0-9a-fA-F-]{36})'\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of a feed. `values` are the simple properties as text; None for an object that was deleted."""

    place: str
    set: str
    key: str | None
    values: dict[str, str | None] | None


def changes_of(content: bytes, place: str) -> Iterator[Change]:
    """The entries of a feed, in order. Raises UnexpectedAnswer when it is none, or is cut or poisoned."""
    if b"<!DOCTYPE" in content[:4096] or b"<!ENTITY" in content[:4096]:
        raise UnexpectedAnswer(f"{place}: the feed declares entities, which 1C never does")
    number = 0
    try:
        context = etree.iterparse(
            BytesIO(content),
            events=("end",),
            tag=(f"{ATOM}entry", TOMBSTONE),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
        )
        for _, element in context:
            yield _change(element, f"{place}, entry {number}")
            number += 1
            element.clear()
        if context.root is None or context.root.tag != f"{ATOM}feed":
            raise UnexpectedAnswer(f"{place}: no Atom feed in the answer")
    except etree.XMLSyntaxError as error:
        raise UnexpectedAnswer(f"{place}: the feed is no XML, entry {number} or later") from error


def _change(element: etree._Element, place: str) -> Change:
    if element.tag == TOMBSTONE:
        set_name, key = _addressed(element.get("ref", ""))
        return Change(place=place, set=set_name, key=key, values=None)
    _, key = _addressed(element.findtext(f"{ATOM}id") or "")
    category = element.find(f"{ATOM}category")
    term = category.get("term", "") if category is not None else ""
    values = _values(element.find(f"{ATOM}content/{M}properties"))
    return Change(place=place, set=term.removeprefix(NAMESPACE), key=key, values=values)


def _addressed(address: str) -> tuple[str, str | None]:
    """The set and the reference in an address; a record set of a register has no reference."""
    found = _ADDRESS.search(address)
    return (
        (found["set"], found["key"].lower())
        if found
        else (address.rpartition("/")[2].partition("(")[0], None)
    )


def _values(properties: etree._Element | None) -> dict[str, str | None]:
    """Simple properties. A tabular part has one of four empty forms or has elements; it is told by its type."""
    found: dict[str, str | None] = {}
    for each in properties if properties is not None else ():
        name = etree.QName(each).localname
        if len(each) or each.get(f"{M}type", "").startswith("Collection("):
            continue
        nothing = each.get(f"{M}null") == "true" or each.get(NIL) == "true"
        found[name] = None if nothing else each.text or ""
    return found
