"""Reading sheets at the utility: the operator's page, and the register of 1C with all that it lets pass in silence."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ztoe_sandbox.onec.app import create_app
from ztoe_sandbox.onec.codes import key_of
from ztoe_sandbox.serving import Server

ROOT = "/utility/odata/standard.odata/"
REGISTER = "InformationRegister_ПоказанияКабинета"
POINTS = [key_of("point", f"manual-{place}") for place in (7, 8)]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(create_app(consumers=0, state_path=None, faults=None), 0)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def base(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url + ROOT, auth=("odata", "demo")) as client:
        yield client


@pytest.fixture
def desk(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, follow_redirects=True) as client:
        yield client


def row(place: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "ТочкаУчета_Key": POINTS[place], "ДатаПоказания": "2024-03-31T00:00:00", "ВнешнийИд": "x-1",
        "Лист": "sheet-1", "Редакция": "1", "СтрокВЛисте": "2", "ЛицевойСчет": "186",
        "КодПотребителя": "125000186", "РасчетныйПериод": "2024-03-01T00:00:00", "НомерСчетчика": "4006314",
        "Разрядность": 5, "Коэффициент": 20, "ПредыдущееПоказание": 15230, "Показание": 15251.5,
        "Подтверждено": "2024-03-31T18:30:00", "ДатаПредыдущегоПоказания": "2024-02-29T00:00:00",
    } | changes  # fmt: skip


def address(place: int = 0, external_id: str = "x-1") -> str:
    key = f"ТочкаУчета_Key=guid'{POINTS[place]}',ДатаПоказания=datetime'2024-03-31T00:00:00',ВнешнийИд='{external_id}'"
    return f"{REGISTER}({quote(key, safe='')})?$format=json"


def write(base: httpx.Client, *rows: dict[str, Any]) -> list[httpx.Response]:
    return [base.post(f"{REGISTER}?$format=json", json=each) for each in rows]


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["odata.error"]["code"]


# --- the register ------------------------------------------------------------------------------------


def test_a_key_is_taken_once_and_the_old_row_stays(base: httpx.Client) -> None:
    [first, again] = write(base, row(), row(Показание=1))
    assert first.status_code == 201
    assert code(again) == (400, "15")
    assert base.get(address()).json()["Показание"] == 15251.5


def test_what_does_not_fit_is_let_pass_in_silence(base: httpx.Client) -> None:
    [answer] = write(
        base,
        row(НомерСчетчика="4" * 30, ТочкаУчета_Key="00000000-0000-4000-8000-00000000ffff", Нічого=1),
    )
    assert answer.status_code == 201
    assert answer.json()["НомерСчетчика"] == "4" * 20
    assert "Нічого" not in answer.json()


@pytest.mark.parametrize("name", ["ТочкаУчета_Key", "ДатаПоказания", "ВнешнийИд"])
def test_a_key_must_be_whole(base: httpx.Client, name: str) -> None:
    [answer] = write(base, {key: value for key, value in row().items() if key != name})
    assert code(answer) == (400, "7")
    assert base.get(f"{REGISTER}(ВнешнийИд='x-1')?$format=json").status_code == 400


def test_a_filter_by_a_part_of_the_key_is_refused(base: httpx.Client) -> None:
    write(base, row())
    assert code(base.get(f"{REGISTER}?$filter=ВнешнийИд eq 'x-1'&$format=json")) == (500, "-1")
    found = base.get(f"{REGISTER}?$filter=Лист eq 'sheet-1'&$format=json").json()["value"]
    assert [each["Редакция"] for each in found] == ["1"]


def test_a_row_is_changed_and_deleted_by_its_whole_key(base: httpx.Client) -> None:
    write(base, row())
    assert base.patch(address(), json={"Показание": 2}).json()["Показание"] == 2
    assert base.delete(address()).status_code == 204
    assert code(base.get(address())) == (404, "9")
    assert base.put(address(), json={}).status_code == 404


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(base: httpx.Client, body: bytes) -> None:
    assert base.post(f"{REGISTER}?$format=json", content=body).status_code == 400


def test_a_value_of_another_type_is_refused(base: httpx.Client) -> None:
    assert [code(each) for each in write(base, row(ДатаПоказания="учора"))] == [(400, "4")]


def test_a_sheet_is_taken_when_all_its_rows_are_there(base: httpx.Client, desk: httpx.Client) -> None:
    write(base, row())
    assert desk.get("/sandbox/sheets").json()["sheets"] == []
    write(base, row(1))
    [sheet] = desk.get("/sandbox/sheets").json()["sheets"]
    assert (sheet["key"], sheet["state"], len(sheet["body"]["lines"])) == ("sheet-1", "waiting", 2)


def test_a_verdict_comes_into_the_rows(base: httpx.Client, desk: httpx.Client) -> None:
    write(base, row(), row(1))
    verdict = {"metering_point_key": POINTS[0], "reason": "other", "sent": "1", "known": "2"}
    desk.post("/sandbox/sheets/sheet-1/1", json={"refusals": [verdict]}).raise_for_status()
    refused, other = base.get(address()).json(), base.get(address(1)).json()
    assert (refused["Состояние"], refused["Причина"], refused["ЗначениеБазы"]) == ("Отклонено", "other", "2")
    assert (other["Состояние"], other["Причина"]) == ("Отклонено", "")
    assert not refused["Обработано"].startswith("0001")


def test_a_waiting_sheet_without_a_row_is_withdrawn(base: httpx.Client, desk: httpx.Client) -> None:
    write(base, row(), row(1))
    base.delete(address())
    assert [each["state"] for each in desk.get("/sandbox/sheets").json()["sheets"]] == ["withdrawn"]


# --- the operator's page -----------------------------------------------------------------------------


def test_the_list_says_that_there_is_nothing_yet(desk: httpx.Client) -> None:
    text = desk.get("/sheets").text
    assert "Показів ще немає" in text
    assert 'href="/sheets"' in desk.get("/").text


def test_an_operator_accepts_a_sheet(base: httpx.Client, desk: httpx.Client) -> None:
    write(base, row(), row(1))
    assert "sheet-1, редакція 1" in desk.get("/sheets").text
    shown = desk.get("/sheets/sheet-1/1").text
    assert "15251.5" in shown
    assert "29.02.2024" in shown
    assert "Оброблено" in desk.post("/sheets/sheet-1/1/accept").text
    assert desk.post("/sheets/sheet-1/1/accept").status_code == 409


def test_an_operator_refuses_with_reasons_for_points(base: httpx.Client, desk: httpx.Client) -> None:
    write(base, row(), row(1))
    assert desk.post("/sheets/sheet-1/1/refuse").status_code == 422
    form = {"reason-0": "meter_number_differs", "known-0": "4006399", "reason-1": "", "known-1": ""}
    text = desk.post("/sheets/sheet-1/1/refuse", data=form).text
    assert "Відхилено" in text
    assert re.search("<td>Інший номер лічильника</td>\\s*<td>4006399</td>", text)


def test_what_a_consumer_sent_is_shown_as_text(base: httpx.Client, desk: httpx.Client) -> None:
    write(base, row(НомерСчетчика="<b>4</b>"), row(1))
    assert "<b>4</b>" not in desk.get("/sheets/sheet-1/1").text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"refusals": [{"metering_point_key": POINTS[0]}]}, 409),
        ({"refusals": [{"metering_point_key": "?", "reason": "other", "sent": "", "known": ""}]}, 409),
        ({}, 400),
        ([], 400),
    ],
)
def test_a_script_that_says_nonsense_is_told(
    base: httpx.Client, desk: httpx.Client, body: object, status: int
) -> None:
    write(base, row(), row(1))
    assert desk.post("/sandbox/sheets/sheet-1/1", json=body).status_code == status


def test_an_unknown_sheet_is_404(desk: httpx.Client) -> None:
    assert desk.get("/sheets/never/1").status_code == 404
    assert desk.post("/sandbox/sheets/never/1", json={"refusals": []}).status_code == 404


def test_sheets_survive_a_restart(tmp_path: Path) -> None:
    for expected in (201, 400):
        server = Server(create_app(consumers=0, state_path=tmp_path / "state.db", faults=None), 0)
        server.start()
        with httpx.Client(base_url=server.url + ROOT, auth=("odata", "demo")) as client:
            assert write(client, row())[0].status_code == expected
        server.stop()
