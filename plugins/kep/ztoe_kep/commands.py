"""This plugin's commands, by name."""

from __future__ import annotations

from ztoe_hub.cli.lazy import Command

COMMANDS = (
    Command("signature", "ztoe_kep.show:app", "Show who signed a container, and what holds in it."),
    Command("trust", "ztoe_kep.authorities:app", "Show trusted roots; import a bundle of authorities."),
)
