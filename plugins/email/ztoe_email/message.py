"""Makes the bytes of an e-mail out of a notice; the same notice always makes the same bytes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime

from ztoe_hub.errors import ItemRejected
from ztoe_hub.values import Notice

from .addresses import ascii_address, one_line
from .settings import EmailSettings

# The modern policies of Python 3.11 lose and add blanks when they fold Cyrillic headers; compat32 does not.
_WIRE = compat32.clone(linesep="\r\n")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST_KEY = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """A message on its way: envelope, identity and bytes."""

    to: str
    message_id: str
    content: bytes = field(repr=False)


def compose(notice: Notice, settings: EmailSettings) -> Email:
    """The notice as an e-mail. Raises ItemRejected when its address or subject cannot stand in a header."""
    try:
        to = ascii_address(notice.to)
        message_id = message_id_of(notice.key, settings.domain)
        message = _body(notice)
        message["Subject"] = _encoded("Subject", one_line(notice.subject))
        message["From"] = _sender(settings)
        message["To"] = to
        if settings.reply_to:
            message["Reply-To"] = settings.reply_to
        message["Date"] = format_datetime(notice.created_at)
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"
        return Email(to=to, message_id=message_id, content=message.as_bytes(policy=_WIRE))
    except ValueError as error:
        raise ItemRejected(f"the notice makes no e-mail: {error}") from error


def message_id_of(key: str, domain: str) -> str:
    """`<key@domain>`; a key that may not stand there is cleaned, and told from its like by a hash."""
    if len(key) > _LONGEST_KEY or not _DOT_ATOM.fullmatch(key):
        cleaned = re.sub(r"[^A-Za-z0-9_-]+", "-", key)[:_LONGEST_KEY].strip("-")
        key = f"{cleaned}.{hashlib.sha256(key.encode()).hexdigest()[:16]}".lstrip(".")
    return f"<{key}@{domain}>"


def _body(notice: Notice) -> MIMEBase:
    text = _part(notice.text, "plain")
    if notice.html is None:
        return text
    # A boundary made of the key, so that a repeat is the same bytes; base64 parts cannot contain it.
    boundary = hashlib.sha256(notice.key.encode()).hexdigest()[:32]
    return MIMEMultipart("alternative", boundary, [text, _part(notice.html, "html")])


def _part(text: str, subtype: str) -> MIMEText:
    return MIMEText(re.sub(r"\r\n?|\n", "\r\n", text), subtype, "utf-8")


def _sender(settings: EmailSettings) -> str:
    if not settings.sender_name:
        return settings.sender
    return f"{_encoded('From', settings.sender_name)} <{settings.sender}>"


def _encoded(name: str, text: str) -> str:
    return Header(text, "utf-8", header_name=name).encode()
