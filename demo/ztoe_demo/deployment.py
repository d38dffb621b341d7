"""A deployment for the demonstration: a folder with settings, secrets, an imported base and users."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import httpx

from ztoe_hub.cli.opening import open_hub, settings_of
from ztoe_hub.storage.database import open_database
from ztoe_hub.storage.schema import upgrade
from ztoe_hub.storage.states import Role

CONSUMER, OPERATOR, ADMINISTRATOR = "156561010", "operator", "admin"
PASSWORD = "demo-demo-demo"  # noqa: S105  the demonstration's own
CONSUMER_EMAIL = "clienttst@meta.ua"
USERS = (
    (CONSUMER, CONSUMER_EMAIL, Role.CONSUMER),
    (OPERATOR, "operator@example.com", Role.OPERATOR),
    (ADMINISTRATOR, "admin@example.com", Role.ADMINISTRATOR),
)
SETTINGS_VARIABLE = "ZTOE_HUB_SETTINGS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where everything listens, all on loopback."""

    cabinet: str
    paperless: str
    base: str
    smtp_port: int
    inbox: str


class Deployment:
    """Runs `ztoe-hub` commands in a folder of its own."""

    def __init__(self, folder: Path, addresses: Addresses, *, cabinet_port: int) -> None:
        self.folder = folder
        self.addresses = addresses
        self._port = cabinet_port
        self.settings = folder / "ztoe-hub.toml"
        self._authority = folder / "paperless-authority.pem"
        self.environ = {**os.environ, SETTINGS_VARIABLE: str(self.settings)}

    def prepare(self) -> None:
        """Write settings, create the database, import the base, add the users. Raises HubError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "secret.key").write_text(secrets.token_urlsafe(48), "utf-8")
        authority = httpx.get(f"{self.addresses.paperless}/sandbox/ca.pem", trust_env=False)
        self._authority.write_bytes(authority.raise_for_status().content)
        self.settings.write_text(self._settings_text(), "utf-8")
        database = open_database(settings_of(self.environ).hub.database)
        upgrade(database)
        database.close()
        hub = open_hub(self.environ)
        try:
            for source in hub.instances.billing:
                hub.sync.import_by_hand(source)
            for login, email, role in USERS:
                hub.users.create(login=login, email=email, role=role, password=PASSWORD, actor="demo")
        finally:
            hub.close()

    def start(self, *arguments: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a `ztoe-hub` command that serves; its log goes to a file in the folder."""
        with (log or self.folder / f"{arguments[0]}.log").open("ab") as output:
            return subprocess.Popen(  # noqa: S603  our own command
                [sys.executable, "-m", "ztoe_hub.cli.main", *arguments],
                env=self.environ,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _settings_text(self) -> str:
        template = (files("ztoe_demo") / "demo.toml").read_text("utf-8")
        where = self.addresses
        return template.format(
            cabinet=where.cabinet,
            port=self._port,
            paperless=where.paperless,
            base=where.base,
            smtp_port=where.smtp_port,
            authority=self._authority,
        )
