"""The commands that the cabinet brings. Imported by `ztoe-hub --help`, so it imports nothing heavy."""

from __future__ import annotations

from ztoe_hub.cli.lazy import Command

COMMANDS = (
    Command("web", "ztoe_cabinet.serving:web", "Serve the cabinet."),
    Command("run", "ztoe_cabinet.supervisor:run", "Serve the cabinet and do the work, restarting what dies."),
)
