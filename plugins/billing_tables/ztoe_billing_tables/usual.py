"""What files of objects (EnterpriseData, bank statements) call things, where a mapping is silent."""

from __future__ import annotations

from collections.abc import Mapping

from ztoe_hub.values import Stream

from .mapping import BANK, OBJECTS, Column, Format, Mode, StreamMapping

BANK_KEY = "#key"  # made by the reader: the bank's own number, or date, number, sum and payer's account
BANK_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "paid_on": ("ДатаПоступило", "Дата"),
    "amount_uah": ("Сумма",),
    "payer_tax_code": ("ПлательщикОКПО", "ПлательщикЕДРПОУ", "ПлательщикИНН"),
    "payer_name": ("Плательщик1", "ПлательщикНаименование", "Плательщик"),
    "document_number": ("Номер",),
    "purpose": ("НазначениеПлатежа",),
}
KEY_PROPERTIES = "КлючевыеСвойства"
REFERENCE = (f"{KEY_PROPERTIES}/Ссылка", "Ссылка")

# The elements and paths of EnterpriseData 1.x; a mapping replaces any of them.
OBJECT_NAMES: Mapping[Stream, tuple[str, ...]] = {
    Stream.CONSUMERS: ("Справочник.Контрагенты",),
    Stream.ACCOUNTS: ("Справочник.Договоры",),
    Stream.INVOICES: ("Документ.СчетНаОплатуПокупателю", "Документ.РеализацияТоваровУслуг"),
    Stream.PAYMENTS: ("Документ.ПБДСРасчетыСКонтрагентами",),
}
CONTRACT = ("ДанныеВзаиморасчетов/Договор/Ссылка", "Договор/Ссылка", f"{KEY_PROPERTIES}/Договор/Ссылка")
PATHS: Mapping[Stream, Mapping[str, tuple[str, ...]]] = {
    Stream.CONSUMERS: {
        "name": (f"{KEY_PROPERTIES}/НаименованиеПолное", f"{KEY_PROPERTIES}/Наименование"),
        "tax_code": (
            f"{KEY_PROPERTIES}/КодПоЕДРПОУ", "КодПоЕДРПОУ", f"{KEY_PROPERTIES}/ИНН", f"{KEY_PROPERTIES}/КодПоОКПО",
        ),
    },
    Stream.ACCOUNTS: {
        "consumer_key": (f"{KEY_PROPERTIES}/Контрагент/Ссылка", "Контрагент/Ссылка"),
        "number": (f"{KEY_PROPERTIES}/Номер", "Номер", f"{KEY_PROPERTIES}/Наименование"),
        "consumer_code": (f"{KEY_PROPERTIES}/Номер", "Номер", f"{KEY_PROPERTIES}/Наименование"),
        "contract_number": (f"{KEY_PROPERTIES}/Номер", "Номер"),
        "contract_date": (f"{KEY_PROPERTIES}/Дата", "Дата"),
    },
    Stream.INVOICES: {
        "account_key": CONTRACT,
        "number": (f"{KEY_PROPERTIES}/Номер",),
        "period": (f"{KEY_PROPERTIES}/Дата",),
        "formed_at": (f"{KEY_PROPERTIES}/Дата",),
        "amount_uah": ("Сумма",),
    },
    Stream.PAYMENTS: {
        "paid_on": (f"{KEY_PROPERTIES}/Дата",),
        "amount_uah": ("Сумма",),
        "account_key": (*CONTRACT, "РасшифровкаПлатежа/Строка/Договор/Ссылка"),
        "payer_name": ("Контрагент/НаименованиеПолное", "Контрагент/Наименование"),
        "document_number": (f"{KEY_PROPERTIES}/Номер",),
        "purpose": ("НазначениеПлатежа",),
    },
}  # fmt: skip


def with_usual_names(stream: Stream, entry: StreamMapping) -> StreamMapping:
    """The entry with what its format says by itself, where the mapping is silent."""
    if entry.format not in OBJECTS:
        return entry
    usual = BANK_COLUMNS if entry.format in BANK else PATHS.get(stream, {})
    columns = {name: Column(column=paths) for name, paths in usual.items() if name not in entry.defaults}
    return entry.model_copy(
        update={
            "columns": {**columns, **entry.columns},
            "key": entry.key or (((BANK_KEY,),) if entry.format in BANK else (REFERENCE,)),
            # such files bring what is new, as a rule; a mapping may say otherwise
            "mode": entry.mode if "mode" in entry.model_fields_set else Mode.APPEND,
            "objects": entry.objects or OBJECT_NAMES.get(stream, ()),
        }
    )


def usual_entry(stream: Stream, found: Format) -> StreamMapping | None:
    """An entry for a file that no mapping speaks of, or None when such files do not hold the stream."""
    if found in BANK and stream is Stream.PAYMENTS:
        return StreamMapping(files=("*",), format=found, mode=Mode.APPEND)
    if found is Format.ENTERPRISEDATA and stream in OBJECT_NAMES:
        return StreamMapping(files=("*",), format=found, mode=Mode.APPEND)
    return None
