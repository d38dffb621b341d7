"""The client of the hub's own HTTP service in 1C (`/hs/ztoe/v1`), and its orders: in, news and PDFs out.

The contract is docs/reference/hub-http-service.openapi.yaml. Every call of it may be repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, TypeVar
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import msgspec

from ztoe_hub.errors import (
    HubError,
    ItemRejected,
    ProviderMisconfigured,
    TransientError,
    UnexpectedAnswer,
)
from ztoe_hub.outgoing import Answer, Outgoing
from ztoe_hub.values import Artifact, OrderFile, OrderUpdate, OrderUpdateKind, OrderUpdates, OutgoingOrder

Shape = TypeVar("Shape")

VERSION = "v1"
LARGEST_PDF = 32 * 1024 * 1024
UPDATES_AT_ONCE = 100

# Their event -> ours. A word that is not here stops the reading of updates: skipping one would lose it for good.
EVENTS = {
    "registered": OrderUpdateKind.REGISTERED,
    "invoiced": OrderUpdateKind.INVOICED,
    "paid": OrderUpdateKind.PAID,
    "scheduled": OrderUpdateKind.SCHEDULED,
    "rescheduled": OrderUpdateKind.RESCHEDULED,
    "completed": OrderUpdateKind.COMPLETED,
    "refused": OrderUpdateKind.REFUSED,
}
_CODE = re.compile(r"[a-z_]{1,40}")
MISSING_ORDER = "unknown_order"
MISSING_INVOICE = "no_invoice"


class _Refusal(msgspec.Struct):
    code: str


class _RefusalBody(msgspec.Struct):
    error: _Refusal


class _Ping(msgspec.Struct):
    service: str
    version: int


class _Update(msgspec.Struct):
    id: str
    order_id: str
    event: str
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    registration_number: str | None = None
    work_date: date | None = None
    reason: str | None = None


class _Updates(msgspec.Struct):
    updates: list[_Update]
    cursor: str
    more: bool


class Refused(ItemRejected):
    """The service refuses this item, with its own word for why. Its sentence may hold personal data and stays there."""

    def __init__(self, code: str) -> None:
        word = code if _CODE.fullmatch(code) else "without a code"
        super().__init__(f"1C refuses it: {word}")
        self.code = code


class HubService:
    """Speaks to the service of one base. Thread-safe, keeps nothing between calls."""

    def __init__(self, http: Outgoing, service_url: str, login: tuple[str, str], zone: ZoneInfo) -> None:
        self._http = http
        self._root = f"{service_url}/{VERSION}/"
        self._login = login
        self.zone = zone

    def ping(self) -> None:
        """Raise when it is not our service, or not the version that we speak."""
        found = decoded(self.call("GET", "ping"), _Ping)
        if (found.service, found.version) != ("ztoe", 1):
            raise UnexpectedAnswer(f"the HTTP service is {found.service} {found.version}, not ztoe 1")

    def send_order(self, order: OutgoingOrder) -> None:
        """The files first: the order names them, and is taken only when all of them are there."""
        for file in order.files:
            headers = {
                "Content-Type": file.media_type,
                "X-File-Name": quote(file.name, safe=""),
                "X-Content-SHA256": file.sha256,
            }
            self.call("PUT", address_of("orders", order.key, "files", file.role), file.content, headers)
        self.put(address_of("orders", order.key), order_body(order, self.zone))

    def cancel_order(self, key: str) -> None:
        """An order that never arrived is as good as cancelled."""
        try:
            self.call("DELETE", address_of("orders", key))
        except Refused as error:
            if error.code != MISSING_ORDER:
                raise

    def order_updates(self, since: str | None) -> OrderUpdates:
        query = {"limit": str(UPDATES_AT_ONCE)} | ({"after": since} if since else {})
        try:
            answer = self.call("GET", f"order-updates?{urlencode(query, quote_via=quote)}")
        except Refused as error:  # there is no item at fault here
            raise UnexpectedAnswer(f"the updates are refused: {error.code}") from error
        found = decoded(answer, _Updates)
        updates = [_update(update) for update in found.updates]
        return OrderUpdates(updates=updates, cursor=found.cursor, more=found.more)

    def order_invoice(self, key: str) -> Artifact:
        try:
            return self._pdf(address_of("orders", key, "invoice"))
        except Refused as error:
            if error.code == MISSING_INVOICE:
                raise TransientError("1C has not made the invoice of the order yet") from error
            raise

    def invoice_file(self, key: str) -> Artifact:
        return self._pdf(address_of("invoices", key, "file"))

    def put(self, address: str, body: object) -> None:
        """Hand a JSON document over."""
        headers = {"Content-Type": "application/json; charset=utf-8"}
        self.call("PUT", address, msgspec.json.encode(body), headers)

    def _pdf(self, address: str) -> Artifact:
        answer = self.call("GET", address, max_bytes=LARGEST_PDF)
        if not answer.content.startswith(b"%PDF-"):
            raise UnexpectedAnswer(f"a PDF was expected, {answer.media_type or 'something'} came")
        return Artifact(content=answer.content)

    def call(
        self,
        method: str,
        address: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
    ) -> Answer:
        """One call below `v1/`, which may be repeated. Raises Refused with the service's code."""
        return self._http.request(
            method,
            self._root + address,
            judge=_judge,
            repeatable=True,
            max_bytes=max_bytes,
            content=content,
            headers=headers,
            auth=self._login,
        )


def order_body(order: OutgoingOrder, zone: ZoneInfo) -> dict[str, object]:
    """The order as the contract wants it. The same order gives the same body, which is what makes a repeat one."""
    voltage = order.voltage_class_kv
    return {
        "service_code": order.service_code,
        "service_name": order.service_name,
        "account_number": order.account_number,
        "consumer_code": order.consumer_code,
        "metering_point_key": order.metering_point_key,
        "eic": order.eic,
        "voltage_class": "" if voltage is None else f"{voltage.normalize():f}",
        "device_count": order.device_count,
        "contact_name": order.contact_name,
        "contact_phone": order.contact_phone,
        "ordered_at": order.ordered_at.astimezone(zone).isoformat(timespec="seconds"),
        "files": [_file_line(file) for file in order.files],
    }


def _file_line(file: OrderFile) -> dict[str, str | int]:
    return {"role": file.role, "name": file.name, "sha256": file.sha256, "size": len(file.content)}


def address_of(*parts: str) -> str:
    """An address below `v1/`; a part may hold any sign."""
    return "/".join(quote(part, safe="") for part in parts)


def _judge(answer: Answer) -> None:
    if answer.status not in (200, 201, 204):
        raise _error(answer)
    if answer.content.lstrip().startswith(b"<"):  # a page for people, in place of the service
        raise UnexpectedAnswer("the HTTP service answers with a page")


def _error(answer: Answer) -> HubError:
    status = answer.status
    if status in (401, 403):
        return ProviderMisconfigured(f"the HTTP service refuses our user (HTTP {status})")
    if status in (406, 408, 425, 429) or status >= 500:
        return TransientError(f"the HTTP service failed (HTTP {status})", retry_after_s=answer.retry_after_s)
    try:
        refusal = msgspec.json.decode(answer.content, type=_RefusalBody).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ProviderMisconfigured(f"no HTTP service of the hub at service_url (HTTP {status})")
    return Refused(refusal.code)


def decoded(answer: Answer, shape: type[Shape]) -> Shape:
    """The body in its shape. Raises UnexpectedAnswer, which repeats no value."""
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnexpectedAnswer(f"the HTTP service answered out of shape: {error}") from error


def _update(update: _Update) -> OrderUpdate:
    if update.event not in EVENTS:
        raise UnexpectedAnswer(f"the HTTP service reports an unknown event {update.event!r}")
    return OrderUpdate(
        id=update.id,
        order_key=update.order_id,
        kind=EVENTS[update.event],
        at=update.at,
        registration_number=update.registration_number,
        work_date=update.work_date,
        reason=update.reason,
    )
