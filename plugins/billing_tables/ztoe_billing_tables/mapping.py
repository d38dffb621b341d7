"""A site's mapping file: which files make which stream, and which of their columns is which field."""

from __future__ import annotations

import enum
from datetime import date
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ztoe_hub.values import Stream

from .encodings import Encoding
from .fields import BALANCE_HALVES, FIELDS, Kind

Scalar = str | int | float | bool | date
Name = (
    Annotated[str, Field(min_length=1)] | Annotated[int, Field(ge=1)]
)  # a column by its header, or by its place


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _column(value: object) -> object:
    return value if isinstance(value, dict | BaseModel) else {"column": value}


Candidates = Annotated[tuple[Name, ...], BeforeValidator(_listed), Field(min_length=1)]
Parts = Annotated[tuple[Candidates, ...], BeforeValidator(_listed)]
Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Strict(BaseModel):
    """A misspelt key is an error; nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=False)


class Format(enum.StrEnum):
    """What a file is."""

    CSV = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    DBF = "dbf"
    ENTERPRISEDATA = "enterprisedata"
    BANK_TEXT = "bank-text"
    BANK_XML = "bank-xml"
    INLINE = "inline"  # the rows stand in the mapping itself


OBJECTS = frozenset({Format.ENTERPRISEDATA, Format.BANK_TEXT, Format.BANK_XML})
BANK = frozenset({Format.BANK_TEXT, Format.BANK_XML})
SHEETS = frozenset({Format.XLSX, Format.XLS})


class Mode(enum.StrEnum):
    """What a file says of rows that it does not have."""

    SNAPSHOT = "snapshot"  # they are gone: the newest file is the whole stream
    MONTHS = "months"  # they are gone from its earliest month on; older months stay
    APPEND = "append"  # nothing: every file only adds


class DecimalStyle(enum.StrEnum):
    """Which sign divides whole from fraction; auto takes the last separator."""

    AUTO = "auto"
    COMMA = "comma"
    DOT = "dot"


class Column(Strict):
    """Where a field comes from: the first of `column` that the file has, or the columns of `join` as a key."""

    column: Annotated[tuple[Name, ...], BeforeValidator(_listed)] = ()
    join: Parts = ()
    negate: bool = False
    decimal: DecimalStyle | None = None
    optional: bool = False  # the file may lack the column

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.column) == bool(self.join):
            raise ValueError("give either `column` or `join`")
        return self


class Filter(Strict):
    """Rows that do not fit are not rows of the stream: totals, other kinds, folders."""

    column: Candidates
    equals: Words | None = None
    differs: Words | None = None
    empty: bool | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if sum(each is not None for each in (self.equals, self.differs, self.empty)) != 1:
            raise ValueError("give one of `equals`, `differs`, `empty`")
        return self


class StreamMapping(Strict):
    """One stream: its files, how they are written, and its fields."""

    files: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    format: Format
    encoding: Encoding | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    sheet: str | Annotated[int, Field(ge=1)] | None = None
    header_row: Annotated[int, Field(ge=0, le=1000)] = 1  # 0: no header, columns by place
    columns: dict[str, Annotated[Column, BeforeValidator(_column)]] = {}
    key: Parts = ()
    defaults: dict[str, Scalar] = {}
    words: dict[str, dict[str, str]] = {}
    decimal: DecimalStyle = DecimalStyle.AUTO
    filters: tuple[Filter, ...] = ()
    mode: Mode = Mode.SNAPSHOT
    repeats: Annotated[str, Field(pattern="^(reject|skip)$")] = "reject"
    objects: Words = ()
    own_accounts: Words = ()
    rows: tuple[dict[str, Scalar], ...] = ()

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        inline = self.format is Format.INLINE
        if inline != bool(self.rows) or inline == bool(self.files):
            raise ValueError("`inline` has `rows`, every other format has `files`")
        if self.format not in OBJECTS and not inline and not (self.key and self.columns):
            raise ValueError("`columns` and `key` say which column is which")
        if self.objects and self.format is not Format.ENTERPRISEDATA:
            raise ValueError("`objects` belongs to enterprisedata")
        return self


class Mapping(Strict):
    """The whole file."""

    streams: Annotated[dict[Stream, StreamMapping], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        for stream, entry in self.streams.items():
            for place, message in _misfits(stream, entry):
                raise Misfit(("streams", stream.value, *place), message)
        return self


class Misfit(ValueError):
    """What is wrong, and at which key of the file."""

    def __init__(self, place: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


def _misfits(stream: Stream, entry: StreamMapping) -> list[tuple[tuple[str | int, ...], str]]:
    """Fields that the stream does not have, words that are not ours, numbers where text must keep its zeros."""
    known = FIELDS[stream]
    named: list[tuple[tuple[str | int, ...], str, Any]] = [
        *((("columns", name), name, None) for name in entry.columns),
        *((("defaults", name), name, value) for name, value in entry.defaults.items()),
        *((("words", name), name, None) for name in entry.words),
        *(
            (("rows", at, name), name, value)
            for at, row in enumerate(entry.rows)
            for name, value in row.items()
        ),
    ]
    found: list[tuple[tuple[str | int, ...], str]] = []
    for place, name, value in named:
        field = known.get(name)
        if name == "key" and place[0] == "rows":
            if not isinstance(value, str):
                found.append((place, "a key is text: write it in quotes"))
        elif field is None:
            found.append((place, f"{stream} has no such field; it has {', '.join(known)}"))
        elif field.kind is Kind.TEXT and value is not None and not isinstance(value, str):
            found.append((place, "is text: write it in quotes, or its zeros are lost"))
        elif place[0] == "words":
            found += [
                ((*place, theirs), f"{ours!r} is none of {', '.join(field.words or ())}")
                for theirs, ours in entry.words[name].items()
                if not field.words or ours not in list(field.words)
            ]
    found += [
        (("rows", at), f"has no {name}")
        for at, row in enumerate(entry.rows)
        for name in ("key", *(each.name for each in known.values() if each.required))
        if name not in row and name not in entry.defaults
    ]
    if entry.mode is Mode.MONTHS and "period" not in known:
        found.append((("mode",), f"{stream} has no period, so `months` means nothing"))
    found += [(("columns",), f"no column or default for {name}") for name in _lacking(stream, entry)]
    return found


def _lacking(stream: Stream, entry: StreamMapping) -> list[str]:
    """Required fields that nothing gives; files of objects have columns of their own."""
    if entry.format in OBJECTS or entry.format is Format.INLINE:
        return []
    given = {*entry.columns, *entry.defaults}
    return [
        name
        for name, field in FIELDS[stream].items()
        if field.required and name not in given and BALANCE_HALVES.get(name) not in given
    ]
