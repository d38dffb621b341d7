"""Rows of a 1C base become records, or are rejected with place, key, field and reason; nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from ztoe_billing_1c.normalise import BadValue, moment
from ztoe_billing_1c.service import OneCSource
from ztoe_hub.testing.billing import records_of, rejected_of
from ztoe_hub.values import (
    AccountRecord,
    ConsumerRecord,
    InvoiceKind,
    InvoiceRecord,
    MeteringPointRecord,
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

    def __init__(self, metadata: bytes, *rows: dict[str, Any], text: str | None = None) -> None:
        self.metadata = metadata
        self.body = text if text is not None else json.dumps({"value": rows}, ensure_ascii=False)
        self.count = len(json.loads(self.body)["value"])
        self.asked: list[httpx.Request] = []

    @property
    def requests(self) -> list[httpx.Request]:
        """Those for data."""
        return [request for request in self.asked if not request.url.path.endswith("/$metadata")]

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path.endswith("/$metadata"):
            return httpx.Response(200, content=self.metadata)
        if " lt datetime" in request.url.params.get("$filter", "") and "/$count" not in request.url.path:
            return httpx.Response(200, json={"value": []})  # all is in the last of the windows
        if request.url.path.endswith("/$count"):
            last = " lt datetime" not in request.url.params.get("$filter", "")
            return httpx.Response(200, content=str(self.count if last else 0))
        if request.url.params.get("$skip", "0") == "0":
            return httpx.Response(200, content=self.body.encode())
        return httpx.Response(200, json={"value": json.loads(self.body)["value"][-1:]})


@pytest.fixture
def scripted(make_source: MakeSource, edmx: Callable[..., bytes]) -> Callable[..., OneCSource]:
    """A source over these rows; settings are keywords."""

    def make(*rows: dict[str, Any], text: str | None = None, **settings: Any) -> OneCSource:
        base = Scripted(edmx(settings.get("mapping")), *rows, text=text)
        return make_source(URL, transport=httpx.MockTransport(base.handle), **settings)

    return make


Scripting = Callable[..., OneCSource]


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
    assert rejected_of(source, stream) == []
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
    [found] = rejected_of(source, stream)
    assert (found.key, found.field) == (bad_key, field)
    assert found.place.endswith("page 0, row 0")
    assert found.reason
    assert [record.key for record in records_of(source, stream)] == [OWN]
    assert complete(source, stream)


def test_a_value_of_the_wrong_type_is_rejected_without_repeating_it(scripted: Scripting) -> None:
    [found] = rejected_of(scripted(CONSUMER | {"Телефон": {"таємне": 1}}), Stream.CONSUMERS)
    assert found.key == OWN
    assert "Телефон" in found.reason
    assert "таємне" not in found.reason


def test_a_row_that_lacks_a_field_is_rejected(scripted: Scripting) -> None:
    lacking = {name: value for name, value in INVOICE.items() if name != "СуммаДокумента"}
    [found] = rejected_of(scripted(lacking), Stream.INVOICES)
    assert "СуммаДокумента" in found.reason


@pytest.mark.parametrize("key", [None, ZERO])
def test_a_rejected_row_without_a_key_leaves_the_read_incomplete(
    scripted: Scripting, key: str | None
) -> None:
    source = scripted(ACCOUNT | {"Ref_Key": key}, ACCOUNT)
    assert len(rejected_of(source, Stream.ACCOUNTS)) == 1
    assert not complete(source, Stream.ACCOUNTS)


def test_a_field_that_the_base_has_not_got_is_not_asked_for(
    make_source: MakeSource, edmx: Callable[..., bytes], mapping_file: Callable[[str], Path]
) -> None:
    mapping = mapping_file(
        "streams: {metering_points: {fields: {coefficient: null, voltage_class_kv: null}}}"
    )
    row = {name: value for name, value in POINT.items() if name != "РасчетныйКоэффициент"}
    base = Scripted(edmx(mapping), row)
    source = make_source(URL, transport=httpx.MockTransport(base.handle), mapping=mapping)
    [record] = records_of(source, Stream.METERING_POINTS)
    assert isinstance(record, MeteringPointRecord)
    assert (record.coefficient, record.voltage_class_kv) == (Decimal(1), None)
    assert "РасчетныйКоэффициент" not in base.requests[0].url.params["$select"]


SITE = """
streams:
  invoices:
    set: Document_Рахунок
    filter: Организация_Key eq guid'1'
    fields:
      account: Рахунок_Key
      amount: {names: [Всього, СуммаДокумента]}
      kind: {constant: Активна}
words:
  invoice_kinds: {Активна: active}
"""


def test_a_site_has_its_own_names_words_and_filter(
    make_source: MakeSource, edmx: Callable[..., bytes], mapping_file: Callable[[str], Path]
) -> None:
    row = {
        "Ref_Key": OWN, "DeletionMark": False, "Posted": True, "Number": "7", "Date": "2018-03-03T00:00:00",
        "Рахунок_Key": OTHER, "РасчетныйПериод": "2018-01-01T00:00:00", "Всього": 0.1,
    }  # fmt: skip
    mapping = mapping_file(SITE)
    base = Scripted(edmx(mapping), row)
    source = make_source(URL, transport=httpx.MockTransport(base.handle), mapping=mapping)
    [record] = records_of(source, Stream.INVOICES)
    assert isinstance(record, InvoiceRecord)
    assert (record.account_key, record.amount_uah) == (OTHER, Decimal("0.1"))
    assert record.kind is InvoiceKind.ACTIVE
    assert "(Организация_Key eq guid'1')" in base.requests[0].url.params["$filter"]


@pytest.mark.parametrize(
    ("value", "found"), [("", []), (ZERO, []), (OTHER, [OTHER]), (OTHER.upper(), [OTHER])]
)
def test_a_composite_reference_that_is_undefined_is_empty(
    scripted: Scripting, mapping_file: Callable[[str], Path], value: str, found: list[str]
) -> None:
    """Pitfall 6: Undefined is an empty text; an UnavailableEntity has a reference, which leads nowhere."""
    mapping = mapping_file("streams: {invoices: {fields: {account: Основание}}}")
    row = {name: given for name, given in INVOICE.items() if name != "ЛицевойСчет_Key"}
    source = scripted(
        row | {"Основание": value, "Основание_Type": "StandardODATA.Undefined"}, mapping=mapping
    )
    records = records_of(source, Stream.INVOICES)
    assert [record.account_key for record in records if isinstance(record, InvoiceRecord)] == found
    assert [each.field for each in rejected_of(source, Stream.INVOICES)] == ([] if found else ["Основание"])


@pytest.mark.parametrize("text", ["1989-12-31T23:59:59", "0209-01-01T00:00:00", "2018-02-30T00:00:00", "?"])
def test_a_date_that_cannot_be_right_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="Date"):
        moment(text, "Date")


def test_the_hour_that_comes_twice_stays_the_servers_wall_clock() -> None:
    assert moment("2026-10-25T03:30:00", "Date") == datetime(2026, 10, 25, 3, 30)  # noqa: DTZ001
