"""Documents at a signing service, and what a reader finds in a signed container."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


class RecipientState(enum.StrEnum):
    """What one recipient did, in our words."""

    AWAITING = "awaiting"
    SENT = "sent"
    VIEWED = "viewed"
    SIGNED = "signed"
    DECLINED = "declined"
    REVOKED = "revoked"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whoever is asked to sign."""

    email: str
    tax_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingDocument:
    """A document on its way to a service. `key` is unique and part of `file_name`, so that it can be searched."""

    key: str
    file_name: str
    title: str
    media_type: str
    sha256: str
    content: bytes = field(repr=False)
    recipients: Sequence[Recipient]


@dataclass(frozen=True, slots=True)
class RemoteRef:
    """Where a document lives at its service: an opaque JSON object (Paperless needs id and hash)."""

    data: Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientSnapshot:
    """One recipient's state and the service's own word for it."""

    state: RecipientState
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the service says of a document now. A claim, until the hub has looked at the bytes."""

    recipients: Mapping[str, RecipientSnapshot]  # by e-mail, lower case
    raw: str  # the service's answer, for the archive


class Rendition(enum.StrEnum):
    """Which bytes of a document to download."""

    ORIGINAL = "original"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Downloaded bytes; what they are is judged by content, never by the service's word."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningCapabilities:
    """What a document service can do beside the mandatory core; the hub asks this, never who it is."""

    max_bytes: int
    media_types: frozenset[str]
    addressing: frozenset[str]  # email, edrpou
    qualified: bool  # the recipient signs with КЕП
    recall: bool = False
    web_url: str | None = None  # where the recipient signs


class ContainerFormat(enum.StrEnum):
    """What the bytes of a signed document are."""

    CMS_ATTACHED = "cms-attached"
    CMS_DETACHED = "cms-detached"
    ASIC_E = "asic-e"
    PADES = "pades"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One signature in a container. None means "not checked" or "not known", never "fine"."""

    subject: str
    organisation: str | None
    edrpou: str | None
    rnokpp: str | None
    issuer: str | None
    signed_at: datetime | None
    time_source: str | None  # "timestamp" or "claimed"
    seal: bool | None
    digest_ok: bool | None
    signature_ok: bool | None
    chain_ok: bool | None
    time_ok: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerReport:
    """What a reader found in a container. `content` are the innermost signed bytes, when they are inside."""

    format: ContainerFormat
    signers: Sequence[Signer]
    problems: Sequence[str] = ()
    content: bytes | None = field(default=None, repr=False)
