"""Judges e-mail addresses as far as a header and an SMTP command need it."""

from __future__ import annotations

import re

# Dot-atoms of RFC 5322 only: quoted local parts and comments exist on paper, and are how headers get injected.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LONGEST = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets


def ascii_domain(domain: str) -> str:
    """The domain as it goes over the wire ("пошта.укр" in its xn-- form). Raises ValueError when it is none."""
    written = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    if not _DOMAIN.fullmatch(written):
        raise ValueError("not a domain name")
    return written


def ascii_address(address: str) -> str:
    """The address as it goes over the wire. Raises ValueError, whose text does not repeat the address."""
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL.fullmatch(local):
        raise ValueError("not an e-mail address")
    written = f"{local}@{ascii_domain(domain)}"
    if len(written) > _LONGEST:
        raise ValueError("not an e-mail address: too long")
    return written


def one_line(text: str) -> str:
    """The text itself. Raises ValueError when it holds a line break or another control character."""
    if _CONTROL.search(text):
        raise ValueError("a header holds no line breaks or control characters")
    return text
