"""The settings of one mail server."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from .addresses import ascii_address, ascii_domain, one_line

Security = Literal["starttls", "tls", "none"]

PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}


class EmailSettings(BaseModel):
    """`[notifications.NAME]` with `type = "email"`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Security = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: Annotated[str, AfterValidator(ascii_address)]
    sender_name: Annotated[str, AfterValidator(one_line)] = ""
    reply_to: Annotated[str, AfterValidator(ascii_address)] | None = None
    message_id_domain: Annotated[str, AfterValidator(ascii_domain)] | None = None
    ca_bundle: Path | None = None
    timeout_s: float = Field(default=30.0, gt=0, le=600)

    @model_validator(mode="after")
    def _credentials_go_together(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.username is None or self.password is None:
            return self
        if not (self.username + self.password.get_secret_value()).isascii():
            raise ValueError("username and password are ASCII: the SMTP client cannot send others")
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError('a password does not go out unencrypted: security "starttls" or "tls"')
        return self

    @property
    def effective_port(self) -> int:
        """`port`, or the usual one for this kind of security."""
        return self.port or PORTS[self.security]

    @property
    def domain(self) -> str:
        """What follows the @ of every Message-ID, and what we call ourselves: by default the sender's domain."""
        return self.message_id_domain or self.sender.rpartition("@")[2]


def is_loopback(host: str) -> bool:
    """Whether the host is this very machine, as it is written."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
