"""XLSX and XLS."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ztoe_hub.errors import ItemRejected
from ztoe_hub.values import AccountRecord, EnergyKind, InvoiceKind, InvoiceRecord, Stream

INVOICES: dict[str, Any] = {
    "format": "xlsx",
    "files": "invoices*.xls*",
    "key": "Номер",
    "columns": {
        "account_key": "О/р",
        "number": "Номер",
        "period": "Період",
        "formed_at": "Дата",
        "kind": "Тип",
        "amount_uah": "Сума",
    },
    "words": {"kind": {"активна": "active"}},
}
HEADER = ["О/р", "Номер", "Період", "Дата", "Тип", "Сума"]
ACCOUNTS: dict[str, Any] = {
    "format": "xlsx",
    "files": "accounts.xlsx",
    "sheet": "Рахунки",
    "header_row": 3,
    "key": "О/р",
    "columns": {"number": "О/р", "consumer_key": "Код", "consumer_code": "Код"},
    "defaults": {"district_key": "031"},
}
Xlsx = Callable[..., bytes]


def invoices(
    site: Any, read_all: Any, content: bytes, name: str = "invoices.xlsx", **settings: object
) -> Any:
    site.drop(name, content)
    return read_all(site.source({"invoices": INVOICES}, **settings), Stream.INVOICES)


def test_pitfall_19_numbers_as_text_dates_as_serials_and_float_noise(
    site: Any, read_all: Any, xlsx: Xlsx
) -> None:
    rows = [
        HEADER,
        ["0030009м", "0059", "січень 2018", 43075, "Активна", "1\u00a0744,48"],
        [30009, 60.0, date(2018, 1, 31), datetime(2017, 12, 6, 9, 15), "активна", 0.1 + 0.2],  # noqa: DTZ001
        ["1", 61, "43101", "06.12.2017", "активна", 1744.4800000000002],
        ["1", 62, 201801, "43075.5", "активна", "-5"],
    ]
    found = invoices(site, read_all, xlsx({"Лист1": rows}))
    assert found.rejected == []
    first, *others = found.records
    assert first == InvoiceRecord(
        key="0059",
        account_key="0030009м",
        number="0059",
        period=date(2018, 1, 1),
        formed_at=datetime(2017, 12, 6),  # noqa: DTZ001
        kind=InvoiceKind.ACTIVE,
        amount_uah=Decimal("1744.48"),
    )
    assert [(each.account_key, each.key, each.amount_uah) for each in others] == [
        ("30009", "60", Decimal("0.3")),
        ("1", "61", Decimal("1744.48")),
        ("1", "62", Decimal("-5")),
    ]
    assert {each.period for each in found.records} == {date(2018, 1, 1)}
    assert others[2].formed_at == datetime(2017, 12, 6, 12)  # noqa: DTZ001


def test_pitfall_5_account_numbers_lose_nothing_and_gain_no_point(
    site: Any, read_all: Any, xlsx: Xlsx
) -> None:
    rows = [
        ["Особові рахунки"],
        [],
        ["О/р", "Код"],
        ["000186", 125000632],
        [186.0, "0001"],
        [1e16, "1"],
        ["", ""],
    ]
    site.drop("accounts.xlsx", xlsx({"Інше": [], "Рахунки": rows}))
    found = read_all(site.source({"accounts": ACCOUNTS}), Stream.ACCOUNTS)
    assert found.records == [
        AccountRecord(key="000186", number="000186", consumer_key="125000632", consumer_code="125000632", district_key="031"),
        AccountRecord(key="186", number="186", consumer_key="0001", consumer_code="0001", district_key="031"),
    ]  # fmt: skip
    [rejected] = found.rejected
    assert rejected.place == "accounts.xlsx sheet Рахунки row 6"
    assert "more digits than a spreadsheet keeps" in rejected.reason


def test_a_real_xls_is_read(site: Any, read_all: Any, data: Any) -> None:
    site.drop("points.xls", (data / "20_metering_points_synthetic.xls").read_bytes())
    entry = {
        "format": "xls",
        "files": "points.xls",
        "key": "EIC",
        "columns": {
            "account_key": "Особовий рахунок",
            "name": "Назва",
            "kind": "Вид",
            "digits": "Розрядність",
            "coefficient": "РК",
        },
    }
    found = read_all(site.source({"metering_points": entry}), Stream.METERING_POINTS)
    assert [(each.account_key, each.kind, each.digits, each.coefficient) for each in found.records] == [
        ("0030009м", EnergyKind.ACTIVE, 6, Decimal(40)),
        ("186", EnergyKind.REACTIVE, 5, Decimal(1)),
        ("00187", EnergyKind.GENERATION, 6, Decimal("0.3")),
    ]


def test_an_xlsx_under_the_name_xls_is_read_all_the_same(site: Any, read_all: Any, xlsx: Xlsx) -> None:
    content = xlsx({"A": [HEADER, ["1", "2", "01.2018", "01.02.2018", "активна", 1]]})
    assert len(invoices(site, read_all, content, "invoices.xls").records) == 1


def test_a_sheet_or_a_column_that_is_missing_stops_the_file(site: Any, read_all: Any, xlsx: Xlsx) -> None:
    site.drop("accounts.xlsx", xlsx({"Лист1": [["О/р"]]}))
    with pytest.raises(ItemRejected, match="has no sheet Рахунки, only Лист1"):
        read_all(site.source({"accounts": ACCOUNTS}), Stream.ACCOUNTS)
    with pytest.raises(ItemRejected, match=r"sheet A row 1: no column Сума for amount_uah"):
        invoices(site, read_all, xlsx({"A": [HEADER[:-1]]}))


@pytest.mark.parametrize("cut", [100, 1000, -100, -10])
def test_a_truncated_workbook_is_refused(site: Any, read_all: Any, xlsx: Xlsx, cut: int) -> None:
    with pytest.raises(ItemRejected):
        invoices(site, read_all, xlsx({"A": [HEADER]})[:cut])


def rezipped(content: bytes, **changes: bytes) -> bytes:
    """The same archive with other or further entries."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, changes.pop(name) if name in changes else old.read(name))
        for name, added in changes.items():
            new.writestr(name, added)
    return stream.getvalue()


def test_a_zip_bomb_is_refused_by_its_directory(site: Any, read_all: Any, xlsx: Xlsx) -> None:
    bomb = rezipped(xlsx({"A": [HEADER]}), **{"xl/sharedStrings.xml": bytes(64 * 1024 * 1024)})
    assert len(bomb) < 100_000
    with pytest.raises(ItemRejected, match="bytes when unpacked"):
        invoices(site, read_all, bomb, max_workbook_bytes=1024 * 1024)


def test_a_zip_bomb_that_lies_about_its_size_is_refused_too(site: Any, read_all: Any, xlsx: Xlsx) -> None:
    size = 64 * 1024 * 1024
    bomb = rezipped(xlsx({"A": [HEADER]}), **{"xl/media/picture.bin": bytes(size)})
    lying = bomb.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    with pytest.raises(ItemRejected, match=r"unpacked|false"):
        invoices(site, read_all, lying, max_workbook_bytes=1024 * 1024)


def test_two_cells_in_far_corners_do_not_take_all_memory(site: Any, read_all: Any, xlsx: Xlsx) -> None:
    sheet = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    bomb = rezipped(xlsx({"A": [HEADER]}), **{"xl/worksheets/sheet1.xml": sheet})
    with pytest.raises(ItemRejected, match="1048576 rows and 16384 columns"):
        invoices(site, read_all, bomb)


def test_other_things_under_the_name_xlsx_are_refused_by_name(site: Any, read_all: Any) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    for content, said in (
        (stream.getvalue(), "a ZIP archive: unpack it first"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "an HTML page"),
        (b"%PDF-1.7", "a PDF, not a table"),
        ("О/р;Номер\n".encode("cp1251"), "is csv, not xlsx"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(5000), "not a workbook that can be read|is damaged"),
    ):
        with pytest.raises(ItemRejected, match=said):
            invoices(site, read_all, content)
