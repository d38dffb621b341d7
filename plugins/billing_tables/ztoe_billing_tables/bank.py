"""1CClientBankExchange, as text 1.0x and as Ukrainian XML 2.00: the payments that arrived."""

from __future__ import annotations

from collections.abc import Iterator

from ztoe_hub.errors import ItemRejected
from ztoe_hub.values import Page, Rejected

from .encodings import BOM, Encoding, Evidence
from .mapping import Format
from .objects import object_pages
from .opened import first_bytes, opened
from .reading import Reading
from .usual import BANK_KEY
from .xml_objects import objects_of

HRYVNIA = frozenset({"", "980", "UAH", "грн"})
LONGEST_LINE = 64 * 1024
MOST_FIELDS = 500

PAYER_ACCOUNT = ("ПлательщикСчет", "ПлательщикРасчСчет", "ПлательщикIBAN")
RECIPIENT_ACCOUNT = ("ПолучательСчет", "ПолучательРасчСчет", "ПолучательIBAN")
DECLARED_DOS = b"=dos"
END = "КонецФайла"
ENDS = {END, END.encode().decode("cp1251")}  # a public sample ends in UTF-8 after lines of windows-1251
Payment = dict[str, str]


def read_bank(reading: Reading) -> Iterator[Page]:
    """Pages of incoming payments. Raises ItemRejected."""
    source = _of_text if reading.entry.format is Format.BANK_TEXT else _of_xml
    yield from object_pages(reading, _incoming(reading, source(reading)))


def _incoming(
    reading: Reading, payments: Iterator[tuple[str, Payment, frozenset[str]]]
) -> Iterator[tuple[str, Payment | Rejected]]:
    """What came in, with its key; what went out is no payment of a consumer."""
    own = frozenset(each.replace(" ", "") for each in reading.entry.own_accounts)
    for place, payment, of_file in payments:
        key = payment[BANK_KEY] = _key_of(payment)
        incoming = _is_incoming(payment, own or of_file)
        if incoming is None:
            reason = "nobody can tell whether it came in or went out: name `own_accounts` in the mapping"
            yield place, Rejected(place=place, key=key, field=None, reason=reason)
        elif payment.get("КодВалюты", "").strip() not in HRYVNIA:
            yield place, Rejected(place=place, key=key, field="amount_uah", reason="is not in hryvnias")
        elif incoming:
            yield place, payment


def _is_incoming(payment: Payment, own: frozenset[str]) -> bool | None:
    if own:
        return _first(payment, RECIPIENT_ACCOUNT) in own
    if payment.get("ДатаПоступило", "").strip():
        return True
    return False if payment.get("ДатаСписано", "").strip() else None


def _key_of(payment: Payment) -> str:
    known = payment.get("ДокументИД", "").strip()
    if known:
        return known
    parts = (payment.get("Дата", ""), payment.get("Номер", ""), payment.get("Сумма", ""))
    return "|".join((*(part.strip() for part in parts), _first(payment, PAYER_ACCOUNT)))[:120]


def _first(payment: Payment, names: tuple[str, ...]) -> str:
    return next((found.replace(" ", "") for name in names if (found := payment.get(name, "").strip())), "")


def _of_xml(reading: Reading) -> Iterator[tuple[str, Payment, frozenset[str]]]:
    for number, found in objects_of(reading, 2, {"СекцияДокумент"}):
        yield f"{reading.name} document {number}", found, frozenset()


def _of_text(reading: Reading) -> Iterator[tuple[str, Payment, frozenset[str]]]:
    """Sections of the text. A file without its last line was cut on the way."""
    own: set[str] = set()
    section: Payment | None = None
    begun, last = 0, ""
    for number, line in enumerate(_lines(reading), 1):
        key, sign, value = line.partition("=")
        key = key.strip()
        last = key or last
        if key == "СекцияДокумент":
            section, begun = {}, number
        elif key == "КонецДокумента":
            if section is not None:
                yield f"{reading.name} line {begun}", section, frozenset(own)
            section = None
        elif section is None:
            if key == "РасчСчет" and value.strip():
                own.add(value.replace(" ", "").strip())
        elif sign:
            section.setdefault(key, value.strip())
            if len(section) > MOST_FIELDS:
                raise ItemRejected(f"{reading.name} line {number}: the document never ends")
    if last not in ENDS:
        raise ItemRejected(f"{reading.name}: ends without «КонецФайла»: a piece of it is missing")


def _lines(reading: Reading) -> Iterator[str]:
    encoding = text_encoding(reading)
    with opened(reading.path, reading.caps) as reader:
        rest, number = b"", 0
        for at, block in enumerate(reader.blocks()):
            *lines, rest = (rest + (block.removeprefix(BOM) if at == 0 else block)).split(b"\n")
            if len(rest) > LONGEST_LINE:
                raise ItemRejected(
                    f"{reading.name} line {number + len(lines) + 1}: longer than {LONGEST_LINE} bytes"
                )
            for line in lines:
                number += 1
                yield _decoded(line, encoding, reading.name, number)
        yield _decoded(rest, encoding, reading.name, number + 1)


def _decoded(line: bytes, encoding: Encoding, name: str, number: int) -> str:
    try:
        return line.rstrip(b"\r").decode(encoding.value)
    except UnicodeDecodeError:
        raise ItemRejected(f"{name} line {number}: the bytes are not {encoding.value}") from None


def text_encoding(reading: Reading) -> Encoding:
    """The settings' word, then the bytes': `Кодировка=` is often missing or wrong, and DOS means two pages."""
    said = reading.encoding or reading.entry.encoding
    head = first_bytes(reading.path, reading.caps, 1024)
    if head.startswith(BOM):
        return Encoding.UTF_8
    if said is not None:
        return said
    with opened(reading.path, reading.caps) as reader:
        seen = Evidence.of(reader.blocks())
    if seen.utf_8:
        return Encoding.UTF_8
    if seen.dos == seen.windows and DECLARED_DOS in head.lower():
        return seen.dos_page
    return seen.guess()
