"""What the hub asks of its adapters: three ports, a signature reader, and optional capabilities.

Rules for all of them:
- an instance is used by several threads at once and keeps no state of its own between calls
  (a token or a session may be cached; cursors and finished steps belong to the hub);
- nothing leaves but the errors of `ztoe_hub.errors`; a provider's own exception is a defect;
- all HTTP goes through `AdapterContext.http`, which limits, retries and cuts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

from .pacing import Limits
from .values import (
    Artifact,
    BillingCapabilities,
    ChannelCapabilities,
    ContainerReport,
    DeliveryReceipt,
    Health,
    ImportOutcome,
    MappingLine,
    Notice,
    OrderUpdates,
    OutgoingDocument,
    OutgoingOrder,
    Page,
    ReadingResults,
    ReadingSheet,
    RemoteRef,
    Rendition,
    SigningCapabilities,
    Snapshot,
    Stream,
    Title,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from .outgoing import Outgoing

Adapter = TypeVar("Adapter", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterContext:
    """What an instance is given when it is built."""

    name: str  # the instance's name in the settings file
    title: Title  # how people know it
    http: Outgoing  # the one way out for HTTP, with this instance's limits
    clock: Callable[[], datetime]  # aware UTC
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterType(Generic[Adapter]):
    """One kind of adapter that a plugin offers.

    `name` is what `type = "..."` says in the settings; `settings` is the pydantic model of the instance's
    table (give it `extra="forbid"`); `build` does no network I/O and raises ConfigurationError when the
    settings cannot work together. `limits` are what this kind of provider bears; an instance's `http`
    table in the settings changes them.
    """

    name: str
    settings: type[BaseModel]
    build: Callable[[Any, AdapterContext], Adapter]
    limits: Limits = field(default_factory=Limits)


class SubmitSteps(Protocol):
    """The hub's memory of an unfinished submit: each finished step is stored before the next begins."""

    @property
    def started_at(self) -> datetime:
        """When the first attempt at this very document began (aware UTC)."""
        ...

    def done(self, step: str) -> Mapping[str, str | int] | None:
        """What a finished step left behind, or None when it has not finished."""
        ...

    def save(self, step: str, result: Mapping[str, str | int]) -> None:
        """Store a finished step durably."""
        ...

    def begin(self, step: str) -> bool:
        """Note durably that `step` is about to be tried; True when it had been begun before.

        True means that an earlier try may have had its effect at the provider: look it up first.
        """
        ...

    def is_bound(self, ref: RemoteRef) -> bool:
        """Whether another document of the hub already lives at `ref`: such a find is not ours to take."""
        ...


class SigningService(Protocol):
    """Sends documents to be signed and reports what became of them."""

    @property
    def capabilities(self) -> SigningCapabilities:
        """Fixed for the life of the instance."""
        ...

    def check(self) -> Health:
        """Log in and say whether the service would work for us now. Changes nothing there."""
        ...

    def submit(self, document: OutgoingDocument, steps: SubmitSteps) -> RemoteRef:
        """Hand the document over; continuing from `steps` never makes a second one.

        Raises TransientError, ItemRejected, OperatorNeeded, or OutcomeUnknown when an answer was lost
        (the next call, with the same steps, looks the document up).
        """
        ...

    def fetch(self, ref: RemoteRef) -> Snapshot:
        """What the service says of the document now. Raises ItemRejected when it is gone there."""
        ...

    def download(self, ref: RemoteRef, which: Rendition) -> Artifact:
        """The bytes. Raises TransientError while the rendition does not exist yet."""
        ...


@runtime_checkable
class Recalls(Protocol):
    """A signing service that can take a document back before it is signed (`capabilities.recall`)."""

    def recall(self, ref: RemoteRef) -> None:
        """Take it back; repeating is harmless. Raises ItemRejected when it is too late."""
        ...


class NotificationChannel(Protocol):
    """Carries notices to people."""

    @property
    def capabilities(self) -> ChannelCapabilities:
        """Fixed for the life of the instance."""
        ...

    def check(self) -> Health:
        """Connect and log in; sends nothing."""
        ...

    def send(self, notice: Notice) -> DeliveryReceipt:
        """Hand one notice over. A repeat carries the same key, so that the recipient sees one message.

        Raises TransientError (try later), ItemRejected (this address will never work) or OperatorNeeded.
        """
        ...


class BillingSource(Protocol):
    """Reads the accounting base."""

    @property
    def capabilities(self) -> BillingCapabilities:
        """Fixed for the life of the instance."""
        ...

    def check(self) -> Health:
        """Reach the base and log in; changes nothing there."""
        ...

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:
        """The stream's records, page by page; the last page says `complete=True` when nothing was left out.

        `since` is the cursor of an earlier last page, or None for everything. Bad rows come as
        `Page.rejected` and do not stop the read. Raises TransientError or OperatorNeeded.
        """
        ...


@runtime_checkable
class InvoiceFiles(Protocol):
    """A billing source that can give an invoice as a PDF (`capabilities.invoice_files`)."""

    def invoice_file(self, key: str) -> Artifact:
        """The PDF of the invoice with this source key. Raises ItemRejected when there is none."""
        ...


@runtime_checkable
class OrderDesk(Protocol):
    """A billing source that takes service orders and reports on them (`capabilities.orders`)."""

    def send_order(self, order: OutgoingOrder) -> None:
        """Hand the order over, with its files; repeating the same order is harmless."""
        ...

    def cancel_order(self, key: str) -> None:
        """The consumer withdrew it; repeating is harmless. Raises ItemRejected when it is too late."""
        ...

    def order_updates(self, since: str | None) -> OrderUpdates:
        """What happened to orders after the cursor `since` (None: from the beginning), oldest first."""
        ...

    def order_invoice(self, key: str) -> Artifact:
        """The invoice of an order as a PDF. Raises TransientError while it does not exist yet."""
        ...


@runtime_checkable
class ReadingsDesk(Protocol):
    """A billing source that takes meter readings (`capabilities.readings`)."""

    def send_readings(self, sheet: ReadingSheet) -> None:
        """Hand a sheet over; the same revision again is harmless, a newer one replaces the waiting one.

        Raises ItemRejected when billing has already taken an earlier revision, or refuses the sheet's shape.
        """
        ...

    def withdraw_readings(self, sheet_key: str) -> None:
        """Take a waiting sheet back; repeating is harmless. Raises ItemRejected when billing has taken it."""
        ...

    def reading_results(self, since: str | None) -> ReadingResults:
        """What billing did with sheets after the cursor `since`, oldest first."""
        ...


@runtime_checkable
class Explains(Protocol):
    """A billing source that can say where each field comes from, for `sync --explain`."""

    def explain(self) -> Sequence[MappingLine]:
        """The mapping as it is in force now, with what is missing named in `note`. May ask the source."""
        ...


@runtime_checkable
class Acknowledges(Protocol):
    """A billing source that wants to know what became of a read: to confirm changes, to move files."""

    def acknowledge(self, outcome: ImportOutcome) -> None:
        """Called after the commit of a stream (or after it was held or failed). Repeating is harmless."""
        ...


@runtime_checkable
class OpensFiles(Protocol):
    """A billing source that can read one file given by hand, for `ztoe-hub import FILE`."""

    def open_file(self, path: Path) -> BillingSource:
        """A source of just this file's streams. Raises ItemRejected naming file, line and what is wrong."""
        ...


class SignatureReader(Protocol):
    """Opens signature containers and says who signed what."""

    def read(self, container: bytes, original: bytes | None) -> ContainerReport:
        """Everything that can be known without the network; `original` serves detached signatures.

        Never raises for bad bytes: what is wrong stands in `problems`.
        """
        ...
