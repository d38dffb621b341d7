"""GET v1/{stream}: everything page by page, and after that only what has changed."""

import base64
import binascii
from collections.abc import Sequence

from flask import Response, request

from .service_answers import ServiceError, as_json
from .sheet_store import SheetState, SheetStore
from .stream_rows import OF_SETS, Row, payments, readings_history, statement_lines
from .utility import Utility

MOST_ROWS = 10_000


class ServiceStreams:
    """A cursor is `walk.VERSION.OFFSET` on the way through everything, `since.VERSION` afterwards."""

    def __init__(self, utility: Utility, sheets: SheetStore) -> None:
        self._utility = utility
        self._sheets = sheets
        self.names = (*OF_SETS, "readings_history", "statement_lines", "payments")

    def read(self, stream: str) -> Response:
        unknown = set(request.args) - {"after", "limit"}
        if unknown or stream not in self.names:
            raise ServiceError(400 if unknown else 404, "bad_request" if unknown else "not_found", stream)
        limit = request.args.get("limit", "1000")
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MOST_ROWS):
            raise ServiceError(400, "bad_limit", f"limit is 1 to {MOST_ROWS}")
        kind, version, offset = self._place(request.args.get("after", ""))
        if kind == "since":
            return self._changed(stream, version)
        return self._page(stream, version, offset, int(limit))

    def _page(self, stream: str, version: int, offset: int, limit: int) -> Response:
        rows = self._rows(stream)
        page = rows[offset : offset + limit]
        more = offset + limit < len(rows)
        if more:
            cursor = _cursor(f"walk.{version}.{offset + limit}")
        else:  # what is not behind a set keeps no track of its changes
            cursor = _cursor(f"since.{version}") if stream in OF_SETS else ""
        return as_json({"rows": page, "cursor": cursor, "more": more, "complete": not more})

    def _changed(self, stream: str, version: int) -> Response:
        if stream not in OF_SETS:
            raise ServiceError(400, "bad_cursor", "this stream has no changes")
        set_name, row_of = OF_SETS[stream]
        changes = self._utility.changes
        keys = dict.fromkeys(key for name, key in changes[version:] if name == set_name)
        found = {key: self._utility.find(set_name, key) for key in keys}
        rows = {key: row_of(record) if record else None for key, record in found.items()}
        return as_json(
            {
                "rows": [row for row in rows.values() if row is not None],
                "gone": [key for key, row in rows.items() if row is None],
                "cursor": _cursor(f"since.{len(changes)}"),
                "more": False,
                "complete": True,
            }
        )

    def _rows(self, stream: str) -> Sequence[Row]:
        if stream in OF_SETS:
            set_name, row_of = OF_SETS[stream]
            found = (row_of(record) for record in self._utility.records(set_name))
            return [row for row in found if row is not None]
        if stream == "statement_lines":
            return list(statement_lines(self._utility))
        if stream == "payments":
            return list(payments(self._utility))
        accepted = [each.body for each in self._sheets.sheets() if each.state is SheetState.ACCEPTED]
        return list(readings_history(self._utility, accepted))

    def _place(self, cursor: str) -> tuple[str, int, int]:
        if not cursor:
            return "walk", self._utility.version, 0
        try:
            text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
            kind, version, *offset = text.split(".")
            place = kind, int(version), int(offset[0]) if offset else 0
        except (ValueError, binascii.Error):
            raise ServiceError(400, "bad_cursor", "this is no cursor of ours") from None
        if kind not in ("walk", "since") or place[1] > self._utility.version:
            raise ServiceError(400, "bad_cursor", "the base was restored: read everything anew")
        return place


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
