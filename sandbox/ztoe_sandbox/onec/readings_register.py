"""Writing to the independent register of readings over OData, with everything that 1C lets pass in silence.

An unknown field is ignored, a text that is too long is cut, a reference to nothing is stored; only a key that is
there already is refused. When the last row of a sheet has come, the base takes the sheet.
"""

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import Code, ODataError
from .reading_rows import ATTRIBUTES, READINGS_SET, WRITABLE, ReadingRow
from .schema import Edm, Field
from .sheet_store import Sheet, SheetState, SheetStore
from .sheets import SheetRefused, receive, withdraw
from .tokens import GUID

KEY = re.compile(rf"ТочкаУчета_Key=guid'({GUID})',ДатаПоказания=datetime'([^']*)',ВнешнийИд='((?:[^']|'')*)'")
WORDS = {SheetState.ACCEPTED: "Принято", SheetState.REFUSED: "Отклонено"}
DATES = ("read_at", "period", "confirmed_at", "previous_at", "decided_at")
NUMBERS = ("coefficient", "previous", "value")


class ReadingsRegister:
    """The rows, and the sheets that they make."""

    def __init__(self, store: SheetStore) -> None:
        self._store = store

    def rows(self) -> list[ReadingRow]:
        """Every row, with the verdict on its sheet."""
        sheets = {(each.key, each.revision): each for each in self._store.sheets()}
        return [self._judged(row, sheets) for row in map(_row_of, self._store.rows())]

    def find(self, arguments: str) -> ReadingRow | None:
        """The row with this composite key. Raises ODataError when the key is not whole."""
        match = KEY.fullmatch(arguments)
        if match is None:
            raise ODataError(400, Code.NO_KEY, "Не указана часть ключа записи")
        key = f"{match[1].lower()} {match[2]} {match[3].replace(chr(39) * 2, chr(39))}"
        return next((row for row in self.rows() if row.key == key), None)

    def create(self, body: bytes) -> ReadingRow:
        """A new row. Raises ODataError: 400 when the key is there already, and the old row stays as it is."""
        values = _values(body)
        if any(name not in values for name in ("point_key", "read_at", "external_id")):
            raise ODataError(400, Code.NO_KEY, "Не указана часть ключа записи")
        row = ReadingRow(**values)
        with self._store.locked():
            if any(each.key == row.key for each in self.rows()):
                raise ODataError(400, Code.KEY_EXISTS, "Запись с таким ключом уже существует")
            self._store.put_row(row.key, _plain(row))
            self._take_sheet(row)
        return row

    def change(self, row: ReadingRow, body: bytes) -> ReadingRow:
        changed = ReadingRow(**{**asdict(row), **_values(body)})
        self._store.put_row(row.key, _plain(changed))
        return changed

    def delete(self, row: ReadingRow) -> None:
        """Physically; a sheet that waited and lost a row is withdrawn."""
        with self._store.locked():
            self._store.delete_row(row.key)
            waiting = [
                each for each in self._store.revisions(row.sheet_key) if each.state is SheetState.WAITING
            ]
            if any(each.revision == row.revision for each in waiting):
                withdraw(self._store, row.sheet_key)

    def _take_sheet(self, row: ReadingRow) -> None:
        lines = [
            each
            for each in map(_row_of, self._store.rows())
            if (each.sheet_key, each.revision) == (row.sheet_key, row.revision)
        ]
        if row.sheet_key and len(lines) == row.line_count:
            try:
                receive(self._store, row.sheet_key, row.revision, _sheet_body(lines))
            except SheetRefused:
                return  # the rows stay in the register; nobody is told, as nobody would be

    @staticmethod
    def _judged(row: ReadingRow, sheets: Mapping[tuple[str, int], Sheet]) -> ReadingRow:
        sheet = sheets.get((row.sheet_key, row.revision))
        if sheet is None or sheet.state not in WORDS:
            return row
        refusal: dict[str, str] = next(
            (each for each in sheet.refusals if each["metering_point_key"] == row.point_key), {}
        )
        verdict = {
            "state": WORDS[sheet.state],
            "reason": refusal.get("reason", ""),
            "sent": refusal.get("sent", ""),
            "known": refusal.get("known", ""),
            "decided_at": dt.datetime.fromisoformat(sheet.decided_at).replace(tzinfo=None),
        }
        return ReadingRow(**{**asdict(row), **verdict})


def _values(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body.decode("utf-8"), parse_float=Decimal)
    except ValueError:
        raise ODataError(400, Code.BAD_FORMAT, "Тело запроса не разобрано") from None
    if not isinstance(found, dict):
        raise ODataError(400, Code.BAD_FORMAT, "Тело запроса не разобрано")
    fields = {field.name: field for field in READINGS_SET.fields}
    return {
        ATTRIBUTES[name]: _value(fields[name], value) for name, value in found.items() if name in WRITABLE
    }


def _value(field: Field, value: Any) -> Any:
    try:
        match field.type:
            case Edm.DATETIME:
                return dt.datetime.fromisoformat(value)
            case Edm.DOUBLE:
                return Decimal(value)
            case Edm.INT16 | Edm.INT64:
                return int(value)
            case Edm.GUID:
                return str(value).lower()
            case Edm.BOOLEAN:
                return bool(value)
            case _:
                return str(value)[: field.longest]
    except (TypeError, ValueError, InvalidOperation):
        raise ODataError(400, Code.BAD_VALUE, f"Неверное значение: {value}") from None


def _plain(row: ReadingRow) -> dict[str, Any]:
    return {
        name: value.isoformat()
        if isinstance(value, dt.datetime)
        else str(value)
        if name in NUMBERS
        else value
        for name, value in asdict(row).items()
    }


def _row_of(body: dict[str, Any]) -> ReadingRow:
    read = {name: dt.datetime.fromisoformat(body[name]) for name in DATES}
    return ReadingRow(**{**body, **read, **{name: Decimal(body[name]) for name in NUMBERS}})


def _sheet_body(rows: list[ReadingRow]) -> dict[str, Any]:
    """The sheet in the words of the HTTP service's contract."""
    first = rows[0]
    return {
        "revision": first.revision,
        "account_number": first.account_number,
        "consumer_code": first.consumer_code,
        "period": first.period.date().isoformat(),
        "confirmed_at": first.confirmed_at.isoformat(),
        "lines": [
            {
                "metering_point_key": row.point_key,
                "meter_number": row.meter_number,
                "digits": row.digits,
                "coefficient": str(row.coefficient),
                "previous_on": row.previous_at.date().isoformat(),
                "previous_value": str(row.previous),
                "current_on": row.read_at.date().isoformat(),
                "current_value": str(row.value),
                "rolled_over": row.rolled_over,
            }
            for row in rows
        ],
    }
