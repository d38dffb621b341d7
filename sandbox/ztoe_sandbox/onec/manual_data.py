"""The figures of the utility's user manual, chapters 3 to 8. People and addresses are invented."""

import datetime as dt

from .codes import eic_of, key_of, spoiled
from .records import Account, Contractor, District, Invoice, MeteringPoint, Turnover


def day(year: int, month: int, number: int = 1) -> dt.datetime:
    return dt.datetime(year, month, number)  # noqa: DTZ001 - 1C's times are local, without a zone


def _account_key(number: str) -> str:
    return key_of("account", f"manual-{number}")


COMPANY = District(
    key=key_of("district", "1"), code="1", title='АТ "ЕК "Житомиробленерго"', period_start=day(2018, 1)
)
TEST_DISTRICT = District(
    key=key_of("district", "31"), code="31", title="Тестовий РЕМ", period_start=day(2024, 3)
)
DISTRICTS = [COMPANY, TEST_DISTRICT]

FOLDER = Contractor(
    key=key_of("contractor", "folder"), code="000000001", title="Юридичні споживачі", is_folder=True
)
CONSUMER = Contractor(
    key=key_of("contractor", "manual"),
    code="000000002",
    title='ТОВ "Тестовий споживач"',
    full_name='Товариство з обмеженою відповідальністю "Тестовий споживач"',
    edrpou="12500015",
    address="вул. Зразкова, буд. 9, м. Житомир, Житомирська обл., 10001",
    email="clienttst@meta.ua",
    phone="+380410000015",
    user_code="156561010",
    parent_key=FOLDER.key,
)
CONTRACTORS = [FOLDER, CONSUMER]


def _account(number: str, consumer_code: int, district: District) -> Account:
    return Account(
        key=_account_key(number),
        number=number,
        owner_key=CONSUMER.key,
        district_key=district.key,
        consumer_code=consumer_code,
        contract_number=f"{district.code}-{number}/2016",
        contract_date=day(2016, 9, 1),
    )


ACCOUNTS = [
    _account("561", 125000632, COMPANY),
    _account("309", 125000010, COMPANY),
    _account("186", 125000186, TEST_DISTRICT),
]

GRAIN = "с. Зразкове, вул. Польова, буд. 1, Житомирський р-н, Житомирська обл."
SHOP = "с. Зразкове, вул. Лісова, буд. 14, Житомирський р-н, Житомирська обл."
GARDEN = "с. Зразкове, вул. Лугова, буд. 3, Житомирський р-н, Житомирська обл."
FARM = "с. Нове Зразкове, вул. Садова, буд. 21, Житомирський р-н, Житомирська обл."

# account, name, kind, meter, type, digits, coefficient, kV, EIC, address, previous date, previous value × 1000
_POINTS: list[tuple[str, str, str, str, str, int, int, str, str, str, dt.datetime, int]] = [
    ("561", "АДМІНІСТРАТИВНЕ ПРИМІЩЕННЯ", "Активная", "514716", "СО-ЭА05Р", 5, 1, "0.4", eic_of(561001),
     GRAIN, day(2018, 1, 6), 9_400_000),
    ("561", "КРИТИЙ ЗЕРНОТІК", "Активная", "0044766", "НІК 2303 АРП1", 6, 1, "0.4", eic_of(561002),
     GRAIN, day(2018, 1, 6), 40_475_000),
    ("561", "КРИТИЙ ЗЕРНОТІК- РЕАКТИВНА", "Реактивная", "0044766", "НІК 2303 АРП1", 6, 1, "0.4",
     eic_of(561003), GRAIN, day(2018, 1, 6), 36_820_000),
    ("561", "КРИТИЙ ЗЕРНОТІК- ГЕНЕРАЦІЯ", "Генерация", "0044766", "НІК 2303 АРП1", 6, 1, "0.4",
     eic_of(561004), GRAIN, day(2018, 1, 6), 980_000),
    ("309", "Адмін. приміщення", "Активная", "7486268", "НІК 2102-02.М2В", 5, 1, "0.4", eic_of(309001),
     SHOP, day(2017, 2, 16), 3_543_000),
    ("309", "Цех деревообробки", "Активная", "455327", "НІК 2303 АРК1", 5, 1, "0.4", eic_of(309002),
     SHOP, day(2017, 2, 16), 1_200_000),
    ("186", "Майстерня", "Активная", "4006314", "НІК 2303 АРТ1", 5, 20, "0.4", "62Z8102184873135",
     GARDEN, day(2024, 2, 29), 15_230_000),
    ("186", "Тваринницький комплекс", "Активная", "4006307", "НІК 2303 АРТ2", 6, 2000, "10",
     "62Z2852626161648", FARM, day(2024, 2, 29), 2_118_400),
    # Planted: the check character of this EIC is wrong.
    ("186", "Насосна станція", "Активная", "4006321", "НІК 2303 АП3", 5, 1, "0.4", spoiled(eic_of(186003)),
     FARM, day(2024, 2, 29), 7_044_500),
]  # fmt: skip


def metering_points() -> list[MeteringPoint]:
    return [
        MeteringPoint(
            key=key_of("point", f"manual-{place}"),
            code=f"{place:09d}",
            title=title,
            account_key=_account_key(account),
            eic=eic,
            address=address,
            kind=kind,
            meter_number=meter,
            meter_type=meter_type,
            digits=digits,
            coefficient=coefficient,
            voltage=voltage,
            previous_at=previous_at,
            previous_value=previous_value,
        )
        for place, (
            account, title, kind, meter, meter_type, digits, coefficient, voltage, eic, address, previous_at,
            previous_value,
        ) in enumerate(_POINTS, start=1)
    ]  # fmt: skip


ACTIVE, REACTIVE, EXCESS = (
    "АктивнаяЭлектроэнергия",
    "РеактивнаяЭлектроэнергия",
    "ПревышениеДоговорныхВеличин",
)

# account, contract, article, month, opening, accrued, paid, closing; account 309 has two contracts to be summed
_STATEMENT: list[tuple[str, str, str, dt.datetime, int, int, int, int]] = [
    ("561", "1", ACTIVE, day(2018, 1), -73522, 353556, 100000, 180034),
    ("561", "1", REACTIVE, day(2018, 1), 0, 4417, 0, 4417),
    ("561", "1", EXCESS, day(2018, 1), 0, 0, 0, 0),
    ("309", "1", ACTIVE, day(2018, 1), -12000, 98010, 50000, 36010),
    ("309", "2", ACTIVE, day(2018, 1), 20050, 11490, 31540, 0),
    ("309", "1", REACTIVE, day(2018, 1), 0, 1215, 1215, 0),
    ("186", "1", ACTIVE, day(2024, 3), 0, 412080, 412080, 0),
]


def turnovers() -> list[Turnover]:
    return [
        Turnover(_account_key(account), key_of("contract", f"{account}/{contract}"), article, month, *amounts)
        for account, contract, article, month, *amounts in _STATEMENT
    ]


# number, formed, account, month, kind, amount
_INVOICES: list[tuple[str, dt.datetime, str, dt.datetime, str, int]] = [
    ("59", day(2017, 12, 6), "561", day(2018, 1), "АвансПлановыйЗаАктивную", 174448),
    ("1563", day(2018, 3, 3), "561", day(2018, 1), "ЗаАктивную", 353556),
    ("1564", day(2018, 3, 3), "561", day(2018, 1), "ЗаРеактивную", 4417),
    ("1571", day(2018, 3, 3), "309", day(2018, 1), "ЗаАктивную", 109500),
]


def invoices() -> list[Invoice]:
    return [
        Invoice(
            key=key_of("invoice", f"manual-{number}"),
            number=number,
            formed_at=formed_at,
            account_key=_account_key(account),
            period=period,
            kind=kind,
            amount=amount,
        )
        for number, formed_at, account, period, kind, amount in _INVOICES
    ]
