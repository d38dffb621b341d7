"""The words of the state machines, as they stand in the tables. The moves are in ztoe_hub.lifecycle."""

from __future__ import annotations

import enum


class OrderState(enum.StrEnum):
    """Where a service order is."""

    COLLECTING = "collecting"
    AWAITING_SIGNATURE = "awaiting_signature"
    ACCEPTED = "accepted"
    REGISTERED = "registered"
    INVOICED = "invoiced"
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    DELETED = "deleted"
    REFUSED = "refused"


class DocumentState(enum.StrEnum):
    """Where a document to be signed is."""

    PREPARED = "prepared"
    SUBMITTED = "submitted"
    VIEWED = "viewed"
    SIGNED = "signed"
    COMPLETED = "completed"
    NEEDS_OPERATOR = "needs_operator"
    DECLINED = "declined"
    EXPIRED = "expired"
    RECALLED = "recalled"
    FAILED = "failed"


class WorkState(enum.StrEnum):
    """Where a piece of work is."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    PARKED = "parked"


class Role(enum.StrEnum):
    """What a user may do."""

    CONSUMER = "consumer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class ImportStatus(enum.StrEnum):
    """How an import of one stream ended."""

    DONE = "done"
    HELD = "held"
    FAILED = "failed"
