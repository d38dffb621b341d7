"""How a set is described: the one table that $metadata, filters, order and output are made from."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

Value = str | int | bool | Decimal | dt.datetime | None


class Edm(StrEnum):
    GUID = "Edm.Guid"
    STRING = "Edm.String"
    DATETIME = "Edm.DateTime"
    BOOLEAN = "Edm.Boolean"
    INT16 = "Edm.Int16"
    INT64 = "Edm.Int64"
    DOUBLE = "Edm.Double"


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute. `padded` is the length of a fixed-length string; `target` the set a reference leads to."""

    name: str
    type: Edm
    get: Callable[[Any], Value]
    nullable: bool = True
    padded: int = 0
    target: str = ""
    composite: bool = False
    longest: int = 0  # what is longer is cut without a word

    @property
    def navigation(self) -> str:
        """The name of the reference without _Key, or nothing."""
        return self.name.removesuffix("_Key") if self.target else ""


@dataclass(frozen=True, slots=True)
class EntitySet:
    """A catalog, a document or the rows of a virtual table."""

    name: str
    fields: tuple[Field, ...]
    presentation: Callable[[Any], str]
    key: Callable[[Any], str] | None = None
    key_fields: tuple[str, ...] = ("Ref_Key",)

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)


def decimal_text(value: Decimal) -> str:
    """A number as 1C writes it: 1000, 3535.56, 0.1; never an exponent, never float noise."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(kopecks: int) -> Decimal:
    return Decimal(kopecks).scaleb(-2)
