"""Rows of a 1C base become records, or are rejected with place, key, field and reason; nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from ztoe_billing_1c.normalise import BadValue, moment
from ztoe_billing_1c.service import OneCSource
from ztoe_hub.errors import OperatorNeeded, UnexpectedAnswer
from ztoe_hub.testing.billing import records_of
from ztoe_hub.values import (
    AccountRecord,
    Article,
    ConsumerRecord,
    InvoiceRecord,
    MeteringPointRecord,
    Rejected,
    StatementLineRecord,
    Stream,
)

MakeSource = Callable[..., OneCSource]
URL = "https://1c.example.com"
ZERO = "00000000-0000-0000-0000-000000000000"
OWN, OTHER, THIRD = (f"{number}0000000-0000-4000-8000-000000000000" for number in (1, 2, 3))

CONSUMER = {
    "Ref_Key": OWN,
    "DeletionMark": False,
    "IsFolder": False,
    "Code": "000000001",
    "НаименованиеПолное": "Товариство   ",
    "Description": "ТОВ",
    "КодПоЕДРПОУ": "00131305    ",
    "ЮридическийАдрес": "",
    "ЭлектроннаяПочта": None,
    "Телефон": "+380410000015",
    "КодПользователя": "156561010",
    "Parent@navigationLinkUrl": "Catalog_Контрагенты(guid'…')/Parent",
}
ACCOUNT = {
    "Ref_Key": OWN,
    "DeletionMark": False,
    "Code": "0030009м    ",
    "Owner_Key": OTHER,
    "РЭМ_Key": THIRD,
    "КодПотребителя": "125000632",
    "НомерДоговора": "           ",
    "ДатаДоговора": "0001-01-01T00:00:00",
}
POINT = {
    "Ref_Key": OWN,
    "DeletionMark": False,
    "Code": "000000001",
    "Owner_Key": OTHER,
    "Description": "КРИТИЙ ЗЕРНОТІК",
    "ВидУчета": "Активная",
    "КодEIC": "                ",
    "Адрес": "с. Зразкове",
    "НомерСчетчика": "0044766             ",
    "ТипСчетчика": "НІК 2303 АРП1",
    "Разрядность": 6,
    "РасчетныйКоэффициент": "20",
    "КлассНапряжения": 0.4,
}
INVOICE = {
    "Ref_Key": OWN,
    "DeletionMark": False,
    "Posted": True,
    "Number": "1563       ",
    "Date": "2018-03-03T00:00:00",
    "ЛицевойСчет_Key": OTHER,
    "РасчетныйПериод": "2018-01-01T00:00:00",
    "ВидСчета": "ЗаАктивную",
    "СуммаДокумента": 3535.56,
}


class Scripted:
    """A base that holds these rows in every set; `text` replaces them by a body as it is."""

    def __init__(self, *rows: dict[str, Any], text: str | None = None) -> None:
        self.body = text if text is not None else json.dumps({"value": rows}, ensure_ascii=False)
        self.count = len(json.loads(self.body)["value"])
        self.requests: list[httpx.Request] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.endswith("/$count"):
            return httpx.Response(200, content=str(self.count))
        if request.url.params.get("$skip", "0") == "0":
            return httpx.Response(200, content=self.body.encode())
        return httpx.Response(200, json={"value": json.loads(self.body)["value"][-1:]})


@pytest.fixture
def scripted(make_source: MakeSource) -> Callable[..., OneCSource]:
    """A source over these rows; settings are keywords."""

    def make(*rows: dict[str, Any], text: str | None = None, **settings: object) -> OneCSource:
        base = Scripted(*rows, text=text)
        return make_source(URL, transport=httpx.MockTransport(base.handle), **settings)

    return make


Scripting = Callable[..., OneCSource]


def rejected(source: OneCSource, stream: Stream) -> list[Rejected]:
    return [row for page in source.read(stream, None) for row in page.rejected]


def complete(source: OneCSource, stream: Stream) -> bool:
    return list(source.read(stream, None))[-1].complete


# --- catalogs and documents --------------------------------------------------------------------------


def test_padding_goes_and_leading_zeros_stay(scripted: Scripting) -> None:
    assert records_of(scripted(CONSUMER), Stream.CONSUMERS) == [
        ConsumerRecord(
            key=OWN,
            name="Товариство",
            tax_code="00131305",
            email=None,
            phone="+380410000015",
            address=None,
            user_code="156561010",
        )
    ]


def test_the_short_name_stands_in_for_an_empty_full_one(scripted: Scripting) -> None:
    [record] = records_of(scripted(CONSUMER | {"НаименованиеПолное": "  "}), Stream.CONSUMERS)
    assert isinstance(record, ConsumerRecord)
    assert record.name == "ТОВ"


def test_an_account_keeps_its_number_as_text(scripted: Scripting) -> None:
    assert records_of(scripted(ACCOUNT), Stream.ACCOUNTS) == [
        AccountRecord(
            key=OWN,
            consumer_key=OTHER,
            district_key=THIRD,
            number="0030009м",
            consumer_code="125000632",
            contract_number=None,
            contract_date=None,
        )
    ]


def test_a_metering_point_has_exact_numbers(scripted: Scripting) -> None:
    [record] = records_of(scripted(POINT), Stream.METERING_POINTS)
    assert isinstance(record, MeteringPointRecord)
    assert (record.coefficient, record.voltage_class_kv) == (Decimal(20), Decimal("0.4"))
    assert (record.digits, record.meter_number, record.eic) == (6, "0044766", None)


def test_numbers_that_1c_left_empty_are_not_known(scripted: Scripting) -> None:
    [record] = records_of(scripted(POINT | {"Разрядность": 0, "КлассНапряжения": 0}), Stream.METERING_POINTS)
    assert isinstance(record, MeteringPointRecord)
    assert (record.digits, record.voltage_class_kv) == (None, None)


def test_an_invoice_is_read_to_the_kopeck(scripted: Scripting) -> None:
    text = json.dumps({"value": [INVOICE | {"СуммаДокумента": 0}]}).replace(": 0}", ": 12345678901234.567}")
    [record] = records_of(scripted(text=text), Stream.INVOICES)
    assert isinstance(record, InvoiceRecord)
    assert record.amount_uah == Decimal("12345678901234.567")  # 17 digits; a float has 15
    assert record.formed_at == datetime(2018, 3, 3)  # noqa: DTZ001  the server's wall clock
    assert record.period == date(2018, 1, 1)


@pytest.mark.parametrize(
    ("stream", "row"),
    [
        (Stream.CONSUMERS, CONSUMER | {"DeletionMark": True}),
        (Stream.CONSUMERS, CONSUMER | {"IsFolder": True}),
        (Stream.ACCOUNTS, ACCOUNT | {"DeletionMark": True}),
        (Stream.METERING_POINTS, POINT | {"DeletionMark": True, "ВидУчета": "Невідомо"}),
        (Stream.INVOICES, INVOICE | {"DeletionMark": True, "Posted": False}),
        (Stream.INVOICES, INVOICE | {"Posted": False}),
    ],
)
def test_folders_deleted_and_unposted_rows_are_skipped_in_silence(
    scripted: Scripting, stream: Stream, row: dict[str, Any]
) -> None:
    source = scripted(row)
    assert records_of(source, stream) == []
    assert rejected(source, stream) == []
    assert complete(source, stream)


@pytest.mark.parametrize(
    ("stream", "row", "field"),
    [
        (Stream.CONSUMERS, CONSUMER | {"НаименованиеПолное": "", "Description": ""}, "НаименованиеПолное"),
        (Stream.CONSUMERS, CONSUMER | {"Телефон": "\x00"}, "Телефон"),
        (Stream.ACCOUNTS, ACCOUNT | {"Owner_Key": ZERO}, "Owner_Key"),
        (Stream.ACCOUNTS, ACCOUNT | {"РЭМ_Key": ""}, "РЭМ_Key"),
        (Stream.ACCOUNTS, ACCOUNT | {"Code": "    "}, "Code"),
        (Stream.ACCOUNTS, ACCOUNT | {"ДатаДоговора": "0209-05-01T00:00:00"}, "ДатаДоговора"),
        (Stream.ACCOUNTS, ACCOUNT | {"ДатаДоговора": "01.05.2009"}, "ДатаДоговора"),
        (Stream.METERING_POINTS, POINT | {"ВидУчета": "Теплова"}, "ВидУчета"),
        (Stream.METERING_POINTS, POINT | {"РасчетныйКоэффициент": "0"}, "РасчетныйКоэффициент"),
        (Stream.METERING_POINTS, POINT | {"РасчетныйКоэффициент": None}, "РасчетныйКоэффициент"),
        (Stream.METERING_POINTS, POINT | {"РасчетныйКоэффициент": "NaN"}, "РасчетныйКоэффициент"),
        (Stream.METERING_POINTS, POINT | {"РасчетныйКоэффициент": "-1"}, "РасчетныйКоэффициент"),
        (Stream.METERING_POINTS, POINT | {"Разрядность": "п'ять"}, "Разрядность"),
        (Stream.INVOICES, INVOICE | {"ВидСчета": ""}, "ВидСчета"),
        (Stream.INVOICES, INVOICE | {"СуммаДокумента": None}, "СуммаДокумента"),
        (Stream.INVOICES, INVOICE | {"СуммаДокумента": 1e300}, "СуммаДокумента"),
        (Stream.INVOICES, INVOICE | {"РасчетныйПериод": "0001-01-01T00:00:00"}, "РасчетныйПериод"),
        (Stream.INVOICES, INVOICE | {"Date": None}, "Date"),
    ],
)
def test_a_row_that_cannot_be_a_record_is_rejected_and_the_rest_is_read(
    scripted: Scripting, stream: Stream, row: dict[str, Any], field: str
) -> None:
    bad_key = "b0000000-0000-4000-8000-000000000000"
    good = {"c": CONSUMER, "a": ACCOUNT, "m": POINT, "i": INVOICE}[stream.value[0]]
    source = scripted(row | {"Ref_Key": bad_key}, good)
    [found] = rejected(source, stream)
    assert (found.key, found.field) == (bad_key, field)
    assert found.place.endswith("page 0, row 0")
    assert found.reason
    assert [record.key for record in records_of(source, stream)] == [OWN]
    assert complete(source, stream)


def test_a_value_of_the_wrong_type_is_rejected_without_repeating_it(scripted: Scripting) -> None:
    [found] = rejected(scripted(CONSUMER | {"Телефон": {"таємне": 1}}), Stream.CONSUMERS)
    assert found.key == OWN
    assert "Телефон" in found.reason
    assert "таємне" not in found.reason


def test_a_row_that_lacks_a_field_is_rejected(scripted: Scripting) -> None:
    lacking = {name: value for name, value in INVOICE.items() if name != "СуммаДокумента"}
    [found] = rejected(scripted(lacking), Stream.INVOICES)
    assert "СуммаДокумента" in found.reason


@pytest.mark.parametrize("key", [None, ZERO])
def test_a_rejected_row_without_a_key_leaves_the_read_incomplete(
    scripted: Scripting, key: str | None
) -> None:
    source = scripted(ACCOUNT | {"Ref_Key": key}, ACCOUNT)
    assert len(rejected(source, Stream.ACCOUNTS)) == 1
    assert not complete(source, Stream.ACCOUNTS)


def test_a_field_that_the_base_has_not_got_is_not_asked_for(make_source: MakeSource) -> None:
    base = Scripted({name: value for name, value in POINT.items() if name != "РасчетныйКоэффициент"})
    names = {"metering_points": {"coefficient": "", "voltage_class_kv": ""}}
    source = make_source(URL, transport=httpx.MockTransport(base.handle), names=names)
    [record] = records_of(source, Stream.METERING_POINTS)
    assert isinstance(record, MeteringPointRecord)
    assert (record.coefficient, record.voltage_class_kv) == (Decimal(1), None)
    assert "РасчетныйКоэффициент" not in base.requests[0].url.params["$select"]


def test_a_site_has_its_own_names_and_words(scripted: Scripting) -> None:
    row = {
        "Ref_Key": OWN, "DeletionMark": False, "Posted": True, "Number": "7", "Date": "2018-03-03T00:00:00",
        "Рахунок_Key": OTHER, "РасчетныйПериод": "2018-01-01T00:00:00", "ВидСчета": "Активна", "Всього": 0.1,
    }  # fmt: skip
    names = {
        "invoices": {"set": "Document_Рахунок", "account": "Рахунок_Key", "amount": "Всього"},
        "invoice_kinds": {"Активна": "active"},
    }
    [record] = records_of(scripted(row, names=names), Stream.INVOICES)
    assert isinstance(record, InvoiceRecord)
    assert (record.account_key, record.amount_uah) == (OTHER, Decimal("0.1"))


@pytest.mark.parametrize("text", ["1989-12-31T23:59:59", "0209-01-01T00:00:00", "2018-02-30T00:00:00", "?"])
def test_a_date_that_cannot_be_right_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="Date"):
        moment(text, "Date")


def test_the_hour_that_comes_twice_stays_the_servers_wall_clock() -> None:
    assert moment("2026-10-25T03:30:00", "Date") == datetime(2026, 10, 25, 3, 30)  # noqa: DTZ001


# --- the statement -----------------------------------------------------------------------------------

ACTIVE, REACTIVE = "АктивнаяЭлектроэнергия", "РеактивнаяЭлектроэнергия"


def turnover(article: str = ACTIVE, account: str = OWN, figures: str = "-735.22 3535.56 1000 1800.34") -> str:
    """A row of the virtual table, numbers as written."""
    opening, accrued, paid, closing = figures.split()
    return (
        f'{{"ЛицевойСчет_Key": "{account}", "ДоговорКонтрагента_Key": "{THIRD}", "СтатьяРеализации": "{article}",'
        f' "СуммаOpeningBalance": {opening}, "СуммаTurnover": 0, "СуммаReceipt": {accrued},'
        f' "СуммаExpense": {paid}, "СуммаClosingBalance": {closing}}}'
    )


JANUARY = {"history_from": "2018-04-01"}  # the source lives in April: one month, one request


def months_of(scripted: Scripting, *rows: str) -> OneCSource:
    return scripted(text=f'{{"value": [{", ".join(rows)}]}}', **JANUARY)


def line_of(source: OneCSource) -> StatementLineRecord:
    [line] = records_of(source, Stream.STATEMENT_LINES)
    assert isinstance(line, StatementLineRecord)
    return line


def test_a_balance_is_a_debit_above_zero_and_a_credit_below(scripted: Scripting) -> None:
    assert line_of(months_of(scripted, turnover())) == StatementLineRecord(
        key=f"{OWN}:2018-04:active",
        account_key=OWN,
        period=date(2018, 4, 1),
        article=Article.ACTIVE,
        opening_debit_uah=Decimal(0),
        opening_credit_uah=Decimal("-735.22"),
        accrued_uah=Decimal("3535.56"),
        paid_uah=Decimal(1000),
        closing_debit_uah=Decimal("1800.34"),
        closing_credit_uah=Decimal(0),
    )


def test_rows_of_several_contracts_are_summed(scripted: Scripting) -> None:
    rows = [turnover(figures="-120 980.10 500 360.10"), turnover(figures="200.50 114.90 315.40 0")]
    line = line_of(months_of(scripted, *rows))
    assert (line.opening_debit_uah, line.opening_credit_uah) == (Decimal("80.50"), Decimal(0))
    assert (line.accrued_uah, line.paid_uah) == (Decimal("1095.00"), Decimal("815.40"))
    assert line.closing_debit_uah == Decimal("360.10")


def test_null_amounts_are_nothing(scripted: Scripting) -> None:
    line = line_of(months_of(scripted, turnover(figures="null null null null")))
    assert line.accrued_uah == line.paid_uah == line.closing_debit_uah == Decimal(0)


def test_sums_of_long_amounts_are_exact(scripted: Scripting) -> None:
    rows = [turnover(figures="0 123456789012345.67 0 123456789012345.67"), turnover(figures="0 0.01 0 0.01")]
    assert line_of(months_of(scripted, *rows)).accrued_uah == Decimal("123456789012345.68")


def test_a_sum_with_a_bad_row_in_it_is_not_given_out(scripted: Scripting) -> None:
    source = months_of(scripted, turnover(), turnover(figures="0 1e300 0 0"), turnover(article=REACTIVE))
    [found] = rejected(source, Stream.STATEMENT_LINES)
    assert (found.key, found.field) == (f"{OWN}:2018-04:active", "СуммаReceipt")
    assert found.place.endswith("2018-04, row 1")
    assert [record.key for record in records_of(source, Stream.STATEMENT_LINES)] == [
        f"{OWN}:2018-04:reactive"
    ]
    assert complete(source, Stream.STATEMENT_LINES)


def test_an_unknown_article_is_rejected_under_its_own_word(scripted: Scripting) -> None:
    source = months_of(scripted, turnover(article="Пеня"))
    [found] = rejected(source, Stream.STATEMENT_LINES)
    assert (found.key, found.field) == (f"{OWN}:2018-04:Пеня", "СтатьяРеализации")
    assert "Пеня" in found.reason


def test_a_turnover_of_nobody_is_rejected_and_holds_up_nobody(scripted: Scripting) -> None:
    source = months_of(scripted, turnover(account=ZERO), turnover())
    [found] = rejected(source, Stream.STATEMENT_LINES)
    assert (found.key, found.field) == (":2018-04:active", "ЛицевойСчет_Key")
    assert line_of(source).account_key == OWN
    assert complete(source, Stream.STATEMENT_LINES)


def test_a_turnover_that_cannot_be_decoded_leaves_the_read_incomplete(scripted: Scripting) -> None:
    source = months_of(scripted, '{"ЛицевойСчет_Key": 1}')
    assert [found.key for found in rejected(source, Stream.STATEMENT_LINES)] == [None]
    assert not complete(source, Stream.STATEMENT_LINES)


class QueryFormRefused(Scripted):
    """Takes a virtual table's arguments in the path only."""

    def __init__(self, status: int = 400) -> None:
        super().__init__(text=f'{{"value": [{turnover()}]}}')
        self._status = status

    def handle(self, request: httpx.Request) -> httpx.Response:
        if "StartPeriod" not in request.url.params:
            return super().handle(request)
        self.requests.append(request)
        return httpx.Response(
            self._status, json={"odata.error": {"code": "6", "message": {"lang": "ru", "value": "Ні"}}}
        )


@pytest.mark.parametrize("status", [400, 404])
def test_arguments_go_into_the_path_where_the_query_is_refused(make_source: MakeSource, status: int) -> None:
    base = QueryFormRefused(status)
    source = make_source(URL, transport=httpx.MockTransport(base.handle), history_from="2018-02-01")
    assert len(records_of(source, Stream.STATEMENT_LINES)) == 3
    paths = [unquote(request.url.raw_path.decode().partition("?")[0]) for request in base.requests]
    assert len(paths) == 4  # the query was tried once
    assert paths[1].endswith(
        "/BalanceAndTurnovers(StartPeriod=datetime'2018-02-01T00:00:00',EndPeriod=datetime'2018-02-28T23:59:59')"
    )
    assert all("+" not in request.url.raw_path.decode() for request in base.requests)


@pytest.mark.parametrize(
    ("quotes", "written"), [("nested", "'A eq guid'1''"), ("doubled", "'A eq guid''1'''")]
)
def test_quotes_inside_a_condition_are_written_as_the_base_wants(
    make_source: MakeSource, quotes: str, written: str
) -> None:
    base = QueryFormRefused()
    settings = {"statement_condition": "A eq guid'1'", "condition_quotes": quotes}
    source = make_source(URL, transport=httpx.MockTransport(base.handle), **settings, **JANUARY)
    records_of(source, Stream.STATEMENT_LINES)
    assert base.requests[0].url.params["Condition"] == "A eq guid'1'"
    assert f"Condition={written})" in unquote(base.requests[1].url.raw_path.decode())


def test_a_condition_that_would_not_survive_the_path_is_named(make_source: MakeSource) -> None:
    base = QueryFormRefused()
    settings = {"statement_condition": "Статья eq 'А+Б'", **JANUARY}
    source = make_source(URL, transport=httpx.MockTransport(base.handle), **settings)
    with pytest.raises(OperatorNeeded, match="statement_condition"):
        records_of(source, Stream.STATEMENT_LINES)


def test_both_periods_are_always_sent(make_source: MakeSource) -> None:
    base = Scripted()
    source = make_source(URL, transport=httpx.MockTransport(base.handle))
    records_of(source, Stream.STATEMENT_LINES)
    periods = [
        (request.url.params["StartPeriod"], request.url.params["EndPeriod"]) for request in base.requests
    ]
    assert periods[1] == ("datetime'2018-02-01T00:00:00'", "datetime'2018-02-28T23:59:59'")
    assert len(periods) == 4


def test_three_years_are_read_unless_said_otherwise(make_source: MakeSource) -> None:
    base = Scripted()
    source = make_source(URL, transport=httpx.MockTransport(base.handle), history_from=None)
    records_of(source, Stream.STATEMENT_LINES)
    assert base.requests[0].url.params["StartPeriod"] == "datetime'2015-04-01T00:00:00'"
    assert len(base.requests) == 37


def test_a_page_instead_of_a_month_is_an_error(make_source: MakeSource) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, html="<html>Роботи</html>"))
    with pytest.raises(UnexpectedAnswer):
        records_of(make_source(URL, transport=transport), Stream.STATEMENT_LINES)
