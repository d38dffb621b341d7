"""dBase tables of older billings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ztoe_hub.errors import ItemRejected
from ztoe_hub.values import Article, Stream

LINES: dict[str, Any] = {
    "format": "dbf",
    "files": "*.dbf",
    "key": ["OS", "PERIOD"],
    "columns": {
        "account_key": "OS",
        "period": "PERIOD",
        "opening_balance_uah": "SALDO_N",
        "accrued_uah": "NARAH",
        "paid_uah": "OPLATA",
        "closing_balance_uah": "SALDO_K",
    },
    "defaults": {"article": "active"},
}
NAMES: dict[str, Any] = {"format": "dbf", "files": "*.dbf", "key": "OS", "columns": {"name": "NAME"}}
FIELDS = (("OS", "C", 10, 0), ("NAME", "C", 30, 0))
Dbf = Callable[..., bytes]


def names(site: Any, read_all: Any, content: bytes, **changes: object) -> Any:
    site.drop("names.dbf", content)
    return read_all(site.source({"consumers": NAMES | changes}), Stream.CONSUMERS)


@pytest.mark.parametrize(
    "sample", ["15_turnover_cp1125_ldid26_synthetic.dbf", "16_turnover_cp1251_ldidC9_synthetic.dbf"]
)
def test_pitfall_18_cp1125_under_0x26_deleted_rows_and_empty_numbers(
    site: Any, read_all: Any, data: Any, sample: str
) -> None:
    site.drop("saldo.dbf", (data / sample).read_bytes())
    source = site.source({"statement_lines": LINES | {"defaults": {"article": "active", "paid_uah": 0}}})
    found = read_all(source, Stream.STATEMENT_LINES)
    first = found.records[0]
    assert first.key == "000012345|20261031"
    assert first.period == date(2026, 10, 1)
    assert first.article is Article.ACTIVE
    assert first.opening_debit_uah + first.opening_credit_uah + first.accrued_uah - first.paid_uah == (
        first.closing_debit_uah + first.closing_credit_uah
    )
    assert {each.account_key for each in found.records} == {"000012345", "0030009м"}
    assert found.rejected == []
    assert found.last.complete
    texts = site.source({"consumers": NAMES})
    assert read_all(texts, Stream.CONSUMERS).records[0].name == 'ТОВ "Єдність-Інвест" ї ґ'


@pytest.mark.parametrize("language", [0, 0x26, 0x65, 0xC9, 0x57])
@pytest.mark.parametrize("encoding", ["cp1125", "cp1251"])
def test_pitfall_18_a_zero_or_wrong_language_byte_deceives_nobody(
    site: Any, read_all: Any, dbf: Dbf, language: int, encoding: str
) -> None:
    content = dbf(FIELDS, [("1", "Їжакевич і сини")], encoding=encoding, language=language)
    assert names(site, read_all, content).records[0].name == "Їжакевич і сини"


def test_real_cp866_is_read_as_such(site: Any, read_all: Any, dbf: Dbf) -> None:
    content = dbf(FIELDS, [("1", "Пiдприємство Єва")], encoding="cp866", language=0x26)  # Latin i
    assert names(site, read_all, content).records[0].name == "Пiдприємство Єва"
    assert names(site, read_all, content, encoding="cp866").records[0].name == "Пiдприємство Єва"


def test_cp866_by_settings_is_refused_where_the_marks_of_cp1125_are(
    site: Any, read_all: Any, dbf: Dbf
) -> None:
    with pytest.raises(ItemRejected, match="is not cp866 as the settings say"):
        names(site, read_all, dbf(FIELDS, [("1", "Їжак і сини")]), encoding="cp866")


def test_pitfall_18_comma_decimals_and_blank_dates(site: Any, read_all: Any, dbf: Dbf) -> None:
    fields = (
        ("OS", "C", 9, 0), ("PERIOD", "D", 8, 0), ("SALDO_N", "N", 12, 2),
        ("NARAH", "N", 12, 2), ("OPLATA", "C", 12, 0), ("SALDO_K", "N", 12, 2),
    )  # fmt: skip
    rows = [
        ("1", "20180131", "-735.22", "3535,56", "1000,00", "1800.34"),
        ("2", "        ", "0", "0", "0", "0"),
        ("3", "20180131", "0", "************", "0", "0"),
    ]
    site.drop("saldo.dbf", dbf(fields, rows))
    found = read_all(site.source({"statement_lines": LINES}), Stream.STATEMENT_LINES)
    line = found.records[0]
    assert (line.opening_debit_uah, line.opening_credit_uah) == (Decimal(0), Decimal("-735.22"))
    assert (line.closing_debit_uah, line.closing_credit_uah) == (Decimal("1800.34"), Decimal(0))
    assert (line.accrued_uah, line.paid_uah) == (Decimal("3535.56"), Decimal("1000.00"))
    assert found.reasons == [
        ("saldo.dbf record 2", None, "key", "is empty"),
        ("saldo.dbf record 3", "3|20180131", "accrued_uah", "is not a number"),
    ]


@pytest.mark.parametrize("cut", [1, 20, 41])
def test_pitfall_18_a_truncated_last_record_makes_the_read_incomplete(
    site: Any, read_all: Any, dbf: Dbf, cut: int
) -> None:
    whole = dbf(FIELDS, [("1", "А"), ("2", "Б")], end=b"")
    found = names(site, read_all, whole[:-cut])
    assert [each.key for each in found.records] == ["1"]
    assert "the header promises 2 records, 1 are there" in found.rejected[0].reason
    assert found.rejected[0].place == "names.dbf record 2"
    assert not found.last.complete


def test_a_file_without_its_end_mark_is_whole(site: Any, read_all: Any, dbf: Dbf) -> None:
    found = names(site, read_all, dbf(FIELDS, [("1", "А"), ("2", "Б")], end=b""))
    assert len(found.records) == 2
    assert found.last.complete


def test_a_header_that_promises_more_or_less_is_doubted(site: Any, read_all: Any, dbf: Dbf) -> None:
    for count in (1, 3):
        found = names(site, read_all, dbf(FIELDS, [("1", "А"), ("2", "Б")], count=count))
        assert len(found.records) == 2
        assert not found.last.complete


def test_pitfall_18_an_empty_table_is_empty_and_an_empty_file_is_refused(
    site: Any, read_all: Any, dbf: Dbf
) -> None:
    found = names(site, read_all, dbf(FIELDS, []))
    assert found.records == []
    assert found.last.complete
    with pytest.raises(ItemRejected, match="is empty"):
        names(site, read_all, b"")


def test_deleted_rows_are_left_out(site: Any, read_all: Any, dbf: Dbf) -> None:
    content = dbf(FIELDS, [("1", "А"), ("2", "Б"), ("3", "В")], deleted=frozenset({1}))
    assert [each.key for each in names(site, read_all, content).records] == ["1", "3"]


def test_more_records_than_a_page_keep_their_numbers_and_fingerprints(
    site: Any, read_all: Any, dbf: Dbf
) -> None:
    rows = [(str(number), "Ім'я") for number in range(2500)]
    before = names(site, read_all, dbf(FIELDS, rows))
    assert len(before.records) == 2500
    rows[2100] = ("", "Без номера")
    rows[7] = ("7", "Інше")
    after = names(site, read_all, dbf(FIELDS, rows))
    assert after.reasons == [("names.dbf record 2101", None, "key", "is empty")]
    assert {key for key, print_ in after.prints.items() if before.prints.get(key) != print_} == {"7", None}


@pytest.mark.parametrize("wrong", ["lengths", "columns", "page"])
def test_a_table_that_contradicts_itself_is_refused(site: Any, read_all: Any, dbf: Dbf, wrong: str) -> None:
    content = bytearray(dbf(FIELDS, [("1", "А")]))
    if wrong == "lengths":
        content[10] += 1
    if wrong == "columns":
        content = content[:50]
    with pytest.raises(ItemRejected, match=r"contradicts itself|cut short|never UTF-8"):
        names(site, read_all, bytes(content), **({"encoding": "utf-8"} if wrong == "page" else {}))


def test_a_missing_column_is_named_with_those_that_are_there(site: Any, read_all: Any, dbf: Dbf) -> None:
    with pytest.raises(ItemRejected, match=r"names.dbf: no column FIO for name \(columns there: OS, NAME\)"):
        names(site, read_all, dbf(FIELDS, [("1", "А")]), columns={"name": "FIO"})
