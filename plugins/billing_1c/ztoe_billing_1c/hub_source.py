"""The billing source of a base that speaks nothing but the hub's own HTTP service."""

from __future__ import annotations

from collections.abc import Iterator

from ztoe_hub import AdapterContext
from ztoe_hub.errors import HubError
from ztoe_hub.values import BillingCapabilities, Health, Page, Stream

from .hub_service import HubService
from .order_desk import OrderCalls
from .reading_calls import ReadingCalls
from .service_readings import ServiceReadings
from .service_streams import read_stream
from .settings import ServiceSettings


class HubServiceSource(OrderCalls, ReadingCalls):
    """A BillingSource, InvoiceFiles and an OrderDesk; with `write` a ReadingsDesk. Keeps no state between calls."""

    def __init__(self, settings: ServiceSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._service = HubService(context.http, settings.service_url, settings.login, settings.zone)
        self._may_write = settings.write
        self._readings = ServiceReadings(self._service)

    @property
    def capabilities(self) -> BillingCapabilities:
        settings = self._settings
        return BillingCapabilities(
            streams=settings.streams, invoice_files=True, orders=True, readings=settings.write
        )

    def check(self) -> Health:
        """Greet the service."""
        try:
            self._service.ping()
        except HubError as error:
            return Health(ok=False, detail=str(error))
        return Health(ok=True, detail="the HTTP service answered")

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:
        return read_stream(self._service, stream, since, self._settings.page_size)

    def _orders(self) -> HubService:
        return self._service
