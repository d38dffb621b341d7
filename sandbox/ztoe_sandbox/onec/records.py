"""What the base holds. Money is whole kopecks; dates and times are local, without a zone, as in 1C."""

import datetime as dt
from dataclasses import dataclass

EMPTY_DATE = dt.datetime(1, 1, 1)  # noqa: DTZ001 - 1C's empty date has no zone


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    key: str
    code: str
    title: str
    period_start: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contractor:
    key: str
    code: str
    title: str
    full_name: str = ""
    edrpou: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    user_code: str = ""
    parent_key: str = ""
    is_folder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    key: str
    number: str  # text: leading zeros and letters occur
    owner_key: str
    district_key: str
    consumer_code: int
    contract_number: str
    contract_date: dt.datetime
    deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteringPoint:
    key: str
    code: str
    title: str
    account_key: str
    eic: str
    address: str
    kind: str
    meter_number: str
    meter_type: str
    digits: int
    coefficient: int
    voltage: str  # kV: "0.4", "10", "35"
    previous_at: dt.datetime
    previous_value: int  # thousandths of a unit of the dial


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    key: str
    number: str
    formed_at: dt.datetime
    account_key: str
    period: dt.datetime
    kind: str
    amount: int
    posted: bool = True
    deleted: bool = False
    basis: str = ""
    basis_type: str = "StandardODATA.Undefined"


@dataclass(frozen=True, slots=True)
class Turnover:
    """One month of one account, contract and article."""

    account_key: str
    contract_key: str
    article: str
    month: dt.datetime
    opening: int
    accrued: int
    paid: int
    closing: int
