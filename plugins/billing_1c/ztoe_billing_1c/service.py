"""The billing source of one 1C base: reads over OData, takes readings there, and orders over the hub's HTTP service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from ztoe_hub import AdapterContext
from ztoe_hub.errors import HubError, OperatorNeeded, ProviderMisconfigured
from ztoe_hub.values import (
    BillingCapabilities,
    Health,
    ImportOutcome,
    MappingLine,
    Page,
    Stream,
)

from .exchange import CURSOR, ExchangePlan
from .hub_service import HubService
from .mapping import load_mapping
from .metadata import MetadataCache
from .odata import ODataClient
from .order_desk import OrderCalls
from .paging import Pager
from .preflight import Fit, fit_all, fitted, wanted_sets
from .reading_calls import ReadingCalls
from .readings_register import ReadingsRegister
from .settings import OneCSettings
from .statements import StatementReader
from .streams import SetStream, set_stream
from .turnovers import Turnovers
from .windows import Window, windows_between, windows_since


class OneCSource(OrderCalls, ReadingCalls):
    """A BillingSource; with `service_url` InvoiceFiles and an OrderDesk, with `write` a ReadingsDesk.

    What it keeps between calls can be lost: what $metadata says, and an open message of the exchange plan.
    """

    def __init__(self, settings: OneCSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._clock = context.clock
        self._mapping = load_mapping(settings.mapping)
        self._odata = ODataClient(
            context.http, settings.base_url, settings.login, sessions=settings.session == "auto"
        )
        self._metadata = MetadataCache(wanted_sets(self._mapping), context.clock)
        self._service = (
            HubService(context.http, settings.service_url, settings.login, settings.zone)
            if settings.service_url
            else None
        )
        self._plan = (
            ExchangePlan(settings.exchange_plan, settings.exchange_node, settings.exchange_streams)
            if settings.exchange_plan
            else None
        )
        self._may_write = settings.write
        self._readings = ReadingsRegister(self._odata, self._mapping.readings, settings.zone)

    @property
    def capabilities(self) -> BillingCapabilities:
        served = self._service is not None
        streams = frozenset(stream for stream, found in self._mapping.streams.items() if found is not None)
        return BillingCapabilities(
            streams=streams, invoice_files=served, orders=served, readings=self._settings.write
        )

    def check(self) -> Health:
        """Reach the base, see that every set is published, and greet the hub's service where there is one."""
        try:
            missing = sorted(self._named() - self._odata.published())
            if self._service is not None:
                self._service.ping()
        except HubError as error:
            return Health(ok=False, detail=str(error))
        if missing:
            return Health(
                ok=False, detail=f"not in the composition of the OData interface: {', '.join(missing)}"
            )
        return Health(ok=True, detail=f"OData{' and the HTTP service' if self._service else ''} answered")

    def _named(self) -> set[str]:
        written = {self._mapping.readings.register_} if self._settings.write else set()
        planned = {self._settings.exchange_plan} if self._settings.exchange_plan else set()
        return {*wanted_sets(self._mapping), *written, *planned}

    def explain(self) -> Sequence[MappingLine]:
        """What maps to what on the base as it is now."""
        with self._odata.in_session() as client:
            fits = fit_all(self._mapping, self._metadata.current(client))
        return [line for fit in fits.values() for line in fit.lines]

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:
        """Catalogs in full, always; documents and statements from `since` on where it is given.

        With an exchange plan `since` brings what was registered since the last confirmed message.
        Raises OperatorNeeded with a list when the base does not fit the mapping any more.
        """
        with self._odata.in_session() as client:
            try:
                fits = fitted(self._mapping, self._metadata.current(client))
                yield from self._pages(client, fits, stream, since)
            except OperatorNeeded:  # the base is not what it was, or somebody is about to mend it
                self._metadata.doubt()
                raise

    def _pages(
        self, client: ODataClient, fits: Mapping[Stream, Fit], stream: Stream, since: str | None
    ) -> Iterator[Page]:
        if stream is Stream.STATEMENT_LINES:
            yield from self._statement_pages(client, fits[stream], since)
            return
        readers: dict[Stream, SetStream] = {
            name: self._reader(fit) for name, fit in fits.items() if name is not Stream.STATEMENT_LINES
        }
        planned = self._plan is not None and stream in self._plan.streams
        if self._plan is not None and planned and since is not None:
            yield from self._plan.read(client, stream, readers)
            return
        windows, last = self._windows(readers[stream], since, planned)
        pager = Pager(client, most_rows=self._settings.page_size, most_bytes=self._settings.page_bytes)
        yield from readers[stream].read(pager, windows, last)

    def _reader(self, fit: Fit) -> SetStream:
        mapping = self._mapping.sets()[fit.stream]
        return set_stream(fit, mapping, self._mapping, self._first_month())

    def _windows(self, reader: SetStream, since: str | None, planned: bool) -> tuple[Sequence[Window], Page]:
        """The pieces of time to read, and what the last page says of it."""
        covers = self._first_month() if reader.stream is Stream.INVOICES else None
        if reader.date is None:
            return [Window()], Page(covers_from=covers, cursor=CURSOR if planned else None)
        today, days = self._today(), self._settings.window_days
        cursor = CURSOR if planned else today.isoformat()
        start = _day_of(since)
        if start is None:
            return windows_between(self._first_month(), today, days), Page(covers_from=covers, cursor=cursor)
        first = start - timedelta(days=self._settings.overlap_days)
        return windows_since(first, today, days), Page(changes_only=True, covers_from=covers, cursor=cursor)

    def _statement_pages(self, client: ODataClient, fit: Fit, since: str | None) -> Iterator[Page]:
        """All months, or only those that are still open, as changes."""
        table = self._mapping.statement
        assert table is not None  # noqa: S101  it was fitted
        last = self._today().replace(day=1)
        first = self._first_month()
        if since is not None:
            first = max(first, _months_before(last, self._settings.reread_months))
        turnovers = Turnovers(client, table.register_, table.condition, self._settings.condition_quotes)
        reader = StatementReader(fit, self._mapping)
        yield from reader.read(turnovers, first, last, changes_only=since is not None)

    def acknowledge(self, outcome: ImportOutcome) -> None:
        if self._plan is not None:
            self._plan.acknowledge(self._odata, outcome)

    def _orders(self) -> HubService:
        if self._service is None:
            raise ProviderMisconfigured("service_url is not set: this base gives no PDFs and takes no orders")
        return self._service

    def _today(self) -> date:
        return self._clock().astimezone(self._settings.zone).date()

    def _first_month(self) -> date:
        if self._settings.history_from is not None:
            return self._settings.history_from.replace(day=1)
        return _months_before(self._today(), self._settings.history_months)


def _months_before(day: date, count: int) -> date:
    """The first day of the month so many months earlier."""
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def _day_of(since: str | None) -> date | None:
    """The day of a cursor; one of another kind (an exchange plan that was switched off) means everything."""
    try:
        return date.fromisoformat(since) if since else None
    except ValueError:
        return None
