"""The independent register InformationRegister_ПоказанияКабинета: the hub's inbox for meter readings.

A row is a reading of one point on one day under one external id. 1C takes a sheet when all its rows are there, and
writes its verdict into the same rows.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from .records import EMPTY_DATE
from .schema import Edm, EntitySet, Field

READINGS = "InformationRegister_ПоказанияКабинета"
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRow:
    """A row as the hub wrote it; from `state` on, what the base says of it."""

    point_key: str
    read_at: dt.datetime
    external_id: str
    sheet_key: str = ""
    revision: int = 0
    line_count: int = 0
    account_number: str = ""
    consumer_code: str = ""
    period: dt.datetime = EMPTY_DATE
    confirmed_at: dt.datetime = EMPTY_DATE
    meter_number: str = ""
    digits: int = 0
    coefficient: Decimal = NOTHING
    previous_at: dt.datetime = EMPTY_DATE
    previous: Decimal = NOTHING
    value: Decimal = NOTHING
    rolled_over: bool = False
    state: str = ""
    reason: str = ""
    sent: str = ""
    known: str = ""
    decided_at: dt.datetime = EMPTY_DATE

    @property
    def key(self) -> str:
        return f"{self.point_key} {self.read_at.isoformat()} {self.external_id}"


READINGS_SET = EntitySet(
    READINGS,
    (
        Field("ТочкаУчета_Key", Edm.GUID, lambda row: row.point_key, nullable=False),
        Field("ДатаПоказания", Edm.DATETIME, lambda row: row.read_at, nullable=False),
        Field("ВнешнийИд", Edm.STRING, lambda row: row.external_id, nullable=False, longest=50),
        Field("Лист", Edm.STRING, lambda row: row.sheet_key, longest=64),
        Field("Редакция", Edm.INT64, lambda row: row.revision),
        Field("СтрокВЛисте", Edm.INT64, lambda row: row.line_count),
        Field("ЛицевойСчет", Edm.STRING, lambda row: row.account_number, longest=20),
        Field("КодПотребителя", Edm.STRING, lambda row: row.consumer_code, longest=20),
        Field("РасчетныйПериод", Edm.DATETIME, lambda row: row.period),
        Field("Подтверждено", Edm.DATETIME, lambda row: row.confirmed_at),
        Field("НомерСчетчика", Edm.STRING, lambda row: row.meter_number, longest=20),
        Field("Разрядность", Edm.INT16, lambda row: row.digits),
        Field("Коэффициент", Edm.DOUBLE, lambda row: row.coefficient),
        Field("ДатаПредыдущегоПоказания", Edm.DATETIME, lambda row: row.previous_at),
        Field("ПредыдущееПоказание", Edm.DOUBLE, lambda row: row.previous),
        Field("Показание", Edm.DOUBLE, lambda row: row.value),
        Field("ПереходЧерезНоль", Edm.BOOLEAN, lambda row: row.rolled_over),
        Field("Состояние", Edm.STRING, lambda row: row.state),
        Field("Причина", Edm.STRING, lambda row: row.reason),
        Field("ЗначениеКабинета", Edm.STRING, lambda row: row.sent),
        Field("ЗначениеБазы", Edm.STRING, lambda row: row.known),
        Field("Обработано", Edm.DATETIME, lambda row: row.decided_at),
    ),
    presentation=lambda row: str(row.key),
    key_fields=("ТочкаУчета_Key", "ДатаПоказания", "ВнешнийИд"),
)

ATTRIBUTES = dict(
    zip(
        (field.name for field in READINGS_SET.fields),
        ReadingRow.__dataclass_fields__,
        strict=True,
    )
)
WRITABLE = tuple(
    name
    for name, attribute in ATTRIBUTES.items()
    if attribute not in ("state", "reason", "sent", "known", "decided_at")
)
