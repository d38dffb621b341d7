"""Readings into an independent information register of 1C, which by its nature takes each key once.

HTTP 200 proves nothing in 1C: an unknown field is ignored and a long text is cut. So every row is read again after it
was written, and compared. An answer that was lost is looked up, and nothing is ever repeated blindly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from ztoe_hub.errors import ItemRejected, OperatorNeeded, OutcomeUnknown, TransientError, UnexpectedAnswer
from ztoe_hub.values import PointRefusal, ReadingResult, ReadingResults, ReadingSheet, RefusalReason

from .faults import QueryRefused
from .mapping import ReadingsMapping
from .normalise import BadValue, moment
from .odata import ODataClient
from .reading_values import Row, comparable, row_of

OVERLAP = timedelta(hours=1)  # local times go back once a year; what is read twice has the same id

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


class ReadingsRegister:
    """Keeps nothing: what was sent is what the register holds."""

    def __init__(self, client: ODataClient, mapping: ReadingsMapping, zone: ZoneInfo) -> None:
        self._client = client
        self._mapping = mapping
        self._names = {ours: theirs for ours, theirs in mapping.fields.items() if theirs}
        self._zone = zone

    def send(self, sheet: ReadingSheet) -> None:
        """A row a line; 1C takes the sheet when all of them are there."""
        known = self._rows_of(sheet.key)
        others = [row for row in known if row["revision"] != sheet.revision]
        if any(row["revision"] > sheet.revision or self._accepted(row) for row in others):
            raise ItemRejected("billing has taken an earlier revision, or has a newer one")
        for line in sheet.lines:
            self._put(row_of(sheet, line, _external_id(sheet.key, sheet.revision), self._zone))
        for row in others:
            if not row["state"]:
                self._delete(row)

    def withdraw(self, sheet_key: str) -> None:
        """Delete what waits; a row is our own note to 1C and nothing refers to it."""
        rows = self._rows_of(sheet_key)
        if any(self._accepted(row) for row in rows):
            raise ItemRejected("billing has taken the sheet already")
        for row in rows:
            if not row["state"]:
                self._delete(row)

    def results(self, since: str | None) -> ReadingResults:
        """Verdicts since a cursor, which is the time of the latest one."""
        after = _moment(since) - OVERLAP if since else datetime(1, 1, 1, second=1)  # noqa: DTZ001  1C's wall clock
        decided = self._names["decided_at"]
        found = self._rows(f"{decided} ge datetime'{after.isoformat(timespec='seconds')}'", order=decided)
        latest = max((row["decided_at"] for row in found if row["decided_at"]), default=None)
        return ReadingResults(
            results=list(self._results(found)), cursor=latest.isoformat() if latest else since or ""
        )

    def _results(self, rows: list[Row]) -> Iterator[ReadingResult]:
        rows.sort(key=lambda row: (row["decided_at"], row["sheet"], row["revision"]))
        for (key, revision), group in groupby(rows, key=lambda row: (row["sheet"], row["revision"])):
            lines = list(group)
            state = self._mapping.states.get(lines[0]["state"])
            if state is None:
                raise UnexpectedAnswer(f"{self._mapping.register_}: an unknown state; add it to the mapping")
            yield ReadingResult(
                id=f"{key}:{revision}:{state}",
                sheet_key=key,
                revision=revision,
                accepted=state == "accepted",
                at=lines[0]["decided_at"].replace(tzinfo=self._zone),
                refusals=[_refusal(row) for row in lines if row["reason"]],
            )

    def _put(self, row: Row) -> None:
        """Write a row once, and see what became of it."""
        path, asked = self._path(row), self._mapping.register_
        before = self._found(path)
        if before is not None:
            self._compare(row, before, ItemRejected("another reading is there under this key"))
            return
        try:
            self._client.write("POST", quote(asked), _encode(self._under_their_names(row)), asked=asked)
        except QueryRefused:
            if self._found(path) is None:
                raise
            # A twin of this very call was faster: what counts is what stands there.
        except OutcomeUnknown as error:
            if self._found(path) is None:
                raise TransientError(f"{asked}: the answer was lost, and the row is not there") from error
        after = self._found(path)
        if after is None:
            raise UnexpectedAnswer(f"{asked}: what was written cannot be found again")
        self._compare(row, after, UnexpectedAnswer(f"{asked}: 1C changed what was written"))

    def _compare(self, row: Row, found: Row, trouble: Exception) -> None:
        """Names the fields, and never repeats a value."""
        differing = [
            name
            for name, value in row.items()
            if name in self._names and comparable(found[name]) != comparable(value)
        ]
        if differing:
            names = ", ".join(self._names[name] for name in differing)
            raise type(trouble)(f"{trouble}: {names}") from None

    def _delete(self, row: Row) -> None:
        """Repeatable: a row that is gone is gone."""
        path = self._path(row)
        try:
            self._client.write("DELETE", path, b"", asked=self._mapping.register_)
        except (QueryRefused, OutcomeUnknown) as error:
            if self._found(path) is not None:
                raise TransientError(f"{self._mapping.register_}: a row could not be withdrawn") from error

    def _accepted(self, row: Row) -> bool:
        return self._mapping.states.get(row["state"] or "") == "accepted"

    def _found(self, path: str) -> Row | None:
        content = self._client.one(path, asked=self._mapping.register_)
        return self._under_our_names(content) if content is not None else None

    def _rows_of(self, sheet_key: str) -> list[Row]:
        text = sheet_key.replace("'", "''")
        return self._rows(f"{self._names['sheet']} eq '{text}'", order=self._names["revision"])

    def _rows(self, condition: str, *, order: str) -> list[Row]:
        """All rows under a condition. 1C takes none on a part of the key, so the sheet is a field of its own."""
        options = {"$filter": condition, "$orderby": order}
        found = self._client.values(quote(self._mapping.register_), options, asked=self._mapping.register_)
        return [self._under_our_names(bytes(value)) for value in found]

    def _under_our_names(self, content: bytes) -> Row:
        try:
            found: Mapping[str, Any] = _decode(content)
        except msgspec.DecodeError as error:
            raise UnexpectedAnswer(f"{self._mapping.register_}: a row is out of shape") from error
        row = {name: _plain(found.get(theirs)) for name, theirs in self._names.items()}
        try:
            for name in ("revision", "line_count"):
                row[name] = int(row.get(name) or 0)
            row["decided_at"] = moment(row.get("decided_at"), "decided_at")
        except (ValueError, BadValue) as error:
            raise UnexpectedAnswer(f"{self._mapping.register_}: a row is out of shape") from error
        return {**dict.fromkeys(("state", "reason", "sent", "known")), **row}

    def _under_their_names(self, row: Row) -> dict[str, Any]:
        return {self._names[name]: value for name, value in row.items() if name in self._names}

    def _path(self, row: Row) -> str:
        """The address of a row by its whole key. The external id is ours: nothing in it is lost in a path."""
        parts = {
            "point": f"guid'{row['point']}'",
            "taken_on": f"datetime'{row['taken_on']}'",
            "external_id": f"'{row['external_id']}'",
        }
        inside = ",".join(f"{self._names[name]}={value}" for name, value in parts.items())
        return f"{quote(self._mapping.register_)}({quote(inside, safe='')})"


def _plain(value: Any) -> Any:
    return value.rstrip() if isinstance(value, str) else value


def _external_id(sheet_key: str, revision: int) -> str:
    """Short, plain, and the same for the same revision."""
    return f"{hashlib.blake2b(sheet_key.encode(), digest_size=16).hexdigest()}-{revision}"


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise OperatorNeeded("the cursor of reading results is no time") from error


def _refusal(row: Row) -> PointRefusal:
    try:
        reason = RefusalReason(row["reason"])
    except ValueError:
        reason = RefusalReason.OTHER
    return PointRefusal(
        metering_point_key=row["point"], reason=reason, sent=row["sent"] or "", known=row["known"] or ""
    )
