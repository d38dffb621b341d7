"""Readings handed over: by the register of 1C and by the HTTP service, looked at again after every write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from ztoe_billing_1c.hub_source import HubServiceSource
from ztoe_billing_1c.reading_values import comparable
from ztoe_billing_1c.service import OneCSource
from ztoe_hub.errors import (
    HubError,
    ItemRejected,
    OperatorNeeded,
    ProviderMisconfigured,
    TransientError,
    UnexpectedAnswer,
)
from ztoe_hub.ports import ReadingsDesk
from ztoe_hub.testing.billing import records_of
from ztoe_hub.testing.readings import ReadingsDeskContract, a_line, a_sheet, edited, results_of
from ztoe_hub.values import MeteringPointRecord, PointRefusal, ReadingSheet, Stream

MakeSource = Callable[..., OneCSource]
MakeService = Callable[..., HubServiceSource]
REGISTER = "InformationRegister_ПоказанияКабинета"
URL = "https://1c.example.com"


class Staff:
    """The utility's people at the sandbox's page of sheets."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/sandbox/sheets"

    def waiting(self, key: str) -> list[int]:
        sheets = httpx.get(self._url).json()["sheets"]
        return [each["revision"] for each in sheets if each["key"] == key and each["state"] == "waiting"]

    def accept(self, key: str, revision: int) -> None:
        self.refuse(key, revision, [])

    def refuse(self, key: str, revision: int, refusals: Sequence[PointRefusal]) -> None:
        body = {"refusals": [asdict(refusal) for refusal in refusals]}
        httpx.post(f"{self._url}/{key}/{revision}", json=body).raise_for_status()


@pytest.fixture
def staff(sandbox: str) -> Staff:
    return Staff(sandbox)


@pytest.fixture
def sheet(source: OneCSource) -> ReadingSheet:
    """Two points of the manual's account 186."""
    points = [
        record
        for record in records_of(source, Stream.METERING_POINTS)
        if isinstance(record, MeteringPointRecord) and record.meter_number in ("4006314", "4006307")
    ]
    lines = [
        a_line(metering_point_key=point.key, meter_number=point.meter_number, digits=point.digits)
        for point in points
    ]
    return a_sheet(lines=lines)


class _WithSandbox(ReadingsDeskContract):
    @pytest.fixture
    def staff(self, staff: Staff) -> Staff:
        return staff

    @pytest.fixture
    def sheet(self, sheet: ReadingSheet) -> ReadingSheet:
        return sheet


class TestReadingsByRegister(_WithSandbox):
    @pytest.fixture
    def desk(self, sandbox: str, make_source: MakeSource) -> OneCSource:
        return make_source(sandbox, write=True)


class TestReadingsByService(_WithSandbox):
    @pytest.fixture
    def desk(self, sandbox: str, make_service: MakeService) -> HubServiceSource:
        return make_service(sandbox, write=True)


@pytest.fixture(params=["register", "service"])
def desk(
    request: pytest.FixtureRequest, sandbox: str, make_source: MakeSource, make_service: MakeService
) -> ReadingsDesk:
    by_register = request.param == "register"
    return make_source(sandbox, write=True) if by_register else make_service(sandbox, write=True)


def test_nothing_is_written_unless_it_is_switched_on(
    sandbox: str, make_source: MakeSource, make_service: MakeService
) -> None:
    for source in (make_source(sandbox), make_service(sandbox)):
        assert not source.capabilities.readings
        with pytest.raises(ProviderMisconfigured, match="write"):
            source.send_readings(a_sheet())
        with pytest.raises(ProviderMisconfigured, match="write"):
            source.withdraw_readings("x")
        with pytest.raises(ProviderMisconfigured, match="write"):
            source.reading_results(None)


def received(url: str, key: str) -> dict[str, Any]:
    sheets = httpx.get(f"{url}/sandbox/sheets").json()["sheets"]
    [body] = [each["body"] for each in sheets if each["key"] == key]
    return dict(body)


def test_everything_of_a_sheet_arrives(desk: ReadingsDesk, sandbox: str, sheet: ReadingSheet) -> None:
    lines = [replace(line, rolled_over=True, current_value=Decimal("99999.125")) for line in sheet.lines]
    desk.send_readings(replace(sheet, lines=lines))
    body = received(sandbox, sheet.key)
    assert (body["account_number"], body["consumer_code"]) == ("186", "125000186")
    assert (body["period"], body["confirmed_at"][:16]) == ("2024-03-01", "2024-03-31T18:30")
    assert len(body["lines"]) == 2
    line = body["lines"][0]
    assert (line["current_on"], line["current_value"]) == ("2024-03-31", "99999.125")
    assert (line["previous_on"], line["previous_value"]) == ("2024-02-29", "15230")
    assert (line["coefficient"], line["rolled_over"], line["digits"]) == ("20", True, 5)


@pytest.fixture
def faults(sandbox: str) -> Iterator[Callable[..., None]]:
    def add(name: str, value: str, where: str, times: int) -> None:
        fault = {"name": name, "value": value, "where": where, "times": times}
        httpx.post(f"{sandbox}/sandbox/faults", json=fault).raise_for_status()

    yield add
    httpx.delete(f"{sandbox}/sandbox/faults").raise_for_status()


def test_a_sheet_whose_answers_are_lost_arrives_once(
    desk: ReadingsDesk, faults: Callable[..., None], staff: Staff, sheet: ReadingSheet
) -> None:
    """Pitfall 16: a timeout after success is looked up, and not written again."""
    for method in ("POST", "PUT"):
        faults("lost", "1", f"{method}/utility", 2)
    desk.send_readings(sheet)
    assert staff.waiting(sheet.key) == [1]


@pytest.mark.parametrize("fault", ["reset", "html", "truncate"])
def test_a_fault_midway_ends_in_one_sheet(
    desk: ReadingsDesk, faults: Callable[..., None], staff: Staff, sheet: ReadingSheet, fault: str
) -> None:
    for method in ("POST", "PUT"):
        faults(fault, "1", f"{method}/utility", 1)
    try:
        desk.send_readings(sheet)
    except HubError:
        desk.send_readings(sheet)
    assert staff.waiting(sheet.key) == [1]


def test_a_sheet_for_nobodys_meter_is_refused_by_the_service(sandbox: str, make_service: MakeService) -> None:
    desk = make_service(sandbox, write=True)
    stranger = a_line(metering_point_key="00000000-0000-4000-8000-00000000ffff")
    with pytest.raises(ItemRejected, match="unknown_metering_point"):
        desk.send_readings(a_sheet(lines=[stranger]))


# --- a register that misbehaves ----------------------------------------------------------------------


class Register:
    """A register of 1C in memory; `spoil` changes what is stored, `answers` replace the answers to POST."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.spoil: Callable[[dict[str, Any]], None] = lambda _: None
        self.answers: list[Callable[[], httpx.Response]] = []
        self.writes = True
        self.posted = 0

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.rpartition("/")[2]
        if request.method == "POST":
            return self._post(json.loads(request.content))
        if path == REGISTER:
            return httpx.Response(200, json={"value": list(self.rows.values())})
        row = next((row for row in self.rows.values() if row["ВнешнийИд"] in path), None)
        if row is None or row["ТочкаУчета_Key"] not in path:
            return httpx.Response(404, json={"odata.error": {"code": "9", "message": {}}})
        return httpx.Response(200, json=row)

    def _post(self, row: dict[str, Any]) -> httpx.Response:
        self.posted += 1
        if self.writes:
            stored = dict(row)
            self.spoil(stored)
            self.rows[stored["ВнешнийИд"]] = stored
        return self.answers.pop(0)() if self.answers else httpx.Response(201, json=row)


@pytest.fixture
def register() -> Register:
    return Register()


@pytest.fixture
def writer(register: Register, make_source: MakeSource) -> OneCSource:
    return make_source(URL, transport=httpx.MockTransport(register.handle), write=True)


POINT = "10000000-0000-4000-8000-000000000000"
SHEET = a_sheet("sheet-1", lines=[a_line(metering_point_key=POINT)])


@pytest.mark.parametrize(
    ("field", "value"),
    [("НомерСчетчика", "40063"), ("Показание", None), ("ТочкаУчета_Key", POINT.replace("1", "2"))],
)
def test_what_1c_changed_in_silence_is_found_out(
    writer: OneCSource, register: Register, field: str, value: object
) -> None:
    """Pitfall 16: a text that was cut, a field that was ignored, a reference that is another."""
    register.spoil = lambda row: row.__setitem__(field, value)
    with pytest.raises(OperatorNeeded):
        writer.send_readings(SHEET)


def test_the_field_that_differs_is_named_and_no_value(writer: OneCSource, register: Register) -> None:
    register.spoil = lambda row: row.__setitem__("НомерСчетчика", "4006")
    with pytest.raises(UnexpectedAnswer, match="НомерСчетчика") as caught:
        writer.send_readings(SHEET)
    assert "4006" not in str(caught.value)


def lost() -> httpx.Response:
    raise httpx.ReadError("lost")


def test_a_lost_answer_is_looked_up(writer: OneCSource, register: Register) -> None:
    """Pitfall 16: timeout after success."""
    register.answers = [lost]
    writer.send_readings(SHEET)
    assert (register.posted, len(register.rows)) == (1, 1)


def test_a_lost_call_is_not_repeated_on_the_spot(writer: OneCSource, register: Register) -> None:
    register.answers, register.writes = [lost], False
    with pytest.raises(TransientError, match="not there"):
        writer.send_readings(SHEET)
    assert register.posted == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_failure_without_a_word_of_1c_is_looked_up(
    writer: OneCSource, register: Register, status: int
) -> None:
    register.answers = [lambda: httpx.Response(status, html="<html>")]
    writer.send_readings(SHEET)
    assert register.posted == 1


@pytest.mark.parametrize("code", ["15", "4"])
def test_a_key_that_is_there_is_compared(writer: OneCSource, register: Register, code: str) -> None:
    """Pitfall 16: the repeated POST is 400, whatever the code; what stands there counts."""
    register.answers = [lambda: httpx.Response(400, json={"odata.error": {"code": code, "message": {}}})]
    writer.send_readings(SHEET)
    assert len(register.rows) == 1


def test_a_sheet_that_is_there_is_not_written_again(writer: OneCSource, register: Register) -> None:
    writer.send_readings(SHEET)
    writer.send_readings(SHEET)
    assert register.posted == 1


def test_another_reading_under_the_same_key_is_not_overwritten(
    writer: OneCSource, register: Register
) -> None:
    writer.send_readings(SHEET)
    other = replace(SHEET, lines=[replace(SHEET.lines[0], current_value=Decimal(1))])
    with pytest.raises(ItemRejected, match="Показание"):
        writer.send_readings(other)


def test_a_handler_of_1c_that_fails_is_for_the_operator(writer: OneCSource, register: Register) -> None:
    register.writes = False
    register.answers = [lambda: httpx.Response(500, json={"odata.error": {"code": "-1", "message": {}}})]
    with pytest.raises(OperatorNeeded):
        writer.send_readings(SHEET)


def test_whole_numbers_of_64_bits_are_sent_as_text(writer: OneCSource, register: Register) -> None:
    writer.send_readings(SHEET)
    [row] = register.rows.values()
    assert (row["Редакция"], row["СтрокВЛисте"]) == ("1", "1")
    assert (row["ДатаПоказания"], row["Показание"]) == ("2024-03-31T00:00:00", 15251.5)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", 1), (Decimal("20.0"), 20), ("4006314   ", "4006314"), (Decimal("15251.50"), 15251.5)],
)
def test_values_that_1c_holds_to_be_the_same(one: object, other: object) -> None:
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(("one", "other"), [("007", 7), (True, 1.5), ("а", "б"), (None, "")])
def test_values_that_are_not_the_same(one: object, other: object) -> None:
    assert comparable(one) != comparable(other)


def test_an_unknown_verdict_is_not_guessed(writer: OneCSource, register: Register) -> None:
    writer.send_readings(SHEET)
    [row] = register.rows.values()
    row |= {"Состояние": "Архів", "Обработано": "2024-04-01T10:00:00"}
    with pytest.raises(UnexpectedAnswer, match="unknown state"):
        writer.reading_results(None)


def test_a_verdict_has_the_servers_time_and_a_reason_that_we_know_or_other(
    writer: OneCSource, register: Register
) -> None:
    writer.send_readings(SHEET)
    [row] = register.rows.values()
    row |= {"Состояние": "Отклонено", "Обработано": "2024-04-01T10:00:00", "Причина": "Щось"}
    found = writer.reading_results(None)
    assert found.cursor == "2024-04-01T10:00:00"
    assert found.results[0].at == datetime(2024, 4, 1, 7, tzinfo=UTC)
    assert found.results[0].refusals[0].reason == "other"


def test_an_edit_in_a_month_of_another_date_leaves_one_revision(
    desk: ReadingsDesk, staff: Staff, sheet: ReadingSheet
) -> None:
    desk.send_readings(sheet)
    newer = edited(sheet)
    moved = replace(newer, lines=[replace(line, current_on=date(2024, 3, 30)) for line in newer.lines])
    desk.send_readings(moved)
    staff.accept(sheet.key, 2)
    assert [result.revision for result in results_of(desk, sheet.key)] == [2]


def test_nothing_but_new_rows_of_our_own_register_is_written(
    sandbox: str, make_source: MakeSource, sheet: ReadingSheet
) -> None:
    """Pitfall 16: no tabular part, no version and no posting can go wrong where none is touched."""
    httpx.delete(f"{sandbox}/sandbox/requests").raise_for_status()
    desk = make_source(sandbox, write=True)
    desk.send_readings(sheet)
    desk.send_readings(edited(sheet))
    desk.withdraw_readings(sheet.key)
    log = httpx.get(f"{sandbox}/sandbox/requests").json()
    written = [each for each in log if each["method"] != "GET"]
    assert {each["method"] for each in written} == {"POST", "DELETE"}
    assert all(f"/{REGISTER}" in unquote(each["path"]) for each in written)
