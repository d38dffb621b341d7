"""The hub's contract for billing sources, kept by a whole site of files, and the hub importing that site."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import ztoe_billing_tables
from ztoe_billing_tables.files_source import FilesSource
from ztoe_hub.errors import ItemRejected
from ztoe_hub.testing.billing import BillingSourceContract, records_of, rejected_of
from ztoe_hub.testing.hubs import hub_with
from ztoe_hub.values import AccountRecord, Stream

EXAMPLE = (files("ztoe_billing_tables") / "example.yaml").read_text("utf-8")
CONSUMERS = (
    "Код;Повна назва;ЄДРПОУ;E-mail\nк-1;ТОВ «Їжак»;00012345;a@b.ua\nк-2;ФОП Ґава;;\n;Разом: 2;;\n".encode(
        "cp1251"
    )
)
INVOICES = (
    "Номер;Період;Особовий рахунок;Дата;Тип;Сума з ПДВ\n"
    "59;01.2018;0030009м;06.12.2017;Авансовий плановий за активну;1\u00a0744,48\n"
    "1563;01.2018;0030009м;03.03.2018 09:15;За активну;3535,56\n"
    "1564;01.2018;186;03.03.2018;За реактивну;44,17\n"
).encode("cp1251")
READINGS = (
    "Особовий рахунок;EIC;Вид;ТО;Дата;Показник\n0030009м;62Z8102184873135X;А;1;31.01.2018;1234,5\n".encode()
)
SALDO = (
    ("OS", "C", 10, 0), ("PERIOD", "D", 8, 0), ("SALDO_N", "N", 12, 2),
    ("NARAH", "N", 12, 2), ("OPLATA", "N", 12, 2), ("SALDO_K", "N", 12, 2),
)  # fmt: skip
BANK = (
    "<_1CClientBankExchange><СекцияДокумент><ДокументИД>1</ДокументИД><Дата>2018-01-15</Дата><Сумма>1000.00</Сумма>"
    "<ПолучательСчет>UA213223130000026007233566001</ПолучательСчет></СекцияДокумент></_1CClientBankExchange>"
)


@pytest.fixture
def full(site: Any, data: Path, dbf: Any) -> Any:
    """A site whose files are those of the example."""
    site.drop("spozhyvachi 2018.csv", CONSUMERS)
    site.drop("rahunky.xlsx", (data / "21_accounts_synthetic.xlsx").read_bytes())
    site.drop("tochky.xls", (data / "20_metering_points_synthetic.xls").read_bytes())
    site.drop("pokaznyky.csv", READINGS)
    site.drop(
        "saldo0118.dbf", dbf(SALDO, [("0030009м", "20180131", "-735.22", "3535.56", "1000.00", "1800.34")])
    )
    site.drop("rahunky-na-oplatu.csv", INVOICES)
    site.drop("bank.xml", BANK)
    return site


class TestFilesSource(BillingSourceContract):
    @pytest.fixture
    def source(self, full: Any) -> FilesSource:
        found: FilesSource = full.source(EXAMPLE)
        return found


def test_the_example_reads_its_files_without_a_rejection(full: Any) -> None:
    source = full.source(EXAMPLE)
    counts = {stream: len(records_of(source, stream)) for stream in source.capabilities.streams}
    assert {stream: rejected_of(source, stream) for stream in source.capabilities.streams} == {
        stream: [] for stream in Stream
    }
    assert counts == {
        Stream.DISTRICTS: 2, Stream.CONSUMERS: 2, Stream.ACCOUNTS: 3, Stream.METERING_POINTS: 3,
        Stream.READINGS_HISTORY: 1, Stream.STATEMENT_LINES: 1, Stream.INVOICES: 3, Stream.PAYMENTS: 1,
    }  # fmt: skip
    first: Any = records_of(source, Stream.ACCOUNTS)[0]
    assert first == AccountRecord(
        key="0030009м", number="0030009м", consumer_key="к-1", consumer_code="125000632", district_key="31",
        contract_number="№ 7/18", contract_date=date(2017, 12, 6),
    )  # fmt: skip
    lines: Any = records_of(source, Stream.STATEMENT_LINES)
    assert (lines[0].opening_credit_uah, lines[0].closing_debit_uah) == (
        Decimal("-735.22"),
        Decimal("1800.34"),
    )


def hub_of(site: Any) -> Any:
    settings = f'[billing.files]\ntype = "files"\nfolder = "{site.folder}"\nmapping = "{site.mapping}"\nsettle_seconds = 0\n'
    (site.place / "hub").mkdir()
    return hub_with(ztoe_billing_tables, folder=site.place / "hub", settings_text=settings)


def counts_of(reports: Any) -> dict[str, tuple[str, int, int, int, int]]:
    return {
        each.stream.value: (each.status.value, each.new, each.changed, each.vanished, each.rejected)
        for each in reports
    }


def test_the_hub_imports_the_site_and_its_files_move_to_done(full: Any) -> None:
    full.mapping.write_text(EXAMPLE, "utf-8")
    hub = hub_of(full)
    try:
        first = counts_of(hub.sync.import_source("files"))
        assert {status for status, *_ in first.values()} == {"done"}, first
        assert first["invoices"] == ("done", 3, 0, 0, 0)
        assert full.names() == []
        assert len(full.names("done")) == 14
        again = counts_of(hub.sync.import_source("files"))
        assert all(each[1:] == (0, 0, 0, 0) and each[0] == "done" for each in again.values()), again
        full.drop("rahunky-na-oplatu 2.csv", INVOICES.replace(b"3535,56", b"3535,57"))
        third = counts_of(hub.sync.import_source("files"))
        assert third["invoices"] == ("done", 0, 1, 0, 0)
        full.drop("saldo.dbf", b"\x03")
        with pytest.raises(ItemRejected, match=r"saldo\.dbf"):
            hub.sync.import_source("files")
        assert full.names() == []
        assert len(full.names("failed")) == 2
    finally:
        hub.close()
