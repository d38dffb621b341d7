"""A billing source in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ...errors import HubError, ItemRejected, TransientError
from ...values import (
    Artifact,
    BillingCapabilities,
    Health,
    OrderUpdate,
    OrderUpdateKind,
    OrderUpdates,
    OutgoingOrder,
    Page,
    PointRefusal,
    ReadingResult,
    ReadingResults,
    ReadingSheet,
    Record,
    Rejected,
    Stream,
)
from ..samples import A_PDF


class FakeBillingSource:
    """A billing source in memory, steered by its attributes.

    `records` and `rejected` are what a read gives, by stream; `complete` is what the last page says. The
    next call of any method raises `fail_next`, once. `orders` holds what was sent, `cancelled` the keys taken
    back; `happen` lets something happen to an order. `sheets` holds the reading sheets that wait, `decide`
    accepts or refuses one.
    """

    def __init__(
        self, records: Mapping[Stream, Sequence[Record]] | None = None, *, page_size: int = 1000
    ) -> None:
        self.records: dict[Stream, list[Record]] = {stream: [] for stream in Stream}
        self.records.update({stream: list(found) for stream, found in (records or {}).items()})
        self.rejected: dict[Stream, list[Rejected]] = {}
        self.page_size = page_size
        self.complete = True
        self.capabilities = BillingCapabilities(
            streams=frozenset(Stream), invoice_files=True, orders=True, readings=True
        )
        self.health = Health(ok=True, detail="in memory")
        self.fail_next: HubError | None = None
        self.orders: dict[str, OutgoingOrder] = {}
        self.cancelled: set[str] = set()
        self.updates: list[OrderUpdate] = []
        self.updates_at_once = 100
        self.invoices: dict[str, bytes] = {}
        self.order_invoices: dict[str, bytes] = {}
        self.sheets: dict[str, ReadingSheet] = {}
        self.decisions: list[ReadingResult] = []

    def check(self) -> Health:
        self._fail()
        return self.health

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:  # noqa: ARG002  the port has it
        """`since` makes no difference: the fake always gives everything."""
        self._fail()
        records = list(self.records[stream])
        for start in range(0, len(records), self.page_size):
            yield Page(records=records[start : start + self.page_size])
        yield Page(records=(), rejected=self.rejected.get(stream, ()), complete=self.complete)

    def invoice_file(self, key: str) -> Artifact:
        self._fail()
        if key not in self.invoices:
            raise ItemRejected("there is no such invoice")
        return Artifact(content=self.invoices[key])

    def send_order(self, order: OutgoingOrder) -> None:
        self._fail()
        self.orders.setdefault(order.key, order)

    def cancel_order(self, key: str) -> None:
        self._fail()
        planned = {OrderUpdateKind.SCHEDULED, OrderUpdateKind.COMPLETED}
        if any(update.order_key == key and update.kind in planned for update in self.updates):
            raise ItemRejected("the work is planned already")
        self.cancelled.add(key)

    def order_updates(self, since: str | None) -> OrderUpdates:
        """The cursor is the number of updates read so far."""
        self._fail()
        start = int(since or 0)
        end = min(start + self.updates_at_once, len(self.updates))
        return OrderUpdates(updates=self.updates[start:end], cursor=str(end), more=end < len(self.updates))

    def order_invoice(self, key: str) -> Artifact:
        self._fail()
        if key not in self.order_invoices:
            raise TransientError("the invoice is not there yet")
        return Artifact(content=self.order_invoices[key])

    def happen(self, key: str, kind: OrderUpdateKind, **facts: object) -> OrderUpdate:
        """Let the utility's staff do something to an order; `facts` are fields of OrderUpdate."""
        place = len(self.updates) + 1
        update = OrderUpdate(
            id=f"update-{place}",
            order_key=key,
            kind=kind,
            at=datetime(2024, 3, 18, tzinfo=UTC).replace(minute=place % 60),
        )
        update = replace(update, **facts)  # type: ignore[arg-type]  # the caller names the fields
        self.updates.append(update)
        if kind is OrderUpdateKind.INVOICED:
            self.order_invoices[key] = A_PDF
        return update

    def send_readings(self, sheet: ReadingSheet) -> None:
        self._fail()
        decided = {each.revision: each.accepted for each in self.decisions if each.sheet_key == sheet.key}
        waiting = self.sheets.get(sheet.key)
        if sheet.revision in decided:
            return
        if any(decided.values()) or (waiting and waiting.revision > sheet.revision):
            raise ItemRejected("billing has another revision of this sheet")
        self.sheets[sheet.key] = sheet

    def withdraw_readings(self, sheet_key: str) -> None:
        self._fail()
        if any(each.sheet_key == sheet_key and each.accepted for each in self.decisions):
            raise ItemRejected("billing has taken the sheet already")
        self.sheets.pop(sheet_key, None)

    def reading_results(self, since: str | None) -> ReadingResults:
        """The cursor is the number of results read so far."""
        self._fail()
        return ReadingResults(results=self.decisions[int(since or 0) :], cursor=str(len(self.decisions)))

    def decide(self, sheet_key: str, refusals: Sequence[PointRefusal] = ()) -> ReadingResult:
        """Let billing accept the waiting revision of a sheet, or refuse it when there are refusals."""
        sheet = self.sheets.pop(sheet_key)
        place = len(self.decisions) + 1
        result = ReadingResult(
            id=f"result-{place}",
            sheet_key=sheet_key,
            revision=sheet.revision,
            accepted=not refusals,
            at=datetime(2024, 4, 1, tzinfo=UTC).replace(minute=place % 60),
            refusals=list(refusals),
        )
        self.decisions.append(result)
        return result

    def _fail(self) -> None:
        error, self.fail_next = self.fail_next, None
        if error is not None:
            raise error
