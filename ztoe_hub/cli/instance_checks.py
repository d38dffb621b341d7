"""Live checks of configured instances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ztoe_hub.errors import HubError
from ztoe_hub.hub import Hub
from ztoe_hub.values import Health


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, as one line."""

    ok: bool
    line: str


def check_instances(hub: Hub, *, only: str | None = None) -> list[Finding]:
    """Reach every provider (or one) and log in."""
    checks: dict[str, Callable[[], Health]] = {}
    for name, service in hub.instances.signing.items():
        checks[f"signing.{name}"] = service.adapter.check
    for name, channel in hub.instances.notifications.items():
        checks[f"notifications.{name}"] = channel.adapter.check
    for name, source in hub.instances.billing.items():
        checks[f"billing.{name}"] = source.adapter.check
    return [_check(name, call) for name, call in checks.items() if only is None or name.endswith(f".{only}")]


def _check(name: str, call: Callable[[], Health]) -> Finding:
    try:
        health = call()
    except HubError as error:
        return Finding(False, f"{name}: {error}")
    return Finding(health.ok, f"{name}: {'ok' if health.ok else 'FAILED'}: {health.detail}")
