"""What imports bring. A row is known by its source and the source's own key; pages only read these tables."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from ztoe_hub.storage.column_types import Scaled, UtcDateTime, Words
from ztoe_hub.values import Article, EnergyKind, InvoiceKind

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def _refers(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["source", column], [f"{table}.source", f"{table}.key"])


class Imported(SQLModel):
    """What every imported row has. `vanished_at` is set when a complete read no longer brought it.

    `fingerprint` tells an unchanged row from a changed one without decoding it.
    """

    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(max_length=40)
    key: str = Field(max_length=120)
    vanished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    fingerprint: int | None = Field(default=None, sa_type=sa.BigInteger)


class District(Imported, table=True):
    """РЕМ."""

    __table_args__ = (sa.UniqueConstraint("source", "key"),)

    code: str
    name: str
    period: date | None = None


class Consumer(Imported, table=True):
    """A legal entity or sole trader."""

    __table_args__ = (sa.UniqueConstraint("source", "key"), sa.Index(None, "user_code"))

    name: str
    tax_code: str | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    user_code: str | None = None


class Account(Imported, table=True):
    """Особовий рахунок."""

    __table_args__ = (
        sa.UniqueConstraint("source", "key"),
        _refers("consumer_key", "consumer"),
        _refers("district_key", "district"),
        sa.Index(None, "source", "consumer_key"),
    )

    consumer_key: str
    district_key: str
    number: str
    consumer_code: str
    contract_number: str | None = None
    contract_date: date | None = None


class MeteringPoint(Imported, table=True):
    """Точка обліку."""

    __tablename__ = "metering_point"
    __table_args__ = (
        sa.UniqueConstraint("source", "key"),
        _refers("account_key", "account"),
        sa.Index(None, "source", "account_key"),
    )

    account_key: str
    name: str
    kind: EnergyKind = Field(sa_type=Words(EnergyKind))
    eic: str | None = None
    address: str | None = None
    meter_number: str | None = None
    meter_type: str | None = None
    digits: int | None = None
    coefficient: Decimal = Field(sa_type=Scaled(4))
    voltage_class_kv: Decimal | None = Field(default=None, sa_type=Scaled(3))


class StatementLine(Imported, table=True):
    """One article of one account for one month."""

    __tablename__ = "statement_line"
    __table_args__ = (
        sa.UniqueConstraint("source", "key"),
        _refers("account_key", "account"),
        sa.Index(None, "source", "account_key", "period"),
    )

    account_key: str
    period: date
    article: Article = Field(sa_type=Words(Article))
    opening_debit_uah: Decimal = Field(sa_type=Scaled(2))
    opening_credit_uah: Decimal = Field(sa_type=Scaled(2))
    accrued_uah: Decimal = Field(sa_type=Scaled(2))
    paid_uah: Decimal = Field(sa_type=Scaled(2))
    closing_debit_uah: Decimal = Field(sa_type=Scaled(2))
    closing_credit_uah: Decimal = Field(sa_type=Scaled(2))


class Invoice(Imported, table=True):
    """One charge of one account for one month. `formed_at` is the source's wall clock, without a zone."""

    __table_args__ = (
        sa.UniqueConstraint("source", "key"),
        _refers("account_key", "account"),
        sa.Index(None, "source", "account_key", "period"),
    )

    account_key: str
    number: str
    period: date
    formed_at: datetime = Field(sa_type=sa.DateTime(timezone=False))
    kind: InvoiceKind = Field(sa_type=Words(InvoiceKind))
    amount_uah: Decimal = Field(sa_type=Scaled(2))


class ReadingHistory(Imported, table=True):
    """A dial value that billing accepted."""

    __tablename__ = "reading_history"
    __table_args__ = (
        sa.UniqueConstraint("source", "key"),
        _refers("metering_point_key", "metering_point"),
        sa.Index(None, "source", "metering_point_key", "taken_on"),
    )

    metering_point_key: str
    taken_on: date
    value: Decimal = Field(sa_type=Scaled(3))
    origin: str | None = None


class Payment(Imported, table=True):
    """Money that arrived."""

    __table_args__ = (
        sa.UniqueConstraint("source", "key"),
        _refers("account_key", "account"),
        sa.Index(None, "source", "account_key", "paid_on"),
    )

    account_key: str | None = None
    paid_on: date
    amount_uah: Decimal = Field(sa_type=Scaled(2))
    article: Article | None = Field(default=None, sa_type=Words(Article))
    payer_tax_code: str | None = None
    payer_name: str | None = None
    document_number: str | None = None
    purpose: str | None = None
