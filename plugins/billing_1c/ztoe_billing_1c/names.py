"""What sets, fields and words are called in one 1C base; every name can be changed in the settings.

The defaults are those of a Ukrainian utility's configuration. Names that the 1C platform itself fixes
(`Ref_Key`, `DeletionMark`, `Posted`) are constants. An optional field set to "" does not exist in the base.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ztoe_hub.values import Article, EnergyKind, InvoiceKind

# Fixed by the platform, 1C Developer Guide 17.4.4.
KEY = "Ref_Key"
DELETED = "DeletionMark"
POSTED = "Posted"

Name = Annotated[str, Field(min_length=1)]
OptionalName = str  # "" where the base has no such field


class _Names(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SetNames(_Names):
    """An entity set. `folder` is the flag of a hierarchical catalog; asking a flat one for it is an error in 1C."""

    set: Name
    folder: OptionalName = ""


class DistrictNames(SetNames):
    """РЕМ; `period` is any moment of the current settlement month."""

    set: Name = "Catalog_РЭМ"
    code: Name = "Code"
    name: Name = "Description"
    period: OptionalName = "НачалоРасчетногоПериода"


class ConsumerNames(SetNames):
    """Споживачі; `short_name` is used where `name` is empty."""

    set: Name = "Catalog_Контрагенты"
    folder: OptionalName = "IsFolder"
    code: Name = "Code"
    name: Name = "НаименованиеПолное"
    short_name: OptionalName = "Description"
    tax_code: OptionalName = "КодПоЕДРПОУ"
    address: OptionalName = "ЮридическийАдрес"
    email: OptionalName = "ЭлектроннаяПочта"
    phone: OptionalName = "Телефон"
    user_code: OptionalName = "КодПользователя"


class AccountNames(SetNames):
    """Особові рахунки."""

    set: Name = "Catalog_ЛицевыеСчета"
    number: Name = "Code"
    consumer: Name = "Owner_Key"
    district: Name = "РЭМ_Key"
    consumer_code: Name = "КодПотребителя"
    contract_number: OptionalName = "НомерДоговора"
    contract_date: OptionalName = "ДатаДоговора"


class MeteringPointNames(SetNames):
    """Точки обліку."""

    set: Name = "Catalog_ТочкиУчета"
    code: Name = "Code"
    account: Name = "Owner_Key"
    name: Name = "Description"
    kind: Name = "ВидУчета"
    eic: OptionalName = "КодEIC"
    address: OptionalName = "Адрес"
    meter_number: OptionalName = "НомерСчетчика"
    meter_type: OptionalName = "ТипСчетчика"
    digits: OptionalName = "Разрядность"
    coefficient: OptionalName = "РасчетныйКоэффициент"
    voltage_class_kv: OptionalName = "КлассНапряжения"


class InvoiceNames(SetNames):
    """Рахунки на оплату."""

    set: Name = "Document_СчетНаОплату"
    number: Name = "Number"
    formed_at: Name = "Date"
    account: Name = "ЛицевойСчет_Key"
    period: Name = "РасчетныйПериод"
    kind: Name = "ВидСчета"
    amount: Name = "СуммаДокумента"


class StatementNames(_Names):
    """The register of settlements, its dimensions (without `_Key`) and its resource."""

    register_: Name = Field("AccumulationRegister_РасчетыСПотребителями", alias="register")
    account: Name = "ЛицевойСчет"
    article: Name = "СтатьяРеализации"
    amount: Name = "Сумма"


class Names(_Names):
    """All of them; the words of enumerations too, base's word -> ours. A word that is not listed is rejected."""

    districts: DistrictNames = DistrictNames()
    consumers: ConsumerNames = ConsumerNames()
    accounts: AccountNames = AccountNames()
    metering_points: MeteringPointNames = MeteringPointNames()
    invoices: InvoiceNames = InvoiceNames()
    statements: StatementNames = StatementNames()
    energy_kinds: dict[str, EnergyKind] = {
        "Активная": EnergyKind.ACTIVE,
        "Реактивная": EnergyKind.REACTIVE,
        "Генерация": EnergyKind.GENERATION,
    }
    articles: dict[str, Article] = {
        "АктивнаяЭлектроэнергия": Article.ACTIVE,
        "РеактивнаяЭлектроэнергия": Article.REACTIVE,
        "ПревышениеДоговорныхВеличин": Article.OVER_CONSUMPTION,
    }
    invoice_kinds: dict[str, InvoiceKind] = {
        "АвансПлановыйЗаАктивную": InvoiceKind.ADVANCE_ACTIVE,
        "ЗаАктивную": InvoiceKind.ACTIVE,
        "ЗаРеактивную": InvoiceKind.REACTIVE,
    }
