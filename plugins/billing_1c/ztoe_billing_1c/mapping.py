"""What sets, fields and words are called in one 1C base: a YAML file per site over the built-in one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from ztoe_hub.errors import ConfigurationError
from ztoe_hub.values import Article, EnergyKind, InvoiceKind, Stream

from .rows import ROWS

Name = Annotated[str, Field(min_length=1)]
_RECORDER = re.compile(r"\bRecorder(_Key|_Type)?\b")
LARGEST_FILE = 1024 * 1024
TABLE_FIELDS = ("account", "article", "amount")  # of the statement's register


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldMapping(_Part):
    """Candidate names of a field; without any, and without a constant, the base has no such field."""

    names: tuple[Name, ...] = ()
    default: str | None = None  # where the base has none of the names
    constant: str | None = None

    @property
    def given(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.names) or self.constant is not None


def _field(value: object) -> object:
    if value is None:
        return {}
    if isinstance(value, str):
        return {"names": [value]}
    return {"names": value} if isinstance(value, list) else value


def _honest(condition: str | None) -> str | None:
    """1C answers a comparison with Recorder by no rows at all, and no word of it: everything would have vanished."""
    if condition is not None and _RECORDER.search(condition):
        raise ValueError("a condition on Recorder finds nothing in 1C")
    return condition


Condition = Annotated[str | None, AfterValidator(_honest)]
Fields = dict[str, Annotated[FieldMapping, BeforeValidator(_field)]]


class SetMapping(_Part):
    """An entity set that is a stream. `order` names our fields; the key comes last of itself."""

    set: Name
    key: tuple[Name, ...] = ("Ref_Key",)
    order: tuple[str, ...] = ()
    folder: str | None = (
        None  # the flag of a hierarchical catalog; asking a flat one for it is an error in 1C
    )
    date: str | None = None  # of a document: it is read by windows of this date
    filter: Condition = None  # an OData condition that is added as it stands
    fields: Fields


class StatementMapping(_Part):
    """The register of settlements: its dimensions (without `_Key`), its resource, and what restricts it."""

    register_: Name = Field(alias="register")
    condition: Condition = None
    fields: Fields

    @model_validator(mode="after")
    def _whole(self) -> StatementMapping:
        _check_fields(self.fields, TABLE_FIELDS, TABLE_FIELDS, "statement_lines")
        return self


class Words(_Part):
    """The words of enumerations, theirs -> ours. A word that is not listed is rejected, never guessed."""

    energy_kinds: dict[str, EnergyKind]
    articles: dict[str, Article]
    invoice_kinds: dict[str, InvoiceKind]


class ReadingsMapping(_Part):
    """The register that takes readings, and the words of its verdicts."""

    register_: Name = Field(alias="register")
    fields: dict[str, str | None]
    states: dict[str, Literal["accepted", "refused"]]


class SiteMapping(_Part):
    """All of it."""

    version: Literal[1]
    streams: dict[Stream, SetMapping | StatementMapping | None]
    words: Words
    readings: ReadingsMapping

    @model_validator(mode="after")
    def _known_fields(self) -> SiteMapping:
        for stream, found in self.sets().items():
            known = msgspec.structs.fields(ROWS[stream])
            needed = [field.name for field in known if field.required]
            _check_fields(found.fields, [field.name for field in known], needed, stream)
            unknown = [name for name in found.order if name not in found.fields]
            if unknown:
                raise ValueError(f"{stream}: order names {unknown[0]}, which is no field of it")
        if not isinstance(self.streams.get(Stream.STATEMENT_LINES), StatementMapping | None):
            raise ValueError("statement_lines: a register is expected")
        return self

    def sets(self) -> Mapping[Stream, SetMapping]:
        """The streams that are sets."""
        return {stream: found for stream, found in self.streams.items() if isinstance(found, SetMapping)}

    @property
    def statement(self) -> StatementMapping | None:
        """The register of settlements, where the base has one."""
        found = self.streams.get(Stream.STATEMENT_LINES)
        return found if isinstance(found, StatementMapping) else None


def _check_fields(fields: Fields, known: Sequence[str], needed: Sequence[str], where: str) -> None:
    for name in fields:
        if name not in known:
            raise ValueError(f"{where}: there is no field {name}; there are: {', '.join(known)}")
    for name in needed:
        if name not in fields or not fields[name].given:
            raise ValueError(f"{where}: {name} is needed")


def load_mapping(path: Path | None) -> SiteMapping:
    """The mapping of a site: its file over the built-in one. Raises ConfigurationError naming file and key."""
    built_in = yaml.safe_load(
        resources.files(__package__).joinpath("default_mapping.yaml").read_text("utf-8")
    )
    site = _read(path) if path is not None else {}
    try:
        return SiteMapping.model_validate(_over(built_in, site))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors()
        )
        raise ConfigurationError(f"{path}: {problems}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigurationError(f"{path}: larger than {LARGEST_FILE} bytes")
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({type(error).__name__})") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: is no YAML: {error}") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path}: a table with `streams`, `words` or `readings` is expected")
    return found


def _over(built_in: Mapping[str, Any], site: Mapping[str, Any]) -> dict[str, Any]:
    """A stream's settings and fields are changed one by one; lists, words and whole fields are replaced."""
    streams = dict(built_in["streams"])
    for stream, found in (site.get("streams") or {}).items():
        streams[stream] = _part_over(streams.get(stream), found)
    return {
        **built_in,
        **site,
        "streams": streams,
        "words": {**built_in["words"], **(site.get("words") or {})},
        "readings": _part_over(built_in["readings"], site.get("readings") or {}),
    }


def _part_over(built_in: Any, site: Any) -> Any:
    if not isinstance(built_in, dict) or not isinstance(site, dict):
        return site
    fields = {**built_in.get("fields", {}), **(site.get("fields") or {})}
    return {**built_in, **site, "fields": fields}
