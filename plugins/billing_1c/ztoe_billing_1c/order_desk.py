"""Orders and PDFs, which go over the hub's HTTP service whatever else a base is read by."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ztoe_hub.values import Artifact, OrderUpdates, OutgoingOrder

from .hub_service import HubService


class OrderCalls(ABC):
    """InvoiceFiles and an OrderDesk over the service that `_orders` gives."""

    @abstractmethod
    def _orders(self) -> HubService:
        """The service. Raises ProviderMisconfigured where there is none."""

    def invoice_file(self, key: str) -> Artifact:
        return self._orders().invoice_file(key)

    def send_order(self, order: OutgoingOrder) -> None:
        self._orders().send_order(order)

    def cancel_order(self, key: str) -> None:
        self._orders().cancel_order(key)

    def order_updates(self, since: str | None) -> OrderUpdates:
        return self._orders().order_updates(since)

    def order_invoice(self, key: str) -> Artifact:
        return self._orders().order_invoice(key)
