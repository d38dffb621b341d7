"""The register of settlements and the data of the manual, read over OData as a client would."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from stdnum.eu import eic
from stdnum.ua import edrpou

from ztoe_sandbox.onec.app import create_app
from ztoe_sandbox.serving import Server

ROOT = "/utility/odata/standard.odata/"
REGISTER = "AccumulationRegister_РасчетыСПотребителями"
JANUARY = "StartPeriod=datetime'2018-01-01T00:00:00'&EndPeriod=datetime'2018-01-31T23:59:59'"
ZERO = "00000000-0000-0000-0000-000000000000"
CSDL = "{http://schemas.microsoft.com/ado/2009/11/edm}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server(create_app(consumers=60, state_path=None, faults=None), 0)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def base(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url + ROOT, auth=("Адміністратор", "demo")) as client:
        yield client


def rows(base: httpx.Client, address: str) -> list[dict[str, Any]]:
    sign = "&" if "?" in address else "?"
    response = base.get(f"{address}{sign}$format=application/json;odata=nometadata")
    assert response.status_code == 200, response.text
    data = json.loads(response.text, parse_float=Decimal)
    assert list(data) == ["value"]
    return list(data["value"])


def refusal(base: httpx.Client, address: str) -> tuple[int, str]:
    sign = "&" if "?" in address else "?"
    response = base.get(f"{address}{sign}$format=json")
    error = response.json()["odata.error"]
    assert error["message"]["lang"] == "ru"
    return response.status_code, error["code"]


def account_key(base: httpx.Client, number: str) -> str:
    return str(rows(base, f"Catalog_ЛицевыеСчета?$filter=Code eq '{number}'")[0]["Ref_Key"])


# -- the register of settlements


def balances(base: httpx.Client, query: str) -> list[dict[str, Any]]:
    return rows(base, f"{REGISTER}/BalanceAndTurnovers?{query}")


def test_chapter_4_of_the_manual(base: httpx.Client) -> None:
    key = account_key(base, "561")
    found = balances(base, f"{JANUARY}&Condition=ЛицевойСчет_Key eq guid'{key}'&$orderby=СтатьяРеализации")
    names = ("OpeningBalance", "Receipt", "Expense", "ClosingBalance")
    figures = {row["СтатьяРеализации"]: [row[f"Сумма{name}"] for name in names] for row in found}
    assert figures == {
        "АктивнаяЭлектроэнергия": [Decimal("-735.22"), Decimal("3535.56"), 1000, Decimal("1800.34")],
        "РеактивнаяЭлектроэнергия": [0, Decimal("44.17"), None, Decimal("44.17")],
        "ПревышениеДоговорныхВеличин": [0, None, None, 0],
    }


@pytest.mark.parametrize("quote", ["'", "''"])
def test_the_path_form_takes_nested_and_doubled_quotes(base: httpx.Client, quote: str) -> None:
    condition = f"СтатьяРеализации eq {quote}РеактивнаяЭлектроэнергия{quote}"
    arguments = f"{JANUARY.replace('&', ',')},Condition='{condition}',Dimensions='СтатьяРеализации'"
    found = rows(base, f"{REGISTER}/BalanceAndTurnovers({arguments})")
    assert [row["СтатьяРеализации"] for row in found] == ["РеактивнаяЭлектроэнергия"]
    assert "ЛицевойСчет_Key" not in found[0]


def test_rows_come_per_contract_unless_dimensions_sum_them(base: httpx.Client) -> None:
    condition = f"Condition=ЛицевойСчет_Key eq guid'{account_key(base, '309')}'"
    active = "$filter=СтатьяРеализации eq 'АктивнаяЭлектроэнергия'"
    apart = balances(base, f"{JANUARY}&{condition}&{active}")
    summed = balances(base, f"{JANUARY}&{condition}&{active}&Dimensions=ЛицевойСчет,СтатьяРеализации")
    assert len(apart) == 2
    assert [row["СуммаReceipt"] for row in summed] == [sum(row["СуммаReceipt"] for row in apart)] == [1095]


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ("", (400, "5")),
        ("?StartPeriod=datetime'2018-01-01T00:00:00'", (400, "5")),
        (f"?{JANUARY}&Dimensions=Склад", (400, "12")),
        (f"?{JANUARY}&Condition=Склад eq 1", (400, "14")),
        ("?StartPeriod=2018-01-01&EndPeriod=2018-01-31", (400, "4")),
        ("(1,2)", (400, "12")),
    ],
)
def test_a_bad_question_to_the_register_is_refused(
    base: httpx.Client, arguments: str, answer: tuple[int, str]
) -> None:
    assert refusal(base, f"{REGISTER}/BalanceAndTurnovers{arguments}") == answer


def test_a_method_that_the_register_has_not_got_is_code_6(base: httpx.Client) -> None:
    assert refusal(base, f"{REGISTER}/SliceLast") == (400, "6")


def test_the_balance_counts_a_month_once_the_next_has_begun(base: httpx.Client) -> None:
    condition = f"Condition=ЛицевойСчет_Key eq guid'{account_key(base, '561')}'&Dimensions=ЛицевойСчет"
    for day, amount in (("2018-02-01", "1844.51"), ("2018-01-31", "-735.22")):
        found = rows(base, f"{REGISTER}/Balance?Period=datetime'{day}T00:00:00'&{condition}")
        assert [row["СуммаBalance"] for row in found] == [Decimal(amount)]


def test_months_before_the_first_have_no_rows_and_months_after_the_last_carry_on(base: httpx.Client) -> None:
    condition = f"Condition=ЛицевойСчет_Key eq guid'{account_key(base, '561')}'&Dimensions=ЛицевойСчет"
    december = "StartPeriod=datetime'2017-12-01T00:00:00'&EndPeriod=datetime'2017-12-31T23:59:59'"
    july = "StartPeriod=datetime'2018-07-01T00:00:00'&EndPeriod=datetime'2018-07-31T23:59:59'"
    assert balances(base, f"{december}&{condition}") == []
    [row] = balances(base, f"{july}&{condition}")
    assert row["СуммаOpeningBalance"] == row["СуммаClosingBalance"] == Decimal("1844.51")
    assert row["СуммаReceipt"] is None


def month(base: httpx.Client, number: int) -> dict[tuple[str, str], dict[str, Decimal]]:
    period = (
        f"StartPeriod=datetime'2018-{number:02}-01T00:00:00'&EndPeriod=datetime'2018-{number:02}-28T23:59:59'"
    )
    found = balances(base, f"{period}&Dimensions=ЛицевойСчет,СтатьяРеализации")
    amounts = ("OpeningBalance", "Receipt", "Expense", "ClosingBalance")
    return {
        (row["ЛицевойСчет_Key"], row["СтатьяРеализации"]): {
            name: Decimal(row[f"Сумма{name}"] or 0) for name in amounts
        }
        for row in found
    }


def test_all_rows_but_the_planted_one_add_up_and_follow_each_other(base: httpx.Client) -> None:
    months = {number: month(base, number) for number in (1, 2, 3)}
    broken = {
        (number, key)
        for number, table in months.items()
        for key, row in table.items()
        if row["OpeningBalance"] + row["Receipt"] - row["Expense"] != row["ClosingBalance"]
    }
    assert [number for number, _ in broken] == [2]
    torn = {
        (number, key)
        for number in (1, 2)
        for key, row in months[number].items()
        if key in months[number + 1] and months[number + 1][key]["OpeningBalance"] != row["ClosingBalance"]
    }
    assert torn == broken


# -- the data of the manual, and the planted mistakes


def test_chapter_5_of_the_manual(base: httpx.Client) -> None:
    key = account_key(base, "561")
    found = rows(base, f"Document_СчетНаОплату?$filter=ЛицевойСчет_Key eq guid'{key}'&$orderby=Date,Number")
    figures = [
        (row["Number"].strip(), row["Date"][:10], row["ВидСчета"], row["СуммаДокумента"]) for row in found
    ]
    assert figures == [
        ("59", "2017-12-06", "АвансПлановыйЗаАктивную", Decimal("1744.48")),
        ("1563", "2018-03-03", "ЗаАктивную", Decimal("3535.56")),
        ("1564", "2018-03-03", "ЗаРеактивную", Decimal("44.17")),
    ]
    assert {row["РасчетныйПериод"] for row in found} == {"2018-01-01T00:00:00"}


def test_the_consumer_and_accounts_of_chapter_3(base: httpx.Client) -> None:
    [consumer] = rows(base, "Catalog_Контрагенты?$filter=КодПользователя eq '156561010'")
    assert (consumer["КодПоЕДРПОУ"], consumer["ЭлектроннаяПочта"]) == ("12500015    ", "clienttst@meta.ua")
    select = "&$select=Code,КодПотребителя,РЭМ____Presentation&$orderby=КодПотребителя"
    accounts = rows(base, f"Catalog_ЛицевыеСчета?$filter=Owner_Key eq guid'{consumer['Ref_Key']}'{select}")
    assert [(row["Code"].strip(), row["КодПотребителя"]) for row in accounts] == [
        ("309", "125000010"),
        ("186", "125000186"),
        ("561", "125000632"),
    ]
    assert accounts[1]["РЭМ____Presentation"] == "Тестовий РЕМ"


def test_the_points_of_chapters_6_and_8(base: httpx.Client) -> None:
    points = rows(base, "Catalog_ТочкиУчета?$filter=Code le '000000009'&$orderby=Code")
    meters = [(row["НомерСчетчика"].strip(), row["ВидУчета"], row["ПредыдущиеПоказания"]) for row in points]
    assert meters[:6] == [
        ("514716", "Активная", 9400),
        ("0044766", "Активная", 40475),
        ("0044766", "Реактивная", 36820),
        ("0044766", "Генерация", 980),
        ("7486268", "Активная", 3543),
        ("455327", "Активная", 1200),
    ]
    ordered = {row["КодEIC"]: (row["НомерСчетчика"].strip(), row["КлассНапряжения"]) for row in points[6:8]}
    assert ordered == {"62Z8102184873135": ("4006314", Decimal("0.4")), "62Z2852626161648": ("4006307", 10)}


def test_every_code_is_valid_but_the_planted_ones(base: httpx.Client) -> None:
    points = rows(base, "Catalog_ТочкиУчета?$orderby=Code")
    bad = [row["Code"] for row in points if not eic.is_valid(row["КодEIC"])]
    assert bad == ["000000009", "077000008", "077000012", "077000014"]
    assert len({row["КодEIC"] for row in points}) == len(points)
    companies = rows(base, "Catalog_Контрагенты?$filter=IsFolder eq false&$orderby=Code")
    assert [row["Code"] for row in companies if not edrpou.is_valid(row["КодПоЕДРПОУ"])] == ["077000003"]


def test_account_numbers_are_text(base: httpx.Client) -> None:
    numbers = {row["Code"].strip() for row in rows(base, "Catalog_ЛицевыеСчета")}
    assert {"0030009м", "0000417"} <= numbers


def test_the_data_is_the_same_in_every_run(base: httpx.Client) -> None:
    other = Server(create_app(consumers=60, state_path=None, faults=None), 0)
    other.start()
    try:
        with httpx.Client(base_url=other.url + ROOT, auth=("odata", "demo")) as client:
            for name in ("Catalog_ТочкиУчета?$orderby=Code", "Document_СчетНаОплату?$orderby=Number"):
                assert rows(client, name) == rows(base, name)
    finally:
        other.stop()
