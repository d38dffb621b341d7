"""The core's commands, by name."""

from __future__ import annotations

from .lazy import Command

COMMANDS = (
    Command("init", "ztoe_hub.cli.init:init", "Write a first settings file and its secret key."),
    Command("work", "ztoe_hub.cli.work:work", "Run the work: sign, notify, import, follow orders."),
    Command("sync", "ztoe_hub.cli.sync:sync", "Import from billing now."),
    Command("import", "ztoe_hub.cli.import_file:import_file", "Import one file, or look at what is in it."),
    Command("check", "ztoe_hub.cli.check:check", "Check the settings, the database and every provider."),
    Command("users", "ztoe_hub.cli.users:app", "Add, list and block users."),
    Command("signing", "ztoe_hub.cli.signing:app", "See documents under way; decide on doubtful signatures."),
    Command("outbox", "ztoe_hub.cli.outbox:app", "See work that waits or is parked; try it again."),
    Command("plugins", "ztoe_hub.cli.plugins:app", "List plugins and check configured instances."),
    Command("db", "ztoe_hub.cli.db:app", "Bring the database up to date."),
)
