"""A folder of invoice PDFs, matched by their names to what an invoice's key says of it."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from datetime import date
from glob import escape
from pathlib import Path

from ztoe_hub.errors import ConfigurationError, ItemRejected, ProviderMisconfigured, TransientError
from ztoe_hub.values import Artifact

from .converters import BadCell, month
from .keys import join_key, split_key
from .mapping import StreamMapping

PDF = b"%PDF-"
UNSAFE = dict.fromkeys(map(ord, '/\\:*?"<>|\x00'), "_")
PERIOD = "%Y-%m"
FIELDS = {"number": "number", "period": "period", "account": "account_key"}


class InvoicePdfs:
    """Finds the PDF of an invoice. Keeps nothing: all it knows of an invoice is its key."""

    def __init__(
        self,
        folder: Path,
        pattern: str,
        entry: StreamMapping,
        *,
        most_bytes: int,
        is_settled: Callable[[Path], bool],
    ) -> None:
        self._folder = folder
        self._count = len(entry.key)
        self._most_bytes = most_bytes
        self._is_settled = is_settled
        try:
            parsed = list(string.Formatter().parse(pattern))
        except ValueError as error:
            raise ConfigurationError(f"invoices_pattern {pattern!r}: {error}") from None
        self._pieces = [
            (literal, name, format_ or PERIOD, _places_of(name, entry) if name else ())
            for literal, name, format_, _ in parsed
        ]

    def file(self, key: str) -> Artifact:
        """The PDF of the invoice with this key. Raises ItemRejected when there is none, or more than one."""
        parts = split_key(key, self._count) if self._count else [key]
        if parts is None:
            raise ItemRejected("the key is not one of this source's invoices")
        found = self._found(self._pattern(key, parts))
        try:
            if not self._is_settled(found):
                raise TransientError(f"{found.name} is still being written")
            if found.stat().st_size > self._most_bytes:
                raise ItemRejected(f"{found.name}: more than the {self._most_bytes} bytes of a PDF")
            content = found.read_bytes()
        except OSError as error:
            raise TransientError(f"{found.name} cannot be read: {error.strerror}") from None
        if not content.startswith(PDF):
            raise ItemRejected(f"{found.name}: is not a PDF, whatever its name says")
        return Artifact(content=content)

    def _found(self, pattern: str) -> Path:
        if not self._folder.is_dir():
            raise ProviderMisconfigured(f"the folder {self._folder} is not there")
        root = self._folder.resolve()
        try:
            fitting = [
                path
                for path in self._folder.glob(pattern)
                if path.is_file() and path.resolve().is_relative_to(root) and not path.name.startswith(".")
            ]
        except (OSError, ValueError):
            fitting = []
        if not fitting:
            raise ItemRejected("there is no PDF of this invoice")
        if len(fitting) > 1:
            raise ItemRejected(f"{len(fitting)} PDFs fit this invoice: the pattern must tell them apart")
        return fitting[0]

    def _pattern(self, key: str, parts: Sequence[str]) -> str:
        made = ""
        for literal, name, format_, places in self._pieces:
            made += literal
            if name == "key":
                made += _safe(key)
            elif name:
                value = join_key([parts[place] for place in places])
                made += _safe(_month(value).strftime(format_) if name == "period" else value)
        return made


def _places_of(name: str, entry: StreamMapping) -> tuple[int, ...]:
    """Which parts of the key hold this field. Raises ConfigurationError when the key does not say it."""
    if name == "key":
        return ()
    field = FIELDS.get(name)
    if field is None:
        raise ConfigurationError(
            f"invoices_pattern knows {{key}} {{number}} {{period}} {{account}}, not {{{name}}}"
        )
    column = entry.columns.get(field)
    wanted = () if column is None else column.join or (column.column,)
    places = [
        next((at for at, part in enumerate(entry.key) if set(part) & set(candidates)), None)
        for candidates in wanted
    ]
    if not places or None in places:
        raise ConfigurationError(
            f"invoices_pattern names {{{name}}}: then the key of `invoices` must hold the column of {field}"
        )
    return tuple(place for place in places if place is not None)


def _month(value: str) -> date:
    try:
        found = month(value)
    except BadCell:
        found = None
    if found is None:
        raise ItemRejected("the key's period is not a month")
    return found


def _safe(value: str) -> str:
    """A value as a piece of a file's name: it leads to no other folder and is no pattern."""
    name = value.translate(UNSAFE)
    return escape(name if name.strip(".") else "_")
