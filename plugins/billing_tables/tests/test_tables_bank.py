"""Bank statements: 1CClientBankExchange as text and as Ukrainian XML."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ztoe_hub.errors import ItemRejected
from ztoe_hub.values import PaymentRecord, Stream

OURS = "UA213223130000026007233566001"
THEIRS = "UA903052992990004149123456789"
TEXT: dict[str, Any] = {"format": "bank-text", "files": "bank*.txt"}
XML: dict[str, Any] = {"format": "bank-xml", "files": "bank*.xml", "own_accounts": [OURS]}


def statement(*lines: str, encoding_line: str | None = "Кодировка=Windows", end: str = "КонецФайла") -> str:
    head = ["1CClientBankExchange", "ВерсияФормата=1.03", *([encoding_line] if encoding_line else [])]
    document = [
        "СекцияДокумент=Платіжне доручення", "Номер=17", "Дата=10.06.2024", "Сумма=1250.40",
        f"ПлательщикСчет={THEIRS}", "ПлательщикОКПО=00012345", "Плательщик1=ТОВ «Їжак і Ґава»",
        f"ПолучательСчет={OURS}", *lines, "НазначениеПлатежа=За активну енергію, о/р 0030009м", "КонецДокумента",
    ]  # fmt: skip
    return "\r\n".join([*head, f"РасчСчет={OURS}", *document, end, ""])


def payments(
    site: Any, read_all: Any, content: bytes, entry: dict[str, Any] = TEXT, name: str = "bank.txt"
) -> Any:
    site.drop(name, content)
    return read_all(site.source({"payments": entry}), Stream.PAYMENTS)


PAYMENT = PaymentRecord(
    key=f"10.06.2024|17|1250.40|{THEIRS}",
    paid_on=date(2024, 6, 10),
    amount_uah=Decimal("1250.40"),
    payer_tax_code="00012345",
    payer_name="ТОВ «Їжак і Ґава»",
    document_number="17",
    purpose="За активну енергію, о/р 0030009м",
)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Кодировка=Windows", "cp1251"),
        (None, "cp1251"),
        (None, "utf-8"),
        ("Кодировка=UTF-8", "utf-8-sig"),
        ("Кодировка=Windows", "utf-8"),
        ("Кодировка=DOS", "cp1251"),
    ],
)
def test_pitfall_20_bank_text_without_or_with_a_wrong_encoding_line(
    site: Any, read_all: Any, said: str | None, written: str
) -> None:
    found = payments(site, read_all, statement(encoding_line=said).encode(written))
    assert found.records == [PAYMENT]
    assert found.last.complete
    assert found.last.changes_only


@pytest.mark.parametrize("said", ["Кодировка=DOS", None])
def test_pitfall_20_dos_means_cp1125_where_its_marks_are(site: Any, read_all: Any, said: str | None) -> None:
    text = statement(encoding_line=said).replace("«", '"').replace("»", '"')
    assert payments(site, read_all, text.encode("cp1125")).records[0].payer_name == 'ТОВ "Їжак і Ґава"'
    latin = text.replace("і", "i").replace("Ґ", "Г").replace("Ї", "Є")
    assert payments(site, read_all, latin.encode("cp866")).records[0].payer_name == 'ТОВ "Єжак i Гава"'


def test_money_that_went_out_is_no_payment(site: Any, read_all: Any) -> None:
    out = statement().replace(f"ПолучательСчет={OURS}", f"ПолучательСчет={THEIRS}")
    assert payments(site, read_all, out.encode("cp1251")).records == []
    debited = statement("ДатаСписано=10.06.2024").replace(f"РасчСчет={OURS}", "РасчСчет=")
    assert payments(site, read_all, debited.encode("cp1251")).records == []


def test_the_date_of_arrival_counts_and_foreign_money_is_rejected(site: Any, read_all: Any) -> None:
    arrived = payments(site, read_all, statement("ДатаПоступило=11.06.2024").encode("cp1251"))
    assert arrived.records[0].paid_on == date(2024, 6, 11)
    euro = payments(site, read_all, statement("КодВалюты=978").encode("cp1251"))
    assert euro.rejected[0].reason == "is not in hryvnias"
    assert euro.rejected[0].place == "bank.txt line 5"


def test_a_direction_that_nobody_can_tell_is_rejected_with_the_remedy(site: Any, read_all: Any) -> None:
    found = payments(site, read_all, statement().replace(f"РасчСчет={OURS}", "").encode("cp1251"))
    assert "name `own_accounts`" in found.rejected[0].reason


def test_a_statement_without_its_last_line_is_refused(site: Any, read_all: Any) -> None:
    with pytest.raises(ItemRejected, match="ends without «КонецФайла»"):
        payments(site, read_all, statement(end="").encode("cp1251"))


def xml(*, declared: str = "UTF-8", document: str = "", before: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="{declared}"?>{before}<_1CClientBankExchange>'
        "<ВерсияФормата>2.00</ВерсияФормата><СекцияДокумент><ДокументИД>D-1</ДокументИД><Номер>17</Номер>"
        "<Дата>2024-06-10</Дата><Сумма>1250.40</Сумма><КодВалюты>980</КодВалюты>"
        f"<ПлательщикСчет>{THEIRS}</ПлательщикСчет><ПлательщикОКПО>00012345</ПлательщикОКПО>"
        f"<Плательщик>ТОВ «Їжак»</Плательщик><ПолучательСчет>{OURS}</ПолучательСчет>"
        f"<НазначениеПлатежа>За енергію {document}</НазначениеПлатежа></СекцияДокумент></_1CClientBankExchange>"
    )


@pytest.mark.parametrize(
    ("declared", "written"),
    [("UTF-8", "utf-8"), ("Windows-1251", "cp1251"), ("Windows-1251", "utf-8"), ("UTF-8", "utf-8-sig")],
)
def test_pitfall_20_xml_declared_windows_1251_but_in_utf_8(
    site: Any, read_all: Any, declared: str, written: str
) -> None:
    found = payments(site, read_all, xml(declared=declared).encode(written), XML, "bank.xml")
    assert found.records == [
        PaymentRecord(
            key="D-1",
            paid_on=date(2024, 6, 10),
            amount_uah=Decimal("1250.40"),
            payer_tax_code="00012345",
            payer_name="ТОВ «Їжак»",
            document_number="17",
            purpose="За енергію",
        )
    ]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {name} "{f"&{inner};" * 10}">' for inner, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("dtd", "used"),
    [
        (BOMB + "]>", "&i;"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/x">]>', "&e;"),
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', ""),
    ],
    ids=["billion laughs", "a local file", "the network", "an external DTD"],
)
def test_pitfall_20_xml_bombs_and_foreign_entities_are_refused(
    site: Any, read_all: Any, dtd: str, used: str
) -> None:
    content = xml(before=dtd, document=used).encode()
    with pytest.raises(ItemRejected, match=r"bank.xml: holds a DTD|is XML of no kind"):
        payments(site, read_all, content, XML, "bank.xml")


def test_broken_xml_is_refused_with_its_line(site: Any, read_all: Any) -> None:
    with pytest.raises(ItemRejected, match=r"bank.xml line 1: is not well-formed XML"):
        payments(site, read_all, xml().encode()[:-30], XML, "bank.xml")
    with pytest.raises(ItemRejected, match="is not well-formed XML"):
        payments(site, read_all, xml(document="\x02").encode(), XML, "bank.xml")


def test_a_file_of_many_documents_is_read_in_bounded_memory(site: Any, read_all: Any) -> None:
    document = xml().partition("<СекцияДокумент>")[2].partition("</СекцияДокумент>")[0]
    many = "".join(
        f"<СекцияДокумент>{document.replace('D-1', f'D-{number}')}</СекцияДокумент>" for number in range(3000)
    )
    content = f"<_1CClientBankExchange>{many}</_1CClientBankExchange>"
    found = payments(site, read_all, content.encode(), XML, "bank.xml")
    assert len(found.records) == 3000
    assert [len(page.records) for page in found.pages] == [1000, 1000, 1000, 0]


def test_one_document_of_endless_parts_is_refused(site: Any, read_all: Any) -> None:
    content = "<_1CClientBankExchange><СекцияДокумент>" + "<А>1</А>" * 30_000 + "</СекцияДокумент>"
    with pytest.raises(ItemRejected, match="parts"):
        payments(site, read_all, content.encode(), XML, "bank.xml")
