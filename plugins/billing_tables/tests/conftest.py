"""A watched folder in a temporary place, a mapping made of Python, and writers of the formats' bytes."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from ztoe_billing_tables.files_source import FilesSource
from ztoe_billing_tables.settings import FilesSettings
from ztoe_hub import AdapterContext
from ztoe_hub.ports import BillingSource
from ztoe_hub.testing.contexts import adapter_context
from ztoe_hub.values import Page, Record, Rejected, Stream

LATER = timedelta(hours=1)  # the folder is looked at when its files have settled


class Site:
    """One source of files: its folder, its mapping, and what a test does to them."""

    def __init__(self, place: Path, context: AdapterContext) -> None:
        self.place = place
        self.folder = place / "drop"
        self.folder.mkdir()
        self.mapping = place / "site.yaml"
        self._context = context

    def drop(self, name: str, content: bytes | str, *, age_s: float = 3600) -> Path:
        """Put a file into the folder, `age_s` seconds ago."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        then = path.stat().st_mtime - age_s
        os.utime(path, (then, then))
        return path

    def source(self, streams: Mapping[str, Any] | str, **settings: object) -> FilesSource:
        """A source with this mapping: the YAML's text, or its streams (JSON is YAML)."""
        text = streams if isinstance(streams, str) else json.dumps({"streams": streams}, ensure_ascii=False)
        self.mapping.write_text(text, "utf-8")
        given: dict[str, object] = {"folder": self.folder, "mapping": self.mapping}
        return FilesSource(FilesSettings.model_validate(given | settings), self._context)

    def names(self, folder: str = "drop") -> list[str]:
        """What lies in a folder, sorted."""
        place = self.place / folder
        return sorted(path.name for path in place.iterdir()) if place.exists() else []


@pytest.fixture
def context() -> Iterator[AdapterContext]:
    made = adapter_context(clock=lambda: datetime.now(UTC) + LATER, sleep=lambda _: None)
    yield made
    made.http.close()


@pytest.fixture
def site(tmp_path: Path, context: AdapterContext) -> Site:
    return Site(tmp_path, context)


class Read:
    """Everything that one read of a stream gave, raw rows decoded."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = pages
        self.last = pages[-1]
        self.records: list[Record] = []
        self.rejected: list[Rejected] = []
        for page in pages:
            self.rejected += page.rejected
            self.records += page.records
            for index in range(len(page.rows.keys)) if page.rows else ():
                assert page.rows is not None
                found = page.rows.decode(index)
                if isinstance(found, Rejected):
                    self.rejected.append(found)
                elif found is not None:
                    assert found.key == page.rows.keys[index]
                    self.records.append(found)

    @property
    def prints(self) -> dict[str | None, int]:
        """Fingerprints by key."""
        return {
            key: print_
            for page in self.pages
            if page.rows
            for key, print_ in zip(page.rows.keys, page.rows.fingerprints, strict=True)
        }

    @property
    def reasons(self) -> list[tuple[str, str | None, str | None, str]]:
        return [(each.place, each.key, each.field, each.reason) for each in self.rejected]


ReadAll = Callable[[BillingSource, Stream], Read]


@pytest.fixture
def read_all() -> ReadAll:
    return lambda source, stream: Read([*source.read(stream, None)])


def _dbf(
    fields: Sequence[tuple[str, str, int, int]],
    rows: Sequence[Sequence[str]],
    *,
    encoding: str = "cp1125",
    language: int = 0,
    deleted: frozenset[int] = frozenset(),
    end: bytes = b"\x1a",
    count: int | None = None,
) -> bytes:
    record = 1 + sum(length for _, _, length, _ in fields)
    header = 32 + 32 * len(fields) + 1
    made = bytearray((3, 126, 10, 31))
    made += (len(rows) if count is None else count).to_bytes(4, "little")
    made += header.to_bytes(2, "little") + record.to_bytes(2, "little") + bytes(17) + bytes((language, 0, 0))
    for name, kind, length, places in fields:
        made += (
            name.encode().ljust(11, b"\0") + kind.encode() + bytes(4) + bytes((length, places)) + bytes(14)
        )
    made += b"\r"
    for at, row in enumerate(rows):
        made += b"*" if at in deleted else b" "
        for value, (_, kind, length, _) in zip(row, fields, strict=True):
            raw = value.encode(encoding)
            made += raw.rjust(length) if kind == "N" else raw.ljust(length)
    return bytes(made) + end


@pytest.fixture
def dbf() -> Callable[..., bytes]:
    """Writes a dBase table."""
    return _dbf


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
FIXED = {
    "[Content_Types].xml": (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>',
}


def _cell(place: str, value: object) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
        days = (moment - datetime(1899, 12, 30)) / timedelta(days=1)  # noqa: DTZ001
        return f'<c r="{place}" s="1"><v>{days!r}</v></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>' if value is not None else ""


def _xlsx(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    listed, related = "", ""
    parts = dict(FIXED)
    for at, (name, rows) in enumerate(sheets.items(), 1):
        listed += f'<sheet name="{name}" sheetId="{at}" r:id="s{at}"/>'
        related += f'<Relationship Id="s{at}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        body = "".join(
            f'<row r="{row}">{"".join(_cell(f"{chr(65 + column)}{row}", v) for column, v in enumerate(cells))}</row>'
            for row, cells in enumerate(rows, 1)
        )
        parts[f"xl/worksheets/sheet{at}.xml"] = (
            f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'
        )
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
    )
    related += f'<Relationship Id="st" Type="{OFFICE}/styles" Target="styles.xml"/>'
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{PACKAGE}/relationships">{related}</Relationships>'
    )
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


@pytest.fixture
def xlsx() -> Callable[[Mapping[str, Sequence[Sequence[object]]]], bytes]:
    """Writes a workbook."""
    return _xlsx


@pytest.fixture
def data() -> Path:
    """The samples."""
    return Path(__file__).parent / "data"
