"""Reads the settings file: TOML, overridden by the environment, secrets from files, checked as a whole.

Relative paths are relative to the settings file. Instance tables stay raw until the plugin's own model
has seen them.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from .errors import ConfigurationError
from .settings import INSTANCE_KINDS, INSTANCE_NAME, InstanceSettings, Section, Settings, Text

ENV_PREFIX = "ZTOE_HUB__"


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read, override, check. Raises ConfigurationError that names file, key and remedy."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path} does not exist. `ztoe-hub init` writes one; --settings or ZTOE_HUB_SETTINGS names another."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from error
    raw.setdefault("hub", {})  # so that what is missing in it is named, and not the table
    _override(raw, environ)
    raw = _read_secret_files(raw, path, "")
    instances = tuple(_take_instances(raw, path))
    _place_paths(raw, path.parent)
    try:
        return Settings(path=path, instances=instances, **raw)
    except ValidationError as error:
        raise ConfigurationError(explain(error, path, Settings)) from error


def explain(error: ValidationError, path: Path, model: type[BaseModel], table: str = "") -> str:
    """Pydantic's findings as lines that name the file, the key and what to do. Values are not repeated."""
    lines = []
    for finding in error.errors(include_input=False, include_url=False):
        names = [str(part) for part in finding["loc"]]
        key = ".".join([*([table] if table else []), *names])
        remedy = finding["msg"]
        if finding["type"] == "extra_forbidden":
            known = _fields_beside(model, names)
            close = difflib.get_close_matches(names[-1], known, 1)
            remedy = (
                f"unknown key; did you mean {close[0]}?"
                if close
                else f"unknown key; known are {', '.join(known)}"
            )
        elif finding["type"] == "missing":
            variable = ENV_PREFIX + key.replace(".", "__").upper()
            remedy = f"missing; set it, or name a file with {names[-1]}_file, or set {variable}"
        lines.append(f"{path}: {key}: {remedy}")
    return "\n".join(lines)


def _fields_beside(model: type[BaseModel], names: list[str]) -> list[str]:
    current: Any = model
    for name in names[:-1]:
        found = current.model_fields.get(name) if hasattr(current, "model_fields") else None
        current = found.annotation if found else current
    known = {name for name in getattr(current, "model_fields", {}) if name not in ("path", "instances")}
    return sorted(known.union(INSTANCE_KINDS) if current is Settings else known)


def _override(raw: dict[str, Any], environ: Mapping[str, str]) -> None:
    for variable, value in environ.items():
        if not variable.startswith(ENV_PREFIX):
            continue
        *tables, key = variable.removeprefix(ENV_PREFIX).lower().split("__")
        target = raw
        for table in tables:
            target = target.setdefault(table, {})
            if not isinstance(target, dict):
                raise ConfigurationError(f"{variable}: {table} is not a table of the settings")
        target[key] = _parsed(value)
        target.pop(f"{key}_file", None)  # the environment has the last word


def _parsed(value: str) -> Any:
    """Lists and tables may be given as JSON; everything else stays text and is read by the models."""
    if value[:1] in "[{" and value[:1]:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _read_secret_files(table: dict[str, Any], path: Path, prefix: str) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            read[key] = _read_secret_files(value, path, f"{name}.")
        elif key.endswith("_file") and isinstance(value, str):
            plain = key.removesuffix("_file")
            if plain in table:
                raise ConfigurationError(f"{path}: {prefix}{plain} and {name} are both set; keep one")
            read[plain] = _secret_in(path.parent / value, path, name)
        else:
            read[key] = value
    return read


def _secret_in(file: Path, path: Path, name: str) -> str:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {name}: {file} cannot be read ({type(error).__name__})") from error


def _take_instances(raw: dict[str, Any], path: Path) -> list[InstanceSettings]:
    found = []
    for kind in INSTANCE_KINDS:
        tables = raw.pop(kind, {})
        if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
            raise ConfigurationError(f'{path}: {kind}: instances are tables: [{kind}.NAME] with type = "…"')
        found += [_instance(kind, name, dict(table), path) for name, table in tables.items()]
    return found


class _Common(Section):
    """What every instance table has beside the plugin's own keys."""

    name: str = Field(pattern=INSTANCE_NAME, max_length=40)
    type: str
    title: Text
    http: dict[str, Any] = Field(default_factory=dict)


def _instance(kind: str, name: str, options: dict[str, Any], path: Path) -> InstanceSettings:
    title = options.pop("title", name)
    common = {key: options.pop(key) for key in ("type", "http") if key in options}
    try:
        checked = _Common(name=name, title=_both(title), **common)
    except ValidationError as error:
        raise ConfigurationError(explain(error, path, _Common, f"{kind}.{name}")) from error
    return InstanceSettings(
        kind=kind, name=name, type=checked.type, title=checked.title, http=checked.http, options=options
    )


def _both(title: Any) -> Any:
    return {"uk": title, "en": title} if isinstance(title, str) else title


def _place_paths(raw: dict[str, Any], folder: Path) -> None:
    hub = raw.get("hub")
    if not isinstance(hub, dict):
        return
    hub["files"] = str(folder / str(hub.get("files", "files")))
    database = str(hub.get("database", "sqlite:///ztoe-hub.sqlite"))
    relative = database.removeprefix("sqlite:///")
    if database.startswith("sqlite:///") and not relative.startswith("/"):
        hub["database"] = f"sqlite:///{(folder / relative).absolute()}"
