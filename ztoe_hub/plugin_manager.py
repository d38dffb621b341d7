"""Finds plugins, builds the configured instances, and fails loudly when something does not fit."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

import pluggy
from pydantic import BaseModel, TypeAdapter, ValidationError

from . import hookspecs
from .errors import ConfigurationError
from .outgoing import Limits, Outgoing
from .ports import (
    AdapterContext,
    AdapterType,
    BillingSource,
    NotificationChannel,
    SignatureReader,
    SigningService,
)
from .settings import InstanceSettings, Settings
from .settings_file import explain
from .values import Title

ENTRY_POINTS = "ztoe_hub"
T = TypeVar("T")

#: Which hook offers the types of which kind of instance.
HOOK_OF = {
    "signing": "signing_services",
    "notifications": "notification_channels",
    "billing": "billing_sources",
    "signatures": "signature_readers",
    "listeners": "listeners",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance(Generic[T]):
    """A configured, built adapter."""

    name: str
    type: str
    title: Title
    adapter: T


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """Everything that is configured, by name, in the order of the settings file."""

    signing: Mapping[str, Instance[SigningService]]
    notifications: Mapping[str, Instance[NotificationChannel]]
    billing: Mapping[str, Instance[BillingSource]]
    signatures: Mapping[str, Instance[SignatureReader]]
    clients: tuple[Outgoing, ...]

    def close(self) -> None:
        """Close the instances' connections."""
        for client in self.clients:
            client.close()


def discover_plugins(*, skip_broken: bool = False, warn: Callable[[str], None]) -> list[tuple[str, object]]:
    """Import every plugin that is installed. One that cannot be imported stops the start-up, or is left out."""
    found: list[tuple[str, object]] = []
    for entry_point in sorted(entry_points(group=ENTRY_POINTS), key=lambda each: each.name):
        try:
            found.append((entry_point.name, entry_point.load()))
        except Exception as error:  # a plugin may fail in any way at import
            distribution = entry_point.dist.name if entry_point.dist else "?"
            text = f"plugin {entry_point.name} ({distribution}) cannot be imported: {error!r}"
            if not skip_broken:
                raise ConfigurationError(
                    f"{text}. Mend or uninstall it, or start with --skip-broken-plugins."
                ) from error
            warn(text)
    return found


def build_plugin_manager(plugins: Iterable[tuple[str, object]]) -> pluggy.PluginManager:
    """A manager with these plugins, each of whose hooks exists. Raises ConfigurationError otherwise."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for name, plugin in plugins:
        try:
            manager.register(plugin, name=name)
        except (ValueError, pluggy.PluginValidationError) as error:
            raise ConfigurationError(f"plugin {name} does not fit: {error}") from error
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise ConfigurationError(
            f"{error}. The hooks are {', '.join(sorted(_hook_names()))}; is one misspelt?"
        ) from error
    return manager


def _hook_names() -> list[str]:
    marker = f"{hookspecs.PROJECT}_spec"
    return [name for name, value in inspect.getmembers(hookspecs) if hasattr(value, marker)]


def adapter_types(manager: pluggy.PluginManager, kind: str) -> dict[str, AdapterType[Any]]:
    """The types that plugins offer for one kind of instance, by name. Two of one name are an error."""
    offered: dict[str, AdapterType[Any]] = {}
    owners: dict[str, str] = {}
    for implementation in getattr(manager.hook, HOOK_OF[kind]).get_hookimpls():
        for adapter_type in implementation.function():
            name = adapter_type.name
            if name in offered:
                raise ConfigurationError(
                    f"plugins {owners[name]} and {implementation.plugin_name} both offer the {kind} type "
                    f"{name!r}; uninstall one of them"
                )
            offered[name] = adapter_type
            owners[name] = implementation.plugin_name
    return offered


def build_instances(
    manager: pluggy.PluginManager,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> Instances:
    """Build what the settings name, and register the listeners. Raises ConfigurationError; opens no connection."""
    built: dict[str, dict[str, Instance[Any]]] = {kind: {} for kind in HOOK_OF}
    clients: list[Outgoing] = []
    for kind in HOOK_OF:
        types = adapter_types(manager, kind)
        for table in (each for each in settings.instances if each.kind == kind):
            instance, client = _build(table, types, settings, clock, sleep)
            built[kind][table.name] = instance
            clients.append(client)
    for name, instance in built["listeners"].items():
        _register_listener(manager, f"listeners.{name}", instance.adapter)
    return Instances(
        signing=built["signing"],
        notifications=built["notifications"],
        billing=built["billing"],
        signatures=built["signatures"],
        clients=tuple(clients),
    )


def _register_listener(manager: pluggy.PluginManager, name: str, listener: object) -> None:
    try:
        manager.register(listener, name=name)
        manager.check_pending()
    except (ValueError, pluggy.PluginValidationError) as error:
        raise ConfigurationError(f"{name} does not fit the event hooks: {error}") from error


def _build(
    table: InstanceSettings,
    types: Mapping[str, AdapterType[Any]],
    settings: Settings,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> tuple[Instance[Any], Outgoing]:
    where = f"{table.kind}.{table.name}"
    adapter_type = types.get(table.type)
    if adapter_type is None:
        known = ", ".join(sorted(types)) or "none: is the plugin installed?"
        raise ConfigurationError(
            f"{settings.path}: {where}.type: no plugin offers {table.type!r}; offered are {known}"
        )
    try:
        options = adapter_type.settings.model_validate(dict(table.options))
    except ValidationError as error:
        raise ConfigurationError(explain(error, settings.path, adapter_type.settings, where)) from error
    title = Title(uk=table.title.uk, en=table.title.en)
    http = _way_out(adapter_type.limits, table, settings, sleep)
    context = AdapterContext(name=table.name, title=title, http=http, clock=clock, sleep=sleep)
    try:
        adapter = adapter_type.build(options, context)
    except ConfigurationError as error:
        http.close()
        raise ConfigurationError(f"{settings.path}: {where}: {error}") from error
    return Instance(name=table.name, type=table.type, title=title, adapter=adapter), http


def _way_out(
    defaults: Limits, table: InstanceSettings, settings: Settings, sleep: Callable[[float], None]
) -> Outgoing:
    limits = _limits(defaults, table, settings)
    try:
        return Outgoing(table.name, limits, sleep=sleep)
    except (OSError, ValueError) as error:  # a CA bundle that cannot be read, a proxy that is no address
        remedy = f"ca_bundle or proxy cannot be used ({type(error).__name__})"
        raise ConfigurationError(f"{settings.path}: {table.kind}.{table.name}.http: {remedy}") from error


def _limits(defaults: Limits, table: InstanceSettings, settings: Settings) -> Limits:
    known = set(Limits.__dataclass_fields__)
    for key in table.http:
        if key not in known:
            raise ConfigurationError(
                f"{settings.path}: {table.kind}.{table.name}.http.{key}: unknown key; known are {', '.join(sorted(known))}"
            )
    try:
        limits = TypeAdapter(Limits).validate_python({**asdict(defaults), **table.http})
    except ValidationError as error:
        where = f"{table.kind}.{table.name}.http"
        raise ConfigurationError(explain(error, settings.path, BaseModel, where)) from error
    _require_positive(limits, table, settings)
    return replace(limits, ca_bundle=settings.path.parent / limits.ca_bundle) if limits.ca_bundle else limits


def _require_positive(limits: Limits, table: InstanceSettings, settings: Settings) -> None:
    for key, value in asdict(limits).items():
        if isinstance(value, int | float) and value <= 0:
            raise ConfigurationError(
                f"{settings.path}: {table.kind}.{table.name}.http.{key}: it has to be more than 0"
            )
