"""The hooks of ztoe-hub. A plugin implements those it needs and is found through the entry-point group `ztoe_hub`.

Hand-over hooks are called once, at start-up, and do no I/O. Event hooks are called by a worker after the
change they tell of has been committed, one listener at a time: a listener that raises is retried by
itself and disturbs nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from .ports import AdapterType, BillingSource, NotificationChannel, SignatureReader, SigningService
from .values import DocumentCompleted, OrderStatusChanged

PROJECT = "ztoe_hub"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def signing_services() -> Sequence[AdapterType[SigningService]]:
    """Offer kinds of document service that a deployment may configure under `[signing.NAME]`.

    Called: once, at start-up, before any request is served. No network I/O here.
    Returns: one AdapterType per kind; its name is what `type = "..."` says in the settings file.
    Raises: nothing; a kind whose settings are unusable says so when it is built.
    """
    raise AssertionError("a hook specification is not called")


@hookspec
def notification_channels() -> Sequence[AdapterType[NotificationChannel]]:
    """Offer kinds of notification channel that a deployment may configure under `[notifications.NAME]`.

    Called, returns, raises: as `signing_services`.
    """
    raise AssertionError("a hook specification is not called")


@hookspec
def billing_sources() -> Sequence[AdapterType[BillingSource]]:
    """Offer kinds of billing source that a deployment may configure under `[billing.NAME]`.

    Called, returns, raises: as `signing_services`.
    """
    raise AssertionError("a hook specification is not called")


@hookspec
def signature_readers() -> Sequence[AdapterType[SignatureReader]]:
    """Offer readers of signature containers that a deployment may configure under `[signatures.NAME]`.

    Called, returns, raises: as `signing_services`.
    """
    raise AssertionError("a hook specification is not called")


@hookspec
def listeners() -> Sequence[AdapterType[object]]:
    """Offer kinds of listener that a deployment may configure under `[listeners.NAME]`.

    What is built is itself registered as a plugin named `listeners.NAME`, so that its methods
    marked `@hookimpl` receive the event hooks below. A plugin that needs no settings can implement
    an event hook directly instead.
    """
    raise AssertionError("a hook specification is not called")


@hookspec
def order_status_changed(event: OrderStatusChanged) -> None:
    """A service order moved to another state.

    Called: by a worker, after the commit, once per listener; again after a failure, with the same event_id.
    Raises: TransientError to be called again later; anything else is retried too, and parked in the end.
    """
    raise AssertionError("a hook specification is not called")


@hookspec
def document_completed(event: DocumentCompleted) -> None:
    """A document came back signed, was checked and is in the archive.

    Called, raises: as `order_status_changed`.
    """
    raise AssertionError("a hook specification is not called")
