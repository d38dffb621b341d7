"""Frozen values that cross the ports between the hub and its adapters.

Records of billing streams are msgspec structs (adapters decode thousands of them a second); everything
else is a frozen dataclass. Money is Decimal hryvnias, times are aware unless a name says otherwise,
identifiers of other systems are text and never parsed.
"""

from .billing import (
    AccountRecord,
    Article,
    BillingCapabilities,
    ConsumerRecord,
    DistrictRecord,
    EnergyKind,
    InvoiceKind,
    InvoiceRecord,
    MeteringPointRecord,
    Page,
    RawRows,
    Record,
    Rejected,
    StatementLineRecord,
    Stream,
)
from .notices import (
    ChannelCapabilities,
    DeliveryReceipt,
    DocumentCompleted,
    Notice,
    OrderStatusChanged,
)
from .orders import (
    OrderFile,
    OrderUpdate,
    OrderUpdateKind,
    OrderUpdates,
    OutgoingOrder,
)
from .signing import (
    Artifact,
    ContainerFormat,
    ContainerReport,
    OutgoingDocument,
    Recipient,
    RecipientSnapshot,
    RecipientState,
    RemoteRef,
    Rendition,
    Signer,
    SigningCapabilities,
    Snapshot,
)
from .titles import (
    Health,
    Title,
)

__all__ = [
    "AccountRecord",
    "Article",
    "Artifact",
    "BillingCapabilities",
    "ChannelCapabilities",
    "ConsumerRecord",
    "ContainerFormat",
    "ContainerReport",
    "DeliveryReceipt",
    "DistrictRecord",
    "DocumentCompleted",
    "EnergyKind",
    "Health",
    "InvoiceKind",
    "InvoiceRecord",
    "MeteringPointRecord",
    "Notice",
    "OrderFile",
    "OrderStatusChanged",
    "OrderUpdate",
    "OrderUpdateKind",
    "OrderUpdates",
    "OutgoingDocument",
    "OutgoingOrder",
    "Page",
    "RawRows",
    "Recipient",
    "RecipientSnapshot",
    "RecipientState",
    "Record",
    "Rejected",
    "RemoteRef",
    "Rendition",
    "Signer",
    "SigningCapabilities",
    "Snapshot",
    "StatementLineRecord",
    "Stream",
    "Title",
]
