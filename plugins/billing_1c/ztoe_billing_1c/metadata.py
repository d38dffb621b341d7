"""$metadata of a base: which sets, fields and virtual tables it has. Real ones weigh 16 MB, so little of it is kept."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO

from lxml import etree

from ztoe_hub.errors import UnexpectedAnswer

from .odata import ODataClient

CSDL = "{http://schemas.microsoft.com/ado/2009/11/edm}"
NAMESPACE = "StandardODATA."
FRESH = timedelta(minutes=15)  # a run of all streams asks once; the answer takes a large base half a minute
TAGS = tuple(f"{CSDL}{name}" for name in ("EntityType", "ComplexType", "EntitySet", "FunctionImport"))

Fields = Mapping[str, str]  # name -> type, "Edm.Double"


@dataclass(slots=True)
class Metadata:
    """The wanted part. `tables` are virtual tables, "AccumulationRegister_X/BalanceAndTurnovers" -> fields."""

    sets: dict[str, Fields] = field(default_factory=dict)
    tables: dict[str, Fields] = field(default_factory=dict)


def parse_metadata(content: bytes, wanted: frozenset[str]) -> Metadata:
    """The sets called `wanted`. Raises UnexpectedAnswer for anything but a plain EDMX document."""
    if b"<!DOCTYPE" in content[:4096] or b"<!ENTITY" in content[:4096]:
        raise UnexpectedAnswer("$metadata declares entities, which 1C never does")
    found, types, bound = Metadata(), dict[str, Fields](), list[tuple[str, str, str]]()
    try:
        for element in _elements(content):
            name = element.get("Name", "")
            if element.tag in TAGS[:2]:
                if name in wanted or any(name.startswith(f"{each}_") for each in wanted):
                    types[name] = {
                        each.get("Name", ""): each.get("Type", "") for each in element.iter(f"{CSDL}Property")
                    }
            elif element.tag == TAGS[2]:
                if name in wanted:
                    found.sets[name] = types.get(_plain(element.get("EntityType", "")), {})
            else:
                bound += [(_bound_to(element), name, _plain(element.get("ReturnType", "")))]
    except etree.XMLSyntaxError as error:
        raise UnexpectedAnswer("$metadata is no XML") from error
    if not found.sets and b"EntityContainer" not in content:
        raise UnexpectedAnswer("$metadata is no EDMX document")
    found.tables.update({f"{owner}/{name}": types[row] for owner, name, row in bound if row in types})
    return found


def _elements(content: bytes) -> Iterator[etree._Element]:
    """The elements of interest, one at a time; what was seen is forgotten."""
    context = etree.iterparse(
        BytesIO(content), events=("end",), tag=TAGS, resolve_entities=False, no_network=True, load_dtd=False
    )
    for _, element in context:
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _plain(name: str) -> str:
    return name.removeprefix("Collection(").removesuffix(")").removeprefix(NAMESPACE)


def _bound_to(function: etree._Element) -> str:
    """The register whose virtual table this is, or nothing."""
    for parameter in function.iter(f"{CSDL}Parameter"):
        if parameter.get("Name") == "bindingParameter":
            return _plain(parameter.get("Type", ""))
    return ""


@dataclass(slots=True)
class _Kept:
    metadata: Metadata
    digest: bytes
    read_at: datetime


class MetadataCache:
    """The metadata of one base, asked for at most every 15 minutes and parsed only when it has changed."""

    def __init__(self, wanted: frozenset[str], clock: Callable[[], datetime]) -> None:
        self._wanted = wanted
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    def current(self, client: ODataClient) -> Metadata:
        with self._lock:
            now, kept = self._clock(), self._kept
            if kept is not None and now - kept.read_at < FRESH:
                return kept.metadata
            content = client.metadata()
            digest = hashlib.sha256(content).digest()
            same = kept is not None and kept.digest == digest
            parsed = kept.metadata if same and kept is not None else parse_metadata(content, self._wanted)
            self._kept = _Kept(parsed, digest, now)
            return parsed

    def doubt(self) -> None:
        """The base refused what it was said to have: ask for the whole next time."""
        with self._lock:
            self._kept = None
