"""A deployment for the demonstration: a folder with settings, secrets, an imported base and users."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

CONSUMER, OPERATOR, ADMINISTRATOR = "156561010", "operator", "admin"
PASSWORD = "demo-demo-demo"  # noqa: S105  the demonstration's own
CONSUMER_EMAIL = "clienttst@meta.ua"
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
        self.environ = {**os.environ, SETTINGS_VARIABLE: str(self.settings)}

    def prepare(self) -> None:
        """Write settings, create the database, import the base, add the users."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "secret.key").write_text(secrets.token_urlsafe(48), "utf-8")
        self.settings.write_text(self._settings_text(), "utf-8")
        self.hub("db", "upgrade")
        self.hub("sync")
        self._add_user(CONSUMER, CONSUMER_EMAIL, "consumer")
        self._add_user(OPERATOR, "operator@example.com", "operator")
        self._add_user(ADMINISTRATOR, "admin@example.com", "administrator")

    def hub(self, *arguments: str, input_text: str | None = None) -> str:
        """Run a `ztoe-hub` command to its end. Raises CalledProcessError."""
        done = subprocess.run(  # noqa: S603  our own command
            [sys.executable, "-m", "ztoe_hub.cli.main", *arguments],
            env=self.environ,
            cwd=self.folder,
            input=input_text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"ztoe-hub {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

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

    def _add_user(self, login: str, email: str, role: str) -> None:
        self.hub(
            "users",
            "add",
            login,
            "--email",
            email,
            "--role",
            role,
            "--password-stdin",
            input_text=f"{PASSWORD}\n",
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
        )
