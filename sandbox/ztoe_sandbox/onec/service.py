"""The HTTP service /utility/hs/ztoe/v1: files and orders in, invoices and news out.

The contract is docs/reference/hub-http-service.openapi.yaml.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from flask import Blueprint, Response, request

from .auth import require_user
from .desk import local_now
from .documents import invoice_pdf, service_invoice_pdf
from .order_body import ORDER_ID, ROLES, SHA256, BadOrder, parse_order
from .order_store import Order, OrderStore, StoredFile
from .progress import CANCELLABLE, OVER, State
from .service_answers import ServiceError, as_json, refusal
from .service_readings import ServiceReadings
from .service_streams import ServiceStreams
from .sets import INVOICES, POINTS
from .sheet_store import SheetStore
from .utility import Utility

PREFIX = "/utility/hs/ztoe/v1"
LARGEST_FILE = 32 * 1024 * 1024
MOST_UPDATES = 500


def service_blueprint(utility: Utility, store: OrderStore, sheets: SheetStore) -> Blueprint:
    blueprint = Blueprint("service", __name__, url_prefix=PREFIX)
    service = _Service(utility, store)
    readings = ServiceReadings(utility, sheets)
    blueprint.before_request(require_user)
    blueprint.register_error_handler(ServiceError, refusal)
    rules: list[tuple[str, str, Callable[..., Response]]] = [
        ("GET", "/ping", service.ping),
        ("GET", "/invoices/<key>/file", service.invoice_file),
        ("PUT", "/orders/<order_id>/files/<role>", service.put_file),
        ("PUT", "/orders/<order_id>", service.put_order),
        ("GET", "/orders/<order_id>", service.get_order),
        ("DELETE", "/orders/<order_id>", service.cancel_order),
        ("GET", "/orders/<order_id>/invoice", service.order_invoice),
        ("GET", "/order-updates", service.order_updates),
        ("PUT", "/readings/<sheet_key>", readings.put_sheet),
        ("DELETE", "/readings/<sheet_key>", readings.withdraw_sheet),
        ("GET", "/reading-results", readings.results),
        ("GET", "/<stream>", ServiceStreams(utility, sheets).read),
        ("GET", "/<path:address>", service.nothing_here),
    ]
    for method, rule, view in rules:
        blueprint.add_url_rule(rule, view.__name__, view, methods=[method])
    return blueprint


def _pdf(content: bytes) -> Response:
    return Response(content, content_type="application/pdf")


def order_json(order: Order) -> dict[str, Any]:
    """The order and its progress; what has not happened yet is null."""
    return {
        "order_id": order.id,
        "state": order.state.value,
        "received_at": order.received_at,
        "registration_number": order.registration_number or None,
        "invoice_key": order.invoice_key or None,
        "invoice_amount": order.invoice_amount or None,
        "paid_at": order.paid_at or None,
        "work_date": order.work_date or None,
        "reason": order.reason or None,
        "order": order.body,
    }


class _Service:
    def __init__(self, utility: Utility, store: OrderStore) -> None:
        self._utility = utility
        self._store = store

    def ping(self) -> Response:
        return as_json({"service": "ztoe", "version": 1})

    def nothing_here(self, address: str) -> Response:
        raise ServiceError(404, "not_found", f"there is nothing at {address}")

    def invoice_file(self, key: str) -> Response:
        invoice = self._utility.find(INVOICES, key)
        if invoice is not None:
            return _pdf(invoice_pdf(self._utility, invoice))
        order = self._store.order_of_invoice(key.lower())
        if order is None:
            raise ServiceError(404, "unknown_invoice", "no such invoice")
        return _pdf(service_invoice_pdf(self._utility, order))

    def put_file(self, order_id: str, role: str) -> Response:
        file = _received_file(_order_id(order_id), role)
        with self._store.locked():
            known = self._store.file(order_id, role)
            if known is not None and known.content != file.content:
                raise ServiceError(409, "different_file", f"another file is already here as {role}")
            if known is None:
                self._store.add_file(file)
        return Response(status=204)

    def put_order(self, order_id: str) -> Response:
        try:
            body = parse_order(request.get_data())
        except BadOrder as error:
            raise ServiceError(400, "bad_order", str(error)) from None
        with self._store.locked():
            known = self._store.order(_order_id(order_id))
            if known is not None:
                if known.body != body:
                    raise ServiceError(409, "different_order", "another order is already here under this id")
                return as_json(order_json(known))
            self._check_against_base(body)
            self._check_files(order_id, body["files"])
            order = Order(id=order_id, body=body, state=State.ACCEPTED, received_at=local_now())
            self._store.add_order(order)
        return as_json(order_json(order), 201)

    def _check_against_base(self, body: dict[str, Any]) -> None:
        account = self._utility.account(body["account_number"], body["consumer_code"])
        if account is None:
            raise ServiceError(422, "unknown_account", "no account with this number and consumer code")
        point = self._utility.find(POINTS, body["metering_point_key"])
        if point is None or point.account_key != account.key or (point.eic or None) != body["eic"]:
            raise ServiceError(422, "unknown_metering_point", "no such metering point at this account")

    def _check_files(self, order_id: str, files: list[dict[str, Any]]) -> None:
        for listed in files:
            file = self._store.file(order_id, listed["role"])
            if file is None or (file.sha256, len(file.content)) != (listed["sha256"], listed["size"]):
                raise ServiceError(422, "missing_file", f"the file {listed['role']} has not been uploaded")

    def get_order(self, order_id: str) -> Response:
        return as_json(order_json(self._known(order_id)))

    def cancel_order(self, order_id: str) -> Response:
        with self._store.locked():
            order = self._known(order_id)
            if order.paid_at or order.state not in (*CANCELLABLE, *OVER):
                raise ServiceError(409, "already_paid", "the order is paid for and cannot be cancelled")
            if order.state not in OVER:
                self._store.change(order, state=State.CANCELLED.value)
        return Response(status=204)

    def order_invoice(self, order_id: str) -> Response:
        order = self._known(order_id)
        if not order.invoice_key:
            raise ServiceError(404, "no_invoice", "the order has no invoice yet")
        return _pdf(service_invoice_pdf(self._utility, order))

    def order_updates(self) -> Response:
        limit = request.args.get("limit", "100")
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MOST_UPDATES):
            raise ServiceError(400, "bad_limit", f"limit is 1 to {MOST_UPDATES}")
        after = self._place(request.args.get("after", ""))
        found = self._store.updates(after, int(limit) + 1)
        page = found[: int(limit)]
        place = page[-1][0] if page else after
        updates = [body for _, body in page]
        return as_json({"updates": updates, "cursor": self._cursor(place), "more": len(found) > len(page)})

    def _known(self, order_id: str) -> Order:
        order = self._store.order(_order_id(order_id))
        if order is None:
            raise ServiceError(404, "unknown_order", "no such order")
        return order

    def _cursor(self, place: int) -> str:
        return base64.urlsafe_b64encode(f"{self._store.generation}.{place}".encode()).decode().rstrip("=")

    def _place(self, cursor: str) -> int:
        """Where to read on; the cursor of another base (restored, reset) starts from the beginning."""
        try:
            text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
            generation, _, place = text.partition(".")
            number = int(place) if cursor else 0
        except (ValueError, binascii.Error):
            raise ServiceError(400, "bad_cursor", "this is no cursor of ours") from None
        return number if generation == self._store.generation else 0


def _order_id(text: str) -> str:
    if not ORDER_ID.fullmatch(text):
        raise ServiceError(400, "bad_order_id", "an order id is 1 to 64 Latin letters, digits and hyphens")
    return text


def _received_file(order_id: str, role: str) -> StoredFile:
    if role not in ROLES:
        raise ServiceError(400, "bad_role", f"a role is one of {', '.join(ROLES)}")
    if (request.content_length or 0) > LARGEST_FILE:
        raise ServiceError(413, "file_too_large", f"a file has at most {LARGEST_FILE} bytes")
    content = request.get_data()
    stated = request.headers.get("X-Content-SHA256", "").lower()
    if not SHA256.fullmatch(stated):
        raise ServiceError(400, "bad_checksum", "X-Content-SHA256 must be 64 hexadecimal digits")
    if hashlib.sha256(content).hexdigest() != stated:
        raise ServiceError(400, "checksum_mismatch", "the bytes received do not match X-Content-SHA256")
    return StoredFile(
        order_id=order_id,
        role=role,
        name=_file_name(),
        content_type=request.headers.get("Content-Type", "application/octet-stream"),
        sha256=stated,
        content=content,
    )


def _file_name() -> str:
    try:
        name = unquote(request.headers.get("X-File-Name", ""), errors="strict")
    except UnicodeDecodeError:
        name = ""
    if not name.strip() or len(name) > 255 or not name.isprintable():
        raise ServiceError(
            400, "bad_file_name", "X-File-Name must be the percent-encoded UTF-8 name of the file"
        )
    return name
