"""Writes records as 1C writes them: JSON with exact decimals, or a plain Atom feed."""

import datetime as dt
import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from .errors import M
from .schema import Edm, EntitySet, Field, Value, decimal_text

ATOM = "http://www.w3.org/2005/Atom"
D = "http://schemas.microsoft.com/ado/2007/08/dataservices"
Present = Callable[[str, str], str]  # set name, key -> presentation
_quote = json.encoder.encode_basestring


def text_of(field: Field, value: Value) -> str:
    """The value as plain text, the way Atom shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Decimal):
        return decimal_text(value)
    return str(value).ljust(field.padded)


def json_of(field: Field, value: Value) -> str:
    """The value as JSON text: Int64 is a string, a Double is a number written out."""
    if value is None:
        return "null"
    text = text_of(field, value)
    if field.type in (Edm.BOOLEAN, Edm.INT16, Edm.DOUBLE):
        return text
    return _quote(text)


class Writer:
    """Writes the records of one set with the chosen fields and presentations."""

    def __init__(
        self, entity_set: EntitySet, shown: list[Field], presented: list[Field], present: Present
    ) -> None:
        self._set = entity_set
        self._shown = [(_quote(field.name) + ": ", field) for field in shown]
        self._presented = presented
        self._present = present

    def _presentation(self, field: Field, record: Any) -> tuple[str, str]:
        name = "Ref" if field.name == "Ref_Key" else field.navigation
        return f"{name}____Presentation", self._present(field.target, str(field.get(record)))

    def json_object(self, record: Any, *, links: bool) -> str:
        parts = [name + json_of(field, field.get(record)) for name, field in self._shown]
        if links and self._set.key:
            parts += [
                self._link(field, record) for _, field in self._shown if field.navigation not in ("", "Ref")
            ]
        for field in self._presented:
            name, text = self._presentation(field, record)
            parts.append(f"{_quote(name)}: {_quote(text)}")
        return "{" + ", ".join(parts) + "}"

    def _link(self, field: Field, record: Any) -> str:
        name = f"{field.navigation}@navigationLinkUrl"
        key = self._set.key(record) if self._set.key else ""
        return f"{_quote(name)}: {_quote(f'''{self._set.name}(guid'{key}')/{field.navigation}''')}"

    def json_list(self, records: Iterable[Any], *, root: str, metadata: bool, count: int | None) -> str:
        head = [f'"odata.metadata": {_quote(f"{root}$metadata#{self._set.name}")}'] if metadata else []
        if count is not None:
            head.append(f'"odata.count": "{count}"')
        rows = ", ".join(self.json_object(record, links=metadata) for record in records)
        return "{" + ", ".join([*head, f'"value": [{rows}]']) + "}"

    def json_single(self, record: Any, *, root: str, metadata: bool) -> str:
        text = self.json_object(record, links=metadata)
        if not metadata:
            return text
        return f'{{"odata.metadata": {_quote(f"{root}$metadata#{self._set.name}/@Element")}, {text[1:]}'

    def atom_entry(self, record: Any, *, root: str, declared: bool) -> str:
        names = f' xmlns="{ATOM}" xmlns:d="{D}" xmlns:m="{M}" xml:base="{escape(root)}"' if declared else ""
        key = self._set.key(record) if self._set.key else ""
        address = f"{self._set.name}(guid'{key}')" if key else self._set.name
        return (
            f"<entry{names}><id>{escape(root + address)}</id>"
            f'<category term="StandardODATA.{self._set.name}" scheme="{D}/scheme"/><title type="text"/>'
            f'<author/><summary/><link rel="edit" href="{address}" title="edit-link"/>'
            f'<content type="application/xml"><m:properties>{self._properties(record)}</m:properties></content>'
            "</entry>"
        )

    def _properties(self, record: Any) -> str:
        parts = [_property(field, field.get(record)) for _, field in self._shown]
        parts += [_element(*self._presentation(field, record)) for field in self._presented]
        return "".join(parts)

    def atom_feed(self, records: Iterable[Any], *, root: str, count: int | None) -> str:
        counted = f"<m:count>{count}</m:count>" if count is not None else ""
        entries = "".join(self.atom_entry(record, root=root, declared=False) for record in records)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="{ATOM}" xmlns:d="{D}" xmlns:m="{M}" '
            f'xml:base="{escape(root)}"><id>{escape(root + self._set.name)}</id>'
            f'<title type="text"/>{counted}{entries}</feed>'
        )


def _property(field: Field, value: Value) -> str:
    return (
        f'<d:{field.name} m:null="true"/>' if value is None else _element(field.name, text_of(field, value))
    )


def _element(name: str, text: str) -> str:
    return f"<d:{name}>{escape(text)}</d:{name}>" if text else f"<d:{name}/>"
