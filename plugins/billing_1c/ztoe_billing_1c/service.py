"""The billing source of one 1C base: reads over OData, takes orders and gives PDFs over the hub's HTTP service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ztoe_hub import AdapterContext
from ztoe_hub.errors import HubError, ProviderMisconfigured
from ztoe_hub.values import (
    Artifact,
    BillingCapabilities,
    Health,
    OrderUpdates,
    OutgoingOrder,
    Page,
    Stream,
)

from .hub_service import HubService
from .names import Names
from .odata import ODataClient
from .settings import OneCSettings
from .statements import StatementReader
from .streams import set_stream


STREAMS = frozenset(
    {
        Stream.DISTRICTS,
        Stream.CONSUMERS,
        Stream.ACCOUNTS,
        Stream.METERING_POINTS,
        Stream.STATEMENT_LINES,
        Stream.INVOICES,
    }
)


class OneCSource:
    """A BillingSource, and with `service_url` also InvoiceFiles and an OrderDesk. Keeps no state between calls."""

    def __init__(self, settings: OneCSettings, context: AdapterContext) -> None:
        login = (settings.username, settings.password.get_secret_value())
        self._settings = settings
        self._clock = context.clock
        self._odata = ODataClient(context.http, settings.base_url, login, settings.page_size)
        self._service = (
            HubService(context.http, settings.service_url, login, settings.zone)
            if settings.service_url
            else None
        )
        self._statements = StatementReader(
            settings.names,
            condition=settings.statement_condition,
            quotes=settings.condition_quotes,
            page_size=settings.page_size,
        )

    @property
    def capabilities(self) -> BillingCapabilities:
        served = self._service is not None
        return BillingCapabilities(streams=STREAMS, invoice_files=served, orders=served)

    def check(self) -> Health:
        """Reach the base, see that every set is published, and greet the hub's service where there is one."""
        try:
            missing = sorted(_sets(self._settings.names) - self._odata.published())
            if self._service is not None:
                self._service.ping()
        except HubError as error:
            return Health(ok=False, detail=str(error))
        if missing:
            return Health(
                ok=False, detail=f"not in the composition of the OData interface: {', '.join(missing)}"
            )
        return Health(ok=True, detail=f"OData{' and the HTTP service' if self._service else ''} answered")

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:  # noqa: ARG002  the port has it
        """Always everything: 1C has no "changed since" without an exchange plan."""
        first, last = self._first_month(), self._this_month()
        if stream is Stream.STATEMENT_LINES:
            return self._statements.read(self._odata, first, last)
        return set_stream(stream, self._settings.names, first).read(self._odata)

    def invoice_file(self, key: str) -> Artifact:
        return self._desk().invoice_file(key)

    def send_order(self, order: OutgoingOrder) -> None:
        self._desk().send_order(order)

    def cancel_order(self, key: str) -> None:
        self._desk().cancel_order(key)

    def order_updates(self, since: str | None) -> OrderUpdates:
        return self._desk().order_updates(since)

    def order_invoice(self, key: str) -> Artifact:
        return self._desk().order_invoice(key)

    def _desk(self) -> HubService:
        if self._service is None:
            raise ProviderMisconfigured("service_url is not set: this base gives no PDFs and takes no orders")
        return self._service

    def _this_month(self) -> date:
        return self._clock().astimezone(self._settings.zone).date().replace(day=1)

    def _first_month(self) -> date:
        if self._settings.history_from is not None:
            return self._settings.history_from.replace(day=1)
        this = self._this_month()
        months = this.year * 12 + this.month - 1 - self._settings.history_months
        return date(months // 12, months % 12 + 1, 1)


def _sets(names: Names) -> set[str]:
    catalogs = (names.districts, names.consumers, names.accounts, names.metering_points, names.invoices)
    return {names.statements.register_, *(catalog.set for catalog in catalogs)}
