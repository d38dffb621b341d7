"""What a file is, by its first bytes; foreign formats are recognised to be refused by name."""

from __future__ import annotations

import codecs
import zipfile
from pathlib import Path
from typing import Any

from lxml import etree

from ztoe_hub.errors import ItemRejected

from .encodings import BOM
from .mapping import Format
from .opened import Caps, first_bytes

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
DBF_VERSIONS = frozenset(
    (0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8E, 0xCB, 0xE5, 0xF5, 0xFB)
)
BANK_SIGN = b"1CClientBankExchange"
FOREIGN_ROOTS = {
    "КоммерческаяИнформация": "CommerceML, which holds goods and shop orders: no accounts, points or balances",
    "Edmx": "EDMX, the $metadata of an OData service: a description, not data",
    "feed": "an Atom feed of 1C's OData interface: the source type 1c-odata reads that",
    "entry": "an Atom entry of 1C's OData interface: the source type 1c-odata reads that",
    "Workbook": "an Excel 2003 XML table: save it as XLSX or CSV",
    "html": "an HTML page: save it as XLSX or CSV",
}


def judge(path: Path, caps: Caps) -> Format:
    """What the content is. Raises ItemRejected for what is not taken, with its name and the remedy."""
    head = first_bytes(path, caps, 64 * 1024)
    if not head:
        raise ItemRejected(f"{path.name}: the file is empty")
    try:
        return _judged(path, head)
    except _Refused as refused:
        raise ItemRejected(f"{path.name}: is {refused}") from None


class _Refused(Exception):
    pass


def _judged(path: Path, head: bytes) -> Format:
    if head.startswith(b"%PDF-"):
        raise _Refused("a PDF, not a table")
    if head.startswith(b"PK"):
        return _in_zip(path)
    if head.startswith(OLE):
        return Format.XLS
    if head.startswith(UTF_16):
        raise _Refused("UTF-16 text: save it as UTF-8 or windows-1251")
    start = head.removeprefix(BOM).lstrip()
    if start.startswith(b"<"):
        return _of_xml(start)
    if start.startswith(BANK_SIGN):
        return Format.BANK_TEXT
    if looks_like_dbf(head):
        return Format.DBF
    if head.count(b"\x00") > 8 + len(head) // 50:
        raise _Refused("binary data of no format that is taken")
    return Format.CSV


def _in_zip(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise _Refused("a damaged or incomplete ZIP or XLSX") from None
    if any(name.startswith("xl/") for name in names):
        return Format.XLSX
    raise _Refused("a ZIP archive: unpack it first")


def _of_xml(start: bytes) -> Format:
    name = _root_of(start)
    if name == "_1CClientBankExchange":
        return Format.BANK_XML
    if name == "Message" and b"EnterpriseData" in start:
        return Format.ENTERPRISEDATA
    foreign = FOREIGN_ROOTS.get(name) or FOREIGN_ROOTS.get(name.lower())
    raise _Refused(foreign or f"XML of no kind that is taken (its root is {name[:40] or 'not readable'})")


def _root_of(start: bytes) -> str:
    """The name of the root element, without its namespace; nothing is resolved or loaded."""
    parser = etree.XMLPullParser(
        events=("start",), resolve_entities=False, no_network=True, huge_tree=False, recover=True
    )
    try:
        parser.feed(start)
        found: Any = next(iter(parser.read_events()), None)
        if found is not None:
            return str(etree.QName(found[1]).localname)
    except (etree.LxmlError, ValueError):
        pass
    return "html" if start[:200].lower().startswith((b"<!doctype html", b"<html", b"<table")) else ""


def looks_like_dbf(head: bytes) -> bool:
    """Whether this is the header of a dBase table: a known version, a date, lengths that can be."""
    if len(head) < 33 or head[0] not in DBF_VERSIONS:
        return False
    header = int.from_bytes(head[8:10], "little")
    record = int.from_bytes(head[10:12], "little")
    return head[2] <= 12 and head[3] <= 31 and header >= 33 and record >= 2
