"""Every sample of tests/data is imported, or refused by its name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ztoe_hub.errors import ItemRejected
from ztoe_hub.testing.billing import records_of, rejected_of
from ztoe_hub.values import ConsumerRecord, PaymentRecord, Stream

EVERYTHING: dict[str, Any] = {
    "consumers": {"format": "enterprisedata", "files": "message*.xml"},
    "invoices": {
        "format": "enterprisedata",
        "files": "message*.xml",
        "defaults": {"kind": "active", "account_key": "0030009м"},
    },
    "payments": {"format": "bank-text", "files": "none", "own_accounts": ["12345678901234567890"]},
    "metering_points": {
        "format": "xls",
        "files": "*metering_points*.xls",
        "key": "EIC",
        "columns": {"account_key": 1, "name": "Назва", "kind": "Вид"},
    },
    "accounts": {
        "format": "xlsx",
        "files": "*accounts*.xlsx",
        "header_row": 3,
        "key": "Особовий рахунок",
        "columns": {
            "number": "Особовий рахунок", "consumer_key": "Код", "consumer_code": "Код споживача РЕМ",
            "district_key": "РЕМ", "contract_date": "Дата договору",
        },
    },
    "statement_lines": {
        "format": "dbf",
        "files": "*.dbf",
        "key": ["OS", "PERIOD"],
        "columns": {
            "account_key": "OS", "period": "PERIOD", "opening_balance_uah": "SALDO_N",
            "accrued_uah": "NARAH", "paid_uah": "OPLATA", "closing_balance_uah": "SALDO_K",
        },
        "defaults": {"article": "active", "paid_uah": 0},
    },
}  # fmt: skip

IMPORTED = {
    "12_1c_to_kl_cp1251.txt": {Stream.PAYMENTS: 2},
    "15_turnover_cp1125_ldid26_synthetic.dbf": {Stream.STATEMENT_LINES: 2},
    "16_turnover_cp1251_ldidC9_synthetic.dbf": {Stream.STATEMENT_LINES: 2},
    "18_enterprisedata_1.8_message_synthetic.xml": {Stream.CONSUMERS: 1, Stream.INVOICES: 1},
    "21_accounts_synthetic.xlsx": {Stream.ACCOUNTS: 3},
    "20_metering_points_synthetic.xls": {Stream.METERING_POINTS: 3},
}
REFUSED = {
    "01_metadata_trade_demo_8.5_trimmed.edmx": "EDMX",
    "02_selectchanges_catalog_8.5.atom.xml": "Atom feed",
    "03_selectchanges_document_and_registers_8.5.atom.xml": "Atom feed",
    "10_commerceml_2.03_orders_cp1251.xml": "CommerceML",
    "11_commerceml_import_utf8.xml": "CommerceML",
    "13_metadata_value_storage_synthetic.edmx": "EDMX",
    "SOURCES.txt": "no `files` of the mapping fits",
}


def test_no_sample_is_forgotten(data: Any) -> None:
    assert {path.name for path in data.iterdir()} == {*IMPORTED, *REFUSED}


@pytest.mark.parametrize(("name", "counts"), [*IMPORTED.items()])
def test_it_is_imported(site: Any, data: Any, name: str, counts: dict[Stream, int]) -> None:
    opened = site.source(EVERYTHING).open_file(data / name)
    found = {
        stream: len(records_of(opened, stream)) for stream in Stream if stream in opened.capabilities.streams
    }
    assert {stream: count for stream, count in found.items() if count or stream in counts} == counts
    assert all(rejected_of(opened, stream) == [] for stream in opened.capabilities.streams)
    assert (data / name).exists()


@pytest.mark.parametrize(("name", "said"), [*REFUSED.items()])
def test_it_is_refused_by_name(site: Any, data: Any, name: str, said: str) -> None:
    with pytest.raises(ItemRejected, match=said) as refusal:
        site.source(EVERYTHING).open_file(data / name)
    assert str(refusal.value).startswith(name)


def test_enterprise_data_gives_contractors_by_itself_and_says_what_invoices_lack(
    site: Any, data: Any
) -> None:
    source = site.source(
        {"districts": {"format": "inline", "rows": [{"key": "1", "code": "1", "name": "РЕМ"}]}}
    )
    opened = source.open_file(data / "18_enterprisedata_1.8_message_synthetic.xml")
    assert records_of(opened, Stream.CONSUMERS) == [
        ConsumerRecord(
            key="6d0c5b52-0000-11f1-8af8-04ecd881cf53",
            name='Товариство з обмеженою відповідальністю "Приклад"',
        )
    ]
    assert Stream.INVOICES not in opened.capabilities.streams  # their kind is nobody's guess
    site.drop("message.xml", (data / "18_enterprisedata_1.8_message_synthetic.xml").read_bytes())
    entry = {"format": "enterprisedata", "files": "message*.xml", "defaults": {"kind": "active"}}
    [rejected] = rejected_of(site.source({"invoices": entry}), Stream.INVOICES)
    assert (rejected.place, rejected.field, rejected.reason) == (
        "message.xml object 1",
        "account_key",
        "is empty",
    )


def test_the_bank_sample_is_about_payments_of_its_recipients_account(site: Any, data: Any) -> None:
    entry = {"format": "bank-text", "files": "kl*.txt", "columns": {"payer_tax_code": "ПлательщикИНН"}}
    name = data / "12_1c_to_kl_cp1251.txt"
    unknown = rejected_of(site.source({"payments": entry}).open_file(name), Stream.PAYMENTS)
    assert {each.reason for each in unknown} == {
        "nobody can tell whether it came in or went out: name `own_accounts` in the mapping"
    }
    accounts = [
        line for line in name.read_bytes().decode("cp1251").splitlines() if line.startswith("ПолучательСчет=")
    ]
    own = [line.partition("=")[2].strip() for line in accounts]
    records = records_of(
        site.source({"payments": entry | {"own_accounts": own}}).open_file(name), Stream.PAYMENTS
    )
    first = records[0]
    assert isinstance(first, PaymentRecord)
    assert (first.amount_uah, first.payer_tax_code, first.payer_name) == (
        Decimal("175000.00"), "1234567891", 'ООО "Рога и Копыта"',
    )  # fmt: skip
