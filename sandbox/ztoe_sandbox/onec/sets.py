"""The entity sets of the base `utility`, field by field. Names stay Russian, as in Ukrainian configurations."""

import base64
import zlib
from decimal import Decimal
from typing import Any

from .codes import ZERO_KEY
from .exchange import PLAN
from .reading_rows import READINGS_SET
from .records import Account, Contractor, District, Invoice, MeteringPoint
from .schema import Edm, EntitySet, Field, money

DISTRICTS = "Catalog_РЭМ"
CONTRACTORS = "Catalog_Контрагенты"
ACCOUNTS = "Catalog_ЛицевыеСчета"
POINTS = "Catalog_ТочкиУчета"
INVOICES = "Document_СчетНаОплату"
REGISTER = "AccumulationRegister_РасчетыСПотребителями"

POINT_KINDS = ("Активная", "Реактивная", "Генерация")
INVOICE_KINDS = ("АвансПлановыйЗаАктивную", "ЗаАктивную", "ЗаРеактивную")
ARTICLES = ("АктивнаяЭлектроэнергия", "РеактивнаяЭлектроэнергия", "ПревышениеДоговорныхВеличин")


def data_version(record: Any) -> str:
    """Eight opaque bytes that change when, and only when, the record does."""
    return base64.b64encode(zlib.crc32(repr(record).encode()).to_bytes(8, "big")).decode()


def _reference(name: str) -> list[Field]:
    return [
        Field("Ref_Key", Edm.GUID, lambda record: record.key, nullable=False, target=name),
        Field("DataVersion", Edm.STRING, data_version),
        Field("DeletionMark", Edm.BOOLEAN, lambda record: getattr(record, "deleted", False)),
    ]


def _predefined() -> list[Field]:
    return [
        Field("Predefined", Edm.BOOLEAN, lambda _: False),
        Field("PredefinedDataName", Edm.STRING, lambda _: ""),
    ]


DISTRICT_SET = EntitySet(
    DISTRICTS,
    (
        *_reference(DISTRICTS),
        Field("Code", Edm.STRING, lambda district: district.code),
        Field("Description", Edm.STRING, lambda district: district.title),
        Field("НачалоРасчетногоПериода", Edm.DATETIME, lambda district: district.period_start),
        *_predefined(),
    ),
    presentation=lambda district: str(district.title),
    key=lambda district: str(district.key),
)

CONTRACTOR_SET = EntitySet(
    CONTRACTORS,
    (
        *_reference(CONTRACTORS),
        Field("Parent_Key", Edm.GUID, lambda owner: owner.parent_key or ZERO_KEY, target=CONTRACTORS),
        Field("IsFolder", Edm.BOOLEAN, lambda owner: owner.is_folder),
        Field("Code", Edm.STRING, lambda owner: owner.code),
        Field("Description", Edm.STRING, lambda owner: owner.title),
        Field("НаименованиеПолное", Edm.STRING, lambda owner: owner.full_name),
        Field("КодПоЕДРПОУ", Edm.STRING, lambda owner: owner.edrpou, padded=12),
        Field("ЮридическийАдрес", Edm.STRING, lambda owner: owner.address),
        Field("ЭлектроннаяПочта", Edm.STRING, lambda owner: owner.email),
        Field("Телефон", Edm.STRING, lambda owner: owner.phone),
        Field("КодПользователя", Edm.STRING, lambda owner: owner.user_code),
        *_predefined(),
    ),
    presentation=lambda owner: str(owner.title),
    key=lambda owner: str(owner.key),
)

ACCOUNT_SET = EntitySet(
    ACCOUNTS,
    (
        *_reference(ACCOUNTS),
        Field("Owner_Key", Edm.GUID, lambda account: account.owner_key, target=CONTRACTORS),
        Field("Code", Edm.STRING, lambda account: account.number, padded=12),
        Field("Description", Edm.STRING, lambda account: f"Особовий рахунок {account.number}"),
        Field("РЭМ_Key", Edm.GUID, lambda account: account.district_key, target=DISTRICTS),
        Field("КодПотребителя", Edm.INT64, lambda account: account.consumer_code),
        Field("НомерДоговора", Edm.STRING, lambda account: account.contract_number),
        Field("ДатаДоговора", Edm.DATETIME, lambda account: account.contract_date),
        *_predefined(),
    ),
    presentation=lambda account: f"Особовий рахунок {account.number}",
    key=lambda account: str(account.key),
)

POINT_SET = EntitySet(
    POINTS,
    (
        *_reference(POINTS),
        Field("Owner_Key", Edm.GUID, lambda point: point.account_key, target=ACCOUNTS),
        Field("Code", Edm.STRING, lambda point: point.code),
        Field("Description", Edm.STRING, lambda point: point.title),
        Field("КодEIC", Edm.STRING, lambda point: point.eic, padded=16),
        Field("Адрес", Edm.STRING, lambda point: point.address),
        Field("ВидУчета", Edm.STRING, lambda point: point.kind),
        Field("НомерСчетчика", Edm.STRING, lambda point: point.meter_number, padded=20),
        Field("ТипСчетчика", Edm.STRING, lambda point: point.meter_type),
        Field("Разрядность", Edm.INT16, lambda point: point.digits),
        Field("РасчетныйКоэффициент", Edm.INT64, lambda point: point.coefficient),
        Field("КлассНапряжения", Edm.DOUBLE, lambda point: Decimal(point.voltage)),
        Field("ДатаПредыдущихПоказаний", Edm.DATETIME, lambda point: point.previous_at),
        Field("ПредыдущиеПоказания", Edm.DOUBLE, lambda point: Decimal(point.previous_value).scaleb(-3)),
        *_predefined(),
    ),
    presentation=lambda point: str(point.title),
    key=lambda point: str(point.key),
)


def invoice_presentation(invoice: Invoice) -> str:
    return f"Рахунок на оплату {invoice.number} від {invoice.formed_at:%d.%m.%Y %H:%M:%S}"


INVOICE_SET = EntitySet(
    INVOICES,
    (
        *_reference(INVOICES),
        Field("Number", Edm.STRING, lambda invoice: invoice.number, padded=11),
        Field("Date", Edm.DATETIME, lambda invoice: invoice.formed_at),
        Field("Posted", Edm.BOOLEAN, lambda invoice: invoice.posted),
        Field("ЛицевойСчет_Key", Edm.GUID, lambda invoice: invoice.account_key, target=ACCOUNTS),
        Field("РасчетныйПериод", Edm.DATETIME, lambda invoice: invoice.period),
        Field("ВидСчета", Edm.STRING, lambda invoice: invoice.kind),
        Field("СуммаДокумента", Edm.DOUBLE, lambda invoice: money(invoice.amount)),
        Field("Основание", Edm.STRING, lambda invoice: invoice.basis, composite=True),
        Field("Основание_Type", Edm.STRING, lambda invoice: invoice.basis_type),
    ),
    presentation=invoice_presentation,
    key=lambda invoice: str(invoice.key),
)

PLAN_SET = EntitySet(
    PLAN,
    (
        *_reference(PLAN),
        Field("Code", Edm.STRING, lambda node: node.code, padded=9),
        Field("Description", Edm.STRING, lambda node: node.title),
        Field("SentNo", Edm.INT64, lambda node: node.sent),
        Field("ReceivedNo", Edm.INT64, lambda node: node.received),
        Field("ThisNode", Edm.BOOLEAN, lambda node: node.this),
    ),
    presentation=lambda node: str(node.title),
    key=lambda node: str(node.key),
)

ENTITY_SETS: dict[str, EntitySet] = {
    entity_set.name: entity_set
    for entity_set in (
        DISTRICT_SET, CONTRACTOR_SET, ACCOUNT_SET, POINT_SET, INVOICE_SET, PLAN_SET, READINGS_SET,
    )
}  # fmt: skip

# The dimensions of the register; contracts themselves are not in the composition of the interface, as often happens.
REGISTER_DIMENSIONS = (
    Field("ЛицевойСчет_Key", Edm.GUID, lambda row: row.account_key, target=ACCOUNTS),
    Field("ДоговорКонтрагента_Key", Edm.GUID, lambda row: row.contract_key),
    Field("СтатьяРеализации", Edm.STRING, lambda row: row.article),
)

Record = District | Contractor | Account | MeteringPoint | Invoice
