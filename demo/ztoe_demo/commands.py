"""The demonstration's command, by name."""

from __future__ import annotations

from ztoe_hub.cli.lazy import Command

COMMANDS = (Command("demo", "ztoe_demo.main:demo", "Start everything on this machine and try the cabinet."),)
