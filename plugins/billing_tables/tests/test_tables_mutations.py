"""Damaged files of every format: whatever the bytes, the errors are ours, and no read hangs or crashes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ztoe_billing_tables.mapping_file import parse_mapping
from ztoe_hub.errors import ConfigurationError, HubError
from ztoe_hub.values import Page, Stream

CONSUMERS: dict[str, Any] = {
    "format": "csv", "files": "c.csv", "key": "Код", "columns": {"name": "Назва", "tax_code": "ОКПО"},
}  # fmt: skip
ACCOUNTS: dict[str, Any] = {
    "format": "xlsx", "files": "a.xlsx", "header_row": 3, "key": 1, "defaults": {"district_key": "1"},
    "columns": {"number": 1, "consumer_key": 2, "consumer_code": 3, "contract_date": 6},
}  # fmt: skip
POINTS: dict[str, Any] = {
    "format": "xls", "files": "p.xls", "key": "EIC",
    "columns": {"account_key": 1, "name": "Назва", "kind": "Вид", "digits": "Розрядність", "coefficient": "РК"},
}  # fmt: skip
LINES: dict[str, Any] = {
    "format": "dbf", "files": "s.dbf", "key": ["OS", "PERIOD"], "defaults": {"article": "active"}, "mode": "months",
    "columns": {
        "account_key": "OS", "period": "PERIOD", "opening_balance_uah": "SALDO_N",
        "accrued_uah": "NARAH", "paid_uah": "OPLATA", "closing_balance_uah": "SALDO_K",
    },
}  # fmt: skip
OURS = ["12345678901234567890"]
BANK_XML = (
    '<?xml version="1.0" encoding="Windows-1251"?><_1CClientBankExchange>'
    "<СекцияДокумент><ДокументИД>Д-1</ДокументИД><Дата>2024-06-10</Дата><Сумма>1250.40</Сумма>"
    "<Плательщик>ТОВ «Їжак»</Плательщик><ПолучательСчет>12345678901234567890</ПолучательСчет></СекцияДокумент>"
    "</_1CClientBankExchange>"
).encode("cp1251")
CSV = ("Код;Назва;ОКПО\r\n" + "".join(f'0{n};"ТОВ ""Їжак"" {n}";0001234{n}\r\n' for n in range(9))).encode(
    "cp1251"
)

CASES: dict[str, tuple[Stream, str, dict[str, Any], Callable[[Path], bytes]]] = {
    "csv": (Stream.CONSUMERS, "c.csv", CONSUMERS, lambda _: CSV),
    "csv by evidence": (Stream.CONSUMERS, "c.csv", CONSUMERS | {"repeats": "skip"}, lambda _: CSV.decode("cp1251").encode()),
    "xlsx": (Stream.ACCOUNTS, "a.xlsx", ACCOUNTS, lambda data: (data / "21_accounts_synthetic.xlsx").read_bytes()),
    "xls": (Stream.METERING_POINTS, "p.xls", POINTS, lambda data: (data / "20_metering_points_synthetic.xls").read_bytes()),
    "dbf": (Stream.STATEMENT_LINES, "s.dbf", LINES, lambda data: (data / "15_turnover_cp1125_ldid26_synthetic.dbf").read_bytes()),
    "enterprisedata": (
        Stream.INVOICES,
        "m.xml",
        {"format": "enterprisedata", "files": "m.xml", "defaults": {"kind": "active", "account_key": "1"}},
        lambda data: (data / "18_enterprisedata_1.8_message_synthetic.xml").read_bytes(),
    ),
    "bank-text": (
        Stream.PAYMENTS,
        "b.txt",
        {"format": "bank-text", "files": "b.txt", "own_accounts": OURS},
        lambda data: (data / "12_1c_to_kl_cp1251.txt").read_bytes(),
    ),
    "bank-xml": (
        Stream.PAYMENTS,
        "b.xml",
        {"format": "bank-xml", "files": "b.xml", "own_accounts": OURS},
        lambda _: BANK_XML,
    ),
}  # fmt: skip


def damaged(content: bytes, seed: int) -> bytes:
    """One of many ways in which bytes go wrong."""
    chance = random.Random(seed)  # noqa: S311  it has to be the same every time
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 20))):
        at = chance.randrange(len(made) or 1)
        end = min(len(made), at + chance.choice((1, 2, 16, 200)))
        way = chance.randrange(6)
        if way == 0 and made:
            made[min(at, len(made) - 1)] = chance.randrange(256)
        elif way == 1:
            made[at:end] = b""
        elif way == 2:
            made[at:at] = made[at:end] * chance.choice((1, 3))
        elif way == 3:
            made[at:at] = chance.choice(
                (b"\x00", b'"', b"<", b"\xff\xff", b";;;", b"&x;", b"\r", b"9" * 40, b"\x1a")
            )
        elif way == 4:
            made[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
        elif len(made) > 1:
            del made[chance.randrange(1, len(made)) :]
    return bytes(made)


def touched(pages: Iterator[Page]) -> int:
    """Decode everything, as an import of changed rows does."""
    count = 0
    for page in pages:
        count += len(page.records) + len(page.rejected)
        for index in range(len(page.rows.keys) if page.rows else 0):
            assert page.rows is not None
            page.rows.decode(index)
            count += 1
    return count


@pytest.mark.parametrize("case", [*CASES])
def test_damaged_files_give_rows_rejections_or_errors_of_ours(site: Any, data: Path, case: str) -> None:
    stream, name, entry, whole = CASES[case]
    content = whole(data)
    source = site.source({stream.value: entry}, max_workbook_memory=256 * 1024 * 1024)
    seeds = 60 if case.startswith("xls") else 250  # a process each
    path = site.drop(name, content)
    assert touched(source.read(stream, None)) > 0
    outcomes = {"read": 0, "refused": 0}
    for seed in range(seeds):
        path.write_bytes(damaged(content, seed))
        begun = time.monotonic()
        try:
            touched(source.read(stream, None))
            outcomes["read"] += 1
        except HubError:
            outcomes["refused"] += 1
        assert time.monotonic() - begun < 20, seed
        try:
            opened = source.open_file(path)
            touched(opened.read(next(iter(opened.capabilities.streams)), None))
        except HubError:
            pass
    assert outcomes["refused"] > 5


def test_damaged_mappings_are_refused_or_read() -> None:
    text = (Path(__file__).parents[1] / "ztoe_billing_tables" / "example.yaml").read_bytes()
    refused = 0
    for seed in range(300):
        try:
            parse_mapping(damaged(text, seed).decode("utf-8", "replace"), "site.yaml")
        except ConfigurationError:
            refused += 1
    assert refused > 100
