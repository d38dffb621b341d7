"""A folder of invoice PDFs matched by name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ztoe_billing_tables.files_source import FilesSource
from ztoe_hub.errors import ConfigurationError, ItemRejected, ProviderMisconfigured, TransientError
from ztoe_hub.testing.billing import A_PDF, InvoiceFilesContract

INVOICES: dict[str, Any] = {
    "format": "csv",
    "files": "invoices*.csv",
    "key": ["Номер", "Період", "О/р"],
    "columns": {
        "account_key": "О/р", "number": ["№", "Номер"], "period": "Період", "formed_at": "Дата",
        "amount_uah": "Сума",
    },
    "defaults": {"kind": "active"},
}  # fmt: skip
KEY = "1563|січень 2018|0030009м"


def with_pdfs(
    site: Any, pattern: str, *names: str, content: bytes = A_PDF, **settings: object
) -> FilesSource:
    folder: Path = site.place / "pdf"
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    found: FilesSource = site.source(
        {"invoices": INVOICES | settings.pop("entry", {})},  # type: ignore[operator]
        invoices_folder=folder,
        invoices_pattern=pattern,
        **settings,
    )
    return found


class TestInvoicePdfs(InvoiceFilesContract):
    @pytest.fixture
    def files(self, site: Any) -> FilesSource:
        return with_pdfs(site, "{account}/{period}_{number}*.pdf", "0030009м/2018-01_1563_signed.pdf")

    @pytest.fixture
    def invoice_key(self) -> str:
        return KEY


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("Рахунок {number} за {period:%m.%Y}.pdf", "Рахунок 1563 за 01.2018.pdf"),
        ("{key}.pdf", "1563_січень 2018_0030009м.pdf"),
        ("*/{number}_{account}.PDF", "2018/1563_0030009м.PDF"),
    ],
)
def test_patterns_name_the_file(site: Any, pattern: str, name: str) -> None:
    source = with_pdfs(site, pattern, name)
    assert source.capabilities.invoice_files
    assert source.invoice_file(KEY).content == A_PDF


@pytest.mark.parametrize(
    "key",
    [
        "../../1563|січень 2018|1",
        "*|січень 2018|*",
        "[0-9]*|січень 2018|.",
        "\x00|січень 2018|..",
        "1563",
        "1|x|2",
        "",
    ],
)
def test_a_key_leads_to_no_other_file(site: Any, key: str) -> None:
    source = with_pdfs(site, "{account}/{number}.pdf", "0030009м/1563.pdf")
    (site.place / "1563.pdf").write_bytes(A_PDF)
    with pytest.raises(ItemRejected):
        source.invoice_file(key)


def test_a_link_out_of_the_folder_is_no_invoice(site: Any) -> None:
    source = with_pdfs(site, "{number}.pdf", "other.pdf")
    (site.place / "secret.pdf").write_bytes(A_PDF)
    (site.place / "pdf" / "1563.pdf").symlink_to(site.place / "secret.pdf")
    with pytest.raises(ItemRejected, match="there is no PDF"):
        source.invoice_file(KEY)


def test_two_files_that_fit_are_refused(site: Any) -> None:
    source = with_pdfs(site, "{number}*.pdf", "1563.pdf", "15630.pdf")
    with pytest.raises(ItemRejected, match="2 PDFs fit"):
        source.invoice_file(KEY)


def test_what_is_no_pdf_or_too_large_or_still_fresh_is_refused(site: Any) -> None:
    with pytest.raises(ItemRejected, match="is not a PDF, whatever its name says"):
        with_pdfs(site, "{number}.pdf", "1563.pdf", content=b"<html>").invoice_file(KEY)
    with pytest.raises(ItemRejected, match="more than the 10 bytes"):
        with_pdfs(site, "{number}.pdf", "1563.pdf", max_pdf_bytes=10).invoice_file(KEY)
    soon = with_pdfs(site, "{number}.pdf", "1563.pdf", settle_seconds=60)
    path = site.place / "pdf" / "1563.pdf"
    ahead = path.stat().st_mtime + 3600
    os.utime(path, (ahead, ahead))
    with pytest.raises(TransientError, match="is still being written"):
        soon.invoice_file(KEY)


def test_a_pattern_that_the_key_cannot_fill_stops_the_start_up(site: Any) -> None:
    with pytest.raises(ConfigurationError, match="the key of `invoices` must hold the column of account_key"):
        with_pdfs(site, "{account}.pdf", entry={"key": "Номер"})
    with pytest.raises(ConfigurationError, match=r"not {name}"):
        with_pdfs(site, "{name}.pdf")
    with pytest.raises(ConfigurationError, match="invoices_pattern"):
        with_pdfs(site, "{number.pdf")
    with pytest.raises(ValueError, match="stays below its folder"):
        with_pdfs(site, "../{number}.pdf")


def test_a_folder_that_is_not_there_is_the_operators(site: Any) -> None:
    source = with_pdfs(site, "{number}.pdf")
    assert not source.check().ok
    with pytest.raises(ProviderMisconfigured):
        source.invoice_file(KEY)


def test_a_source_without_pdfs_says_so(site: Any) -> None:
    source = site.source({"invoices": INVOICES})
    assert not source.capabilities.invoice_files
    with pytest.raises(ItemRejected, match="has no PDFs"):
        source.invoice_file(KEY)
