"""CSV as accounting programs and spreadsheets write it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ztoe_hub.errors import ItemRejected
from ztoe_hub.values import ConsumerRecord, InvoiceKind, InvoiceRecord, Stream

CONSUMERS: dict[str, Any] = {
    "format": "csv",
    "files": "consumers*",
    "key": "Код",
    "columns": {"name": "Назва", "tax_code": ["ЄДРПОУ", "ОКПО"]},
}
INVOICES: dict[str, Any] = {
    "format": "csv",
    "files": "invoices*.csv",
    "key": ["Номер", "Період"],
    "columns": {
        "account_key": "О/р",
        "number": "Номер",
        "period": "Період",
        "formed_at": "Дата",
        "kind": "Тип",
        "amount_uah": "Сума",
    },
    "words": {"kind": {"активна": "active", "реактивна": "reactive"}},
}
HEADER = "О/р;Номер;Період;Дата;Тип;Сума\r\n"


def consumers(site: Any, read_all: Callable[..., Any], content: bytes | str, **changes: object) -> Any:
    site.drop("consumers.csv", content)
    return read_all(site.source({"consumers": CONSUMERS | changes}), Stream.CONSUMERS)


def invoices(site: Any, read_all: Callable[..., Any], *lines: str) -> Any:
    site.drop("invoices.csv", (HEADER + "\r\n".join(lines) + "\r\n").encode("cp1251"))
    return read_all(site.source({"invoices": INVOICES}), Stream.INVOICES)


def test_pitfall_19_a_windows_csv_with_no_break_spaces_and_decimal_commas(site: Any, read_all: Any) -> None:
    found = invoices(site, read_all, "0030009м;59;01.2018;06.12.2017 09:15;Активна;1\u00a0744,48")
    assert found.records == [
        InvoiceRecord(
            key="59|01.2018",
            account_key="0030009м",
            number="59",
            period=date(2018, 1, 1),
            formed_at=datetime(2017, 12, 6, 9, 15),  # noqa: DTZ001  the wall clock
            kind=InvoiceKind.ACTIVE,
            amount_uah=Decimal("1744.48"),
        )
    ]
    assert found.last.complete
    assert not found.last.changes_only


def test_pitfall_3_amounts_are_exact_however_long_or_odd(site: Any, read_all: Any) -> None:
    found = invoices(
        site,
        read_all,
        "1;1;01.2018;01.02.2018;активна;123456789012345,67",
        "1;2;01.2018;01.02.2018;активна;0,1",
        "1;3;01.2018;01.02.2018;активна;-735,22",
        "1;4;01.2018;01.02.2018;активна;",
        "1;5;01.2018;01.02.2018;активна;1 2345,00",
        "1;6;01.2018;01.02.2018;активна;NaN",
        "1;7;01.2018;01.02.2018;активна;1e5",
    )
    assert [each.amount_uah for each in found.records] == [
        Decimal("123456789012345.67"),
        Decimal("0.1"),
        Decimal("-735.22"),
    ]
    assert found.reasons == [
        ("invoices.csv line 5", "4|01.2018", "amount_uah", "is empty"),
        ("invoices.csv line 6", "5|01.2018", "amount_uah", "is not a number"),
        ("invoices.csv line 7", "6|01.2018", "amount_uah", "is not a number"),
        ("invoices.csv line 8", "7|01.2018", "amount_uah", "is not a number"),
    ]


def test_pitfall_5_padded_strings_and_accounts_with_zeros_and_letters_stay_text(
    site: Any, read_all: Any
) -> None:
    found = consumers(site, read_all, "Код;Назва;ЄДРПОУ\n0030009м  ;  ТОВ «Ї» ;00012345\n".encode("cp1251"))
    assert found.records == [ConsumerRecord(key="0030009м", name="ТОВ «Ї»", tax_code="00012345")]


def test_dates_of_no_year_are_empty_and_years_like_0209_reject_the_row(site: Any, read_all: Any) -> None:
    found = invoices(
        site,
        read_all,
        "1;1;01.2018;0001-01-01;активна;1",
        "1;2;01.2018;03.03.0209;активна;1",
        "1;3;13.2018;03.03.2018;активна;1",
        "1;4;01.2018;31.02.2018;активна;1",
    )
    assert found.records == []
    assert [(field, reason) for _, _, field, reason in found.reasons] == [
        ("formed_at", "is empty"),
        ("formed_at", "the year 0209 cannot be right"),
        ("period", "is not a month such as 12.2025 or 2025-12"),
        ("formed_at", "is not a date such as 31.12.2025 or 2025-12-31"),
    ]


def test_an_unknown_word_is_refused_and_named(site: Any, read_all: Any) -> None:
    found = invoices(site, read_all, "1;1;01.2018;03.03.2018;Пеня;1")
    assert found.reasons[0][2:] == ("kind", "unknown word 'Пеня'; add it to `words` in the mapping")


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffКод;Назва;ОКПО\nк1;Їжак;1\n".encode(),
        "Код,Назва,ОКПО\nк1,Їжак,1\n".encode(),
        "Код\tНазва\tОКПО\r\nк1\tЇжак\t1".encode("cp1251"),
        "КОД;  назва ;ОКПО;;\nк1;Їжак;1;;\n\n;;;;\n".encode("cp1125"),
        gzip.compress('Код;Назва;ОКПО\nк1;"Їжак";1\n'.encode()),
    ],
    ids=[
        "utf-8 with a mark",
        "utf-8, commas",
        "cp1251, tabs, no last newline",
        "cp1125, empty columns",
        "gzip",
    ],
)
def test_page_and_delimiter_are_proved_by_the_bytes(site: Any, read_all: Any, content: bytes) -> None:
    found = consumers(site, read_all, content)
    assert found.records == [ConsumerRecord(key="к1", name="Їжак", tax_code="1")]
    assert found.rejected == []


def test_the_settings_word_goes_before_the_mapping_and_the_evidence(site: Any, read_all: Any) -> None:
    site.drop("consumers.csv", "Код;Назва;ОКПО\n1;ї;1\n".encode("koi8-u"))
    source = site.source({"consumers": CONSUMERS | {"encoding": "cp1251"}}, encodings={"*.CSV": "koi8-u"})
    assert read_all(source, Stream.CONSUMERS).records[0].name == "ї"


def test_cp866_that_is_cp1125_is_refused_with_the_remedy(site: Any, read_all: Any) -> None:
    with pytest.raises(ItemRejected, match="cp1125"):
        consumers(site, read_all, "Код;Назва;ОКПО\n1;Єдність;1\n".encode("cp1125"), encoding="cp866")


def test_a_quoted_cell_may_hold_delimiters_quotes_and_lines(site: Any, read_all: Any) -> None:
    found = consumers(
        site, read_all, 'Код;Назва;ОКПО\n1;"ТОВ ""А;Б""\nфілія";5\n2;ТОВ "В" і Г;6\n'.encode("cp1251")
    )
    assert [each.name for each in found.records] == ['ТОВ "А;Б"\nфілія', 'ТОВ "В" і Г']


@pytest.mark.parametrize("lines", [1, 20_000])
def test_a_quote_that_never_closes_rejects_the_file_with_its_line(
    site: Any, read_all: Any, lines: int
) -> None:
    with pytest.raises(ItemRejected, match=r"consumers.csv line 2: a quote is opened and never closed"):
        consumers(site, read_all, 'Код;Назва;ОКПО\n1;"ТОВ;5\n' + "2;Б;6\n" * lines)


def test_rows_of_another_width_are_rejected_not_shifted(site: Any, read_all: Any) -> None:
    found = consumers(site, read_all, "Код;Назва;ОКПО\n1;ТОВ А; Б;5\n2;ТОВ\n3;В;7;;\n")
    assert found.reasons == [
        ("consumers.csv line 2", "1", None, "4 columns, where the header has 3"),
        ("consumers.csv line 3", "2", None, "2 columns, where the header has 3"),
    ]
    assert [each.key for each in found.records] == ["3"]


@pytest.mark.parametrize("sign", ["\x00", "\x02"])
def test_control_characters_reject_their_row(site: Any, read_all: Any, sign: str) -> None:
    found = consumers(site, read_all, f"Код;Назва;ОКПО\n1;А{sign}Б;5\n2;В;6\n")
    assert found.reasons == [("consumers.csv line 2", "1", "name", "holds a control character")]
    assert len(found.records) == 1


def test_bytes_of_another_page_reject_their_row(site: Any, read_all: Any) -> None:
    content = "Код;Назва;ОКПО\n1;Їжак;5\n".encode() + b"2;\xff\xfe;6\n"
    found = consumers(site, read_all, content, encoding="utf-8")
    assert found.reasons[0][0] == "consumers.csv line 3"
    assert "not of the page" in found.reasons[0][3]


def test_a_renamed_column_stops_the_whole_file(site: Any, read_all: Any) -> None:
    with pytest.raises(
        ItemRejected, match=r"line 1: no column ЄДРПОУ or ОКПО for tax_code .*columns there: Код, Назва"
    ):
        consumers(site, read_all, "Код;Назва;Податковий\n1;А;5\n")


def test_a_column_that_is_there_twice_stops_the_file(site: Any, read_all: Any) -> None:
    with pytest.raises(ItemRejected, match="Назва for name is there 2 times"):
        consumers(site, read_all, "Код;Назва;Назва;ОКПО\n1;А;Б;5\n")


def test_a_title_above_the_header_and_columns_by_place(site: Any, read_all: Any) -> None:
    content = "Звіт, за січень, 2018\n\nКод;Назва;ОКПО\n1;А;5\n"
    assert len(consumers(site, read_all, content, header_row=3).records) == 1
    by_place = {"header_row": 0, "key": [1], "columns": {"name": 2}}
    assert consumers(site, read_all, "1;А\n2;Б\n", **by_place).records[1] == ConsumerRecord(key="2", name="Б")


def test_filters_leave_out_totals_and_other_kinds(site: Any, read_all: Any) -> None:
    filters = [{"column": "Код", "empty": False}, {"column": "ОКПО", "differs": ["фоп", "0"]}]
    found = consumers(site, read_all, "Код;Назва;ОКПО\n1;А;5\n2;Б;ФОП\n;Разом;2\n", filters=filters)
    assert [each.key for each in found.records] == ["1"]
    assert found.rejected == []


def test_allowed_repeats_are_skipped(site: Any, read_all: Any) -> None:
    found = consumers(site, read_all, "Код;Назва;ОКПО\n1;А;5\n1;А;5\n2;Б;6\n", repeats="skip")
    assert [each.key for each in found.records] == ["1", "2"]


def test_a_file_of_months_tells_from_when_on_it_is_the_truth(site: Any, read_all: Any) -> None:
    site.drop("invoices.csv", HEADER + "1;1;03.2018;01.04.2018;активна;1\n1;2;02.2018;01.03.2018;активна;1\n")
    found = read_all(site.source({"invoices": INVOICES | {"mode": "months"}}), Stream.INVOICES)
    assert found.last.covers_from == date(2018, 2, 1)


def test_fingerprints_tell_changed_rows_from_moved_ones_and_know_the_mapping(
    site: Any, read_all: Any
) -> None:
    before = consumers(site, read_all, "Код;Назва;ОКПО\n1;А;5\n2;Б;6\n").prints
    moved = consumers(site, read_all, "Код;Назва;ОКПО\n2;Б;6\n1;А;7\n").prints
    assert moved["2"] == before["2"]
    assert moved["1"] != before["1"]
    remapped = consumers(site, read_all, "Код;Назва;ОКПО\n1;А;5\n2;Б;6\n", decimal="dot").prints
    assert not set(remapped.values()) & set(before.values())
    swapped = consumers(site, read_all, "Код;ОКПО;Назва\n1;А;5\n2;Б;6\n").prints
    assert not set(swapped.values()) & set(before.values())


def test_truncated_gzip_is_refused(site: Any, read_all: Any) -> None:
    packed = gzip.compress(
        ("Код;Назва;ОКПО\n" + "".join(f"{n};А{n * 7919};5\n" for n in range(5000))).encode()
    )
    with pytest.raises(ItemRejected, match="ends too early"):
        consumers(site, read_all, packed[:-20])


def test_a_file_that_is_too_large_is_refused_before_it_is_read(site: Any, read_all: Any) -> None:
    with site.drop("consumers.csv", "x").open("r+b") as file:
        file.truncate(5 * 1024**3)  # sparse: five gigabytes of nothing
    with pytest.raises(ItemRejected, match="5368709120 bytes, more than"):
        read_all(site.source({"consumers": CONSUMERS}), Stream.CONSUMERS)


def test_a_gzip_bomb_is_refused(site: Any, read_all: Any) -> None:
    site.drop("consumers.csv.gz", gzip.compress(bytes(8 * 1024 * 1024)))
    source = site.source({"consumers": CONSUMERS}, max_unpacked_bytes=1024 * 1024)
    with pytest.raises(ItemRejected, match=r"unpacked|binary data"):
        read_all(source, Stream.CONSUMERS)


def test_an_empty_file_and_a_missing_header_are_refused(site: Any, read_all: Any) -> None:
    with pytest.raises(ItemRejected, match="the file is empty"):
        consumers(site, read_all, b"")
    with pytest.raises(ItemRejected, match="has no row 3"):
        consumers(site, read_all, "Код;Назва;ОКПО\n", header_row=3)


def test_a_line_without_end_is_refused(site: Any, read_all: Any) -> None:
    with pytest.raises(ItemRejected, match="longer than"):
        consumers(site, read_all, "Код;Назва;ОКПО\n" + "x" * 3_000_000)
