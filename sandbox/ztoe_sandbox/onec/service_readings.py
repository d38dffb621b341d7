"""PUT and DELETE v1/readings/{sheet_key}, GET v1/reading-results: sheets in, verdicts out."""

import base64
import binascii
import re
from typing import Any

from flask import Response, request

from .order_body import BadOrder
from .service_answers import ServiceError, as_json
from .sets import POINTS
from .sheet_body import parse_sheet
from .sheet_store import SheetStore
from .sheets import SheetRefused, receive, withdraw
from .utility import Utility

SHEET_KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")
MOST_RESULTS = 500


class ServiceReadings:
    """All or nothing: a sheet with one unknown point is not received."""

    def __init__(self, utility: Utility, store: SheetStore) -> None:
        self._utility = utility
        self._store = store

    def put_sheet(self, sheet_key: str) -> Response:
        try:
            body = parse_sheet(request.get_data())
        except BadOrder as error:
            raise ServiceError(400, "bad_sheet", str(error)) from None
        self._check(body)
        try:
            new = receive(self._store, _sheet_key(sheet_key), body["revision"], body)
        except SheetRefused as error:
            raise ServiceError(409, error.code, str(error)) from None
        return as_json({"sheet_key": sheet_key, "revision": body["revision"]}, 201 if new else 200)

    def withdraw_sheet(self, sheet_key: str) -> Response:
        try:
            withdraw(self._store, _sheet_key(sheet_key))
        except LookupError:
            raise ServiceError(404, "unknown_sheet", "no such sheet") from None
        except SheetRefused as error:
            raise ServiceError(409, error.code, str(error)) from None
        return Response(status=204)

    def _check(self, body: dict[str, Any]) -> None:
        account = self._utility.account(body["account_number"], body["consumer_code"])
        if account is None:
            raise ServiceError(422, "unknown_account", "no account with this number and consumer code")
        for line in body["lines"]:
            point = self._utility.find(POINTS, line["metering_point_key"])
            if point is None or point.account_key != account.key:
                raise ServiceError(422, "unknown_metering_point", "no such metering point at this account")

    def results(self) -> Response:
        limit = request.args.get("limit", "100")
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MOST_RESULTS):
            raise ServiceError(400, "bad_limit", f"limit is 1 to {MOST_RESULTS}")
        after = _place(request.args.get("after", ""))
        found = self._store.results(after, int(limit) + 1)
        page = found[: int(limit)]
        cursor = base64.urlsafe_b64encode(str(page[-1][0] if page else after).encode()).decode()
        return as_json(
            {
                "results": [body for _, body in page],
                "cursor": cursor.rstrip("="),
                "more": len(found) > len(page),
            }
        )


def _sheet_key(text: str) -> str:
    if not SHEET_KEY.fullmatch(text):
        raise ServiceError(400, "bad_sheet_key", "1 to 64 Latin letters, digits, full stops, colons, hyphens")
    return text


def _place(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        return int(text) if cursor else 0
    except (ValueError, binascii.Error):
        raise ServiceError(400, "bad_cursor", "this is no cursor of ours") from None
