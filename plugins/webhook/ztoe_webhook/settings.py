"""The settings of one receiver."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

SECRET_PREFIX = "whsec_"  # noqa: S105  a prefix that Standard Webhooks prescribes
SHORTEST_SECRET = 24  # bytes, as Standard Webhooks asks
LONGEST_SECRET = 64


class Event(StrEnum):
    """What a receiver can be told of."""

    ORDER_STATUS_CHANGED = "order.status_changed"
    DOCUMENT_COMPLETED = "document.completed"


def _secret(secret: SecretStr) -> SecretStr:
    """The secret itself. Raises ValueError, which does not repeat it, when it cannot be one."""
    secret_bytes(secret)
    return secret


def secret_bytes(secret: SecretStr) -> bytes:
    """The key inside `whsec_…`. Raises ValueError when it is no such secret."""
    written = secret.get_secret_value()
    if not written.startswith(SECRET_PREFIX):
        raise ValueError(f"a secret starts with {SECRET_PREFIX}")
    try:
        key = base64.b64decode(written.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"what follows {SECRET_PREFIX} is not base64") from error
    if not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        raise ValueError(f"a secret has {SHORTEST_SECRET} to {LONGEST_SECRET} bytes")
    return key


class WebhookSettings(BaseModel):
    """`[listeners.NAME]` with `type = "webhook"`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str
    secret: Annotated[SecretStr, AfterValidator(_secret)]
    events: frozenset[Event] = Field(default=frozenset(Event), min_length=1)
    allow_insecure: bool = False

    @model_validator(mode="after")
    def _encrypted_unless_local(self) -> Self:
        address = urlsplit(self.url)
        if not address.hostname or address.username or address.password or address.fragment:
            raise ValueError("url: a host and a path are needed, without user, password and fragment")
        if address.scheme == "https":
            return self
        if address.scheme == "http" and self.allow_insecure and _is_loopback(address.hostname):
            return self
        raise ValueError("url: https, or http to this very machine with allow_insecure = true")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
