"""The generated district 77: as many consumers as asked for, the same ones every time, with planted mistakes.

Planted, in accounts counted from 0 (all exist from 5 consumers on):
1 carries the number `0030009м`, 2 a number with leading zeros, 3 two contracts (as does every tenth), 4 a
closing balance of 02.2018 that does not follow from its row, 5 an amount beyond what a float can hold.
Consumer 2 has an EDRPOU with a wrong check digit, consumers 8 and 9 share a name. Points 7 and 11 have a wrong EIC, point 13 an empty one.
"""

import datetime as dt
import random
from collections.abc import Iterator
from functools import cached_property

from .codes import edrpou_check, edrpou_of, eic_of, key_of, spoiled
from .manual_data import ACTIVE, EXCESS, FOLDER, REACTIVE, day
from .names import METER_TYPES, POINT_TITLES, address, company
from .records import EMPTY_DATE, Account, Contractor, District, Invoice, MeteringPoint, Turnover
from .sets import ACCOUNTS, INVOICE_KINDS

DISTRICT = District(key=key_of("district", "77"), code="77", title="Зразковий РЕМ", period_start=day(2018, 3))
MONTHS = [day(2018, month) for month in (1, 2, 3)]
LETTERED, ZEROS, TWO_CONTRACTS, BROKEN, HUGE = 1, 2, 3, 4, 5
HUGE_AMOUNT = 1_234_567_890_123_456
WRONG_EDRPOU = 2
NAMESAKE = (8, 9)
WRONG_EICS, EMPTY_EIC = (7, 11), 13
EQUIPMENT = [("0.4", 1), ("0.4", 20), ("0.4", 40), ("0.4", 80), ("10", 2000), ("10", 3600), ("35", 21000)]
KINDS = ("Активная", "Реактивная", "Активная", "Генерация")


def _wrong_edrpou(index: int) -> str:
    right = edrpou_of(index)
    return right[:-1] + str((int(edrpou_check(right[:-1])) + 3) % 10)


class GeneratedDistrict:
    """Everything is made on first use, so that an unused list costs nothing."""

    def __init__(self, consumers: int) -> None:
        self._consumers = consumers

    @cached_property
    def contractors(self) -> list[Contractor]:
        return [self._contractor(index) for index in range(self._consumers)]

    def _contractor(self, index: int) -> Contractor:
        title, full_name = company(NAMESAKE[0] if index in NAMESAKE else index)
        return Contractor(
            key=key_of("contractor", f"77-{index}"),
            code=f"{77_000_001 + index:09d}",
            title=title,
            full_name=full_name,
            edrpou=_wrong_edrpou(index) if index == WRONG_EDRPOU else edrpou_of(index),
            address=address(random.Random(f"address-{index}")),  # noqa: S311 - test data
            email=f"office{index + 1:05d}@example.com",
            phone=f"+38041{index + 1:07d}",
            parent_key=FOLDER.key,
        )

    @cached_property
    def accounts(self) -> list[Account]:
        chance = random.Random("accounts")  # noqa: S311 - test data
        owners = [owner for owner in self.contractors for _ in range(chance.choice((1, 1, 2, 3)))]
        owners += self.contractors[-1:] * max(0, HUGE + 1 - len(owners)) if owners else []
        return [self._account(index, owner) for index, owner in enumerate(owners)]

    def _account(self, index: int, owner: Contractor) -> Account:
        number = {LETTERED: "0030009м", ZEROS: "0000417"}.get(index, f"77{index + 1:06d}")
        return Account(
            key=key_of("account", f"77-{index}"),
            number=number,
            owner_key=owner.key,
            district_key=DISTRICT.key,
            consumer_code=177_000_001 + index,
            contract_number=f"77-{index + 1}/2017" if index % 9 else "",
            contract_date=day(2017, 1 + index % 12, 1 + index % 28) if index % 9 else EMPTY_DATE,
        )

    @cached_property
    def metering_points(self) -> list[MeteringPoint]:
        chance = random.Random("points")  # noqa: S311 - test data
        owners = [account for account in self.accounts for _ in range(chance.choice((1, 1, 2, 3, 4)))]
        return [self._point(index, account, chance) for index, account in enumerate(owners)]

    def _point(self, index: int, account: Account, chance: random.Random) -> MeteringPoint:
        voltage, coefficient = chance.choice(EQUIPMENT)
        eic = eic_of(7_700_000_000 + index)
        if index in WRONG_EICS:
            eic = spoiled(eic)
        return MeteringPoint(
            key=key_of("point", f"77-{index}"),
            code=f"{77_000_001 + index:09d}",
            title=chance.choice(POINT_TITLES),
            account_key=account.key,
            eic="" if index == EMPTY_EIC else eic,
            address=address(chance),
            kind=KINDS[index % len(KINDS)],
            meter_number=f"{4_100_000 + index:07d}" if index % 5 else f"00{41_000 + index}",
            meter_type=chance.choice(METER_TYPES),
            digits=chance.choice((5, 6, 6, 8)),
            coefficient=coefficient,
            voltage=voltage,
            previous_at=day(2018, 2, 28),
            previous_value=chance.randrange(0, 99_999_000, 100),
        )

    @cached_property
    def turnovers(self) -> list[Turnover]:
        """The rows of the register, an account's together and a month after a month."""
        return [row for index, account in enumerate(self.accounts) for row in self._rows(index, account)]

    def _rows(self, index: int, account: Account) -> Iterator[Turnover]:
        chance = random.Random(f"turnovers-{index}")  # noqa: S311 - test data
        contracts = 2 if index % 10 == TWO_CONTRACTS else 1
        for place in range(contracts):
            contract = key_of("contract", f"77-{index}/{place}")
            active = HUGE_AMOUNT if index == HUGE else chance.randrange(-500_000, 2_000_000)
            yield from _months(
                account.key, contract, ACTIVE, active, chance.randrange(50_000, 3_000_000), chance
            )
        yield from _months(account.key, contract, REACTIVE, 0, chance.choice((0, 2_000, 40_000)), chance)
        if index % 25 == 0:
            yield from _months(account.key, contract, EXCESS, 0, 150_000, chance)

    @cached_property
    def invoices(self) -> list[Invoice]:
        """Three kinds a month where there is something to pay; one in 97 is marked for deletion."""
        rows = (row for row in self.turnovers if row.accrued and row.article != EXCESS)
        return [invoice for index, row in enumerate(rows) for invoice in self._invoices(index, row)]

    def _invoices(self, index: int, row: Turnover) -> Iterator[Invoice]:
        advance_kind, active_kind, reactive_kind = INVOICE_KINDS
        if row.article == REACTIVE:
            yield _invoice(index, 1, row, reactive_kind, row.accrued, _after(row.month, 3))
            return
        yield _invoice(index, 0, row, advance_kind, row.accrued // 2, _before(row.month, 6))
        yield _invoice(index, 1, row, active_kind, row.accrued, _after(row.month, 3))


def _months(
    account: str, contract: str, article: str, opening: int, usual: int, chance: random.Random
) -> Iterator[Turnover]:
    """Three months in a row, each opening with what the one before closed with."""
    for month in MONTHS:
        accrued = usual * chance.randint(70, 130) // 100
        paid = chance.choice((0, accrued, accrued // 2, accrued)) if accrued else 0
        closing = opening + accrued - paid
        shown = closing + 1_000 if _is_broken(account, article, month) else closing
        yield Turnover(account, contract, article, month, opening, accrued, paid, shown)
        opening = closing


_BROKEN_ACCOUNT = key_of("account", f"77-{BROKEN}")


def _is_broken(account: str, article: str, month: dt.datetime) -> bool:
    return month == MONTHS[1] and article == ACTIVE and account == _BROKEN_ACCOUNT


def _before(month: dt.datetime, number: int) -> dt.datetime:
    return (month - dt.timedelta(days=1)).replace(day=number)


def _after(month: dt.datetime, number: int) -> dt.datetime:
    return (month + dt.timedelta(days=32)).replace(day=number, hour=10, minute=15)


def _invoice(
    index: int, place: int, row: Turnover, kind: str, amount: int, formed_at: dt.datetime
) -> Invoice:
    number = index * 2 + place + 1
    deleted = number % 97 == 0
    basis, basis_type = _basis(number, row.account_key)
    return Invoice(
        key=key_of("invoice", f"77-{number}"),
        number=f"77-{number:07d}",
        formed_at=formed_at,
        account_key=row.account_key,
        period=row.month,
        kind=kind,
        amount=amount,
        posted=not deleted,
        deleted=deleted,
        basis=basis,
        basis_type=basis_type,
    )


def _basis(number: int, account_key: str) -> tuple[str, str]:
    """A composite attribute: usually empty, sometimes a reference, sometimes to what the interface hides."""
    if number % 50 == 1:
        return account_key, f"StandardODATA.{ACCOUNTS}"
    if number % 50 == 2:
        hidden = key_of("type", "Document_ПотреблениеЭлектроэнергии")
        return key_of("basis", str(number)), f"UnavailableEntities.UnavailableEntity_{hidden}"
    return "", "StandardODATA.Undefined"
