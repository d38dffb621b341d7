"""All tables, by name."""

from .billing import (
    Account,
    Consumer,
    District,
    Imported,
    Invoice,
    MeteringPoint,
    Payment,
    ReadingHistory,
    StatementLine,
)
from .exchange import AuditLine, Cursor, ImportRun, Work
from .orders import Document, Message, ServiceOrder, StoredFile
from .people import CabinetUser, FailedLogin, WebSession

__all__ = [
    "Account",
    "AuditLine",
    "CabinetUser",
    "Consumer",
    "Cursor",
    "District",
    "Document",
    "FailedLogin",
    "ImportRun",
    "Imported",
    "Invoice",
    "Message",
    "MeteringPoint",
    "Payment",
    "ReadingHistory",
    "ServiceOrder",
    "StatementLine",
    "StoredFile",
    "WebSession",
    "Work",
]
