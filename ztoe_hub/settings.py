"""Settings: one TOML file, overridden by the environment, checked as a whole before anything starts.

`ZTOE_HUB__SECTION__KEY` overrides `key` of `[section]`. `key_file = "path"` reads a secret from a file.
Relative paths are relative to the settings file. Instance tables stay raw here until the plugin's own
model has seen them.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from .errors import ConfigurationError

ENV_PREFIX = "ZTOE_HUB__"
INSTANCE_NAME = r"^[a-z][a-z0-9_]*$"


class Section(BaseModel):
    """A table of the settings file; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Section):
    """A text in both languages."""

    uk: str
    en: str


class HubSection(Section):
    """`[hub]`: where things are kept and how the hub is reached."""

    secret_key: SecretStr = Field(min_length=32, description="signs forms; the same for all processes")
    database: str = Field(default="sqlite:///ztoe-hub.sqlite", repr=False)  # its URL may hold a password
    files: Path = Field(default=Path("files"), description="folder of stored files")
    public_url: str = Field(default="http://127.0.0.1:8000", description="the cabinet's address in e-mails")
    utility: Text = Text(uk="Енергопостачальна компанія", en="Energy company")


class CabinetSection(Section):
    """`[cabinet]`: the web server and the sessions."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    threads: int = Field(default=8, ge=1)
    idle_minutes: int = Field(
        default=60, ge=1, description="a session ends when nothing was asked for so long"
    )
    session_hours: int = Field(default=12, ge=1, description="a session ends in any case")
    remember_days: int = Field(default=30, ge=1, description="with «Запам'ятати»")
    trusted_proxies: int = Field(
        default=0, ge=0, description="how many proxies stand in front and are believed"
    )
    login_attempts: int = Field(
        default=10, ge=1, description="wrong passwords a quarter of an hour, per login"
    )


class WorkSection(Section):
    """`[work]`: how work is run."""

    threads: int = Field(default=4, ge=1)
    lease_seconds: float = Field(default=30, gt=0, description="how long a dead worker's work stays with it")
    poll_seconds: float = Field(default=0.1, gt=0)
    sign_poll_seconds: float = Field(default=20, gt=0, description="a fresh document is looked at so often")
    order_poll_seconds: float = Field(
        default=60, gt=0, description="billing is asked for order updates so often"
    )
    import_hours: float = Field(default=24, gt=0, description="billing is imported so often")


class ServiceKind(Section):
    """`[[services]]`: a commercial-metering service that can be ordered."""

    code: str = Field(pattern=r"^[a-z0-9_-]+$")
    title: Text
    request: str = Field(description="what the application asks for, in Ukrainian: «Прошу …»")


class OrdersSection(Section):
    """`[orders]`: what the application's file name and the order form are made of."""

    document_type: str = Field(default="53", pattern=r"^[0-9A-Za-z]+$")
    voltage_classes_kv: tuple[str, ...] = ("0.4", "6", "10", "35", "110")


class SigningRoute(Section):
    """`[[routes.signing]]`: which instance a new document goes to; the first match wins."""

    service: str
    origin: Literal["application", "invoice"] | None = None
    district: str | None = Field(default=None, description="the district's code")


class RoutesSection(Section):
    """`[routes]`."""

    signing: tuple[SigningRoute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSettings:
    """One configured instance of an adapter type, its own options still unchecked."""

    kind: str  # signing, notifications, …
    name: str
    type: str
    title: Text
    http: Mapping[str, Any] = field(repr=False)  # a proxy's address may hold a password
    options: Mapping[str, Any] = field(repr=False)


INSTANCE_KINDS = ("signing", "notifications", "billing", "signatures", "listeners")


class Settings(Section):
    """Everything a deployment says. `path` is the file it came from."""

    path: Path
    hub: HubSection
    cabinet: CabinetSection = CabinetSection()
    work: WorkSection = WorkSection()
    orders: OrdersSection = OrdersSection()
    routes: RoutesSection = RoutesSection()
    services: tuple[ServiceKind, ...] = ()
    instances: tuple[InstanceSettings, ...] = ()

    @field_validator("services")
    @classmethod
    def _codes_are_unique(cls, services: tuple[ServiceKind, ...]) -> tuple[ServiceKind, ...]:
        codes = [service.code for service in services]
        if len(codes) != len(set(codes)):
            raise ValueError("two services have one code")
        return services

    def service(self, code: str) -> ServiceKind | None:
        """The service with this code, if it is (still) offered."""
        return next((service for service in self.services if service.code == code), None)


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
    http: dict[str, Any] = {}


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
