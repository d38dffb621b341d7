"""A deployment to measure: the sandbox's 1C base with its district of 200 consumers, imported into a real SQLite."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlmodel import col, select

from ztoe_demo.deployment import CONSUMER, SETTINGS_VARIABLE, Addresses, Deployment
from ztoe_hub.cli.opening import open_hub
from ztoe_hub.hub import Hub
from ztoe_hub.storage.states import OrderState
from ztoe_hub.storage.tables import Account, Consumer, Invoice, Message, MeteringPoint, ServiceOrder
from ztoe_hub.users import User
from ztoe_sandbox.process import Counterparty

NOBODY = "http://127.0.0.1:9"  # the benchmarks never send mail
ORDERS, MESSAGES = 12, 30


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """Settings, users and the imported base in `folder`; the 1C base and Paperless run until the end of the block."""
    with Counterparty("1c") as base, Counterparty("paperless") as paperless:
        addresses = Addresses(
            cabinet=NOBODY, paperless=paperless.url, base=base.url, smtp_port=9, inbox=NOBODY
        )
        deployment = Deployment(folder, addresses, cabinet_port=0)
        deployment.prepare()
        yield deployment


def empty_copy(deployment: Deployment, folder: Path) -> dict[str, str]:
    """The same settings in another folder, without a database; returns the environment that names them."""
    folder.mkdir(parents=True)
    for name in ("ztoe-hub.toml", "secret.key"):
        shutil.copy(deployment.folder / name, folder / name)
    return {SETTINGS_VARIABLE: str(folder / "ztoe-hub.toml")}


@contextmanager
def hub_of(deployment: Deployment) -> Iterator[Hub]:
    """The deployment's hub in this process."""
    hub = open_hub(deployment.environ)
    try:
        yield hub
    finally:
        hub.close()


def the_consumer(hub: Hub) -> User:
    """The manual's consumer."""
    return next(user for user in hub.users.all() if user.login == CONSUMER)


def fill(hub: Hub) -> int:
    """Give the consumer a year of orders and messages; returns their account that has invoices and points.

    Rows are written directly: how they come about is not what is measured.
    """
    user, now = the_consumer(hub), hub.clock()
    with hub.database.write() as session:
        account = session.exec(
            select(Account)
            .join(
                Consumer,
                (col(Consumer.source) == Account.source) & (col(Consumer.key) == Account.consumer_key),
            )
            .where(Consumer.id == user.consumer_id)
            .where(col(Account.key).in_(select(Invoice.account_key)))
            .where(col(Account.key).in_(select(MeteringPoint.account_key)))
            .order_by(col(Account.id))
        ).first()
        if account is None or account.id is None:
            raise LookupError("the sandbox's consumer has no account with invoices and metering points")
        points = session.exec(select(MeteringPoint).where(MeteringPoint.account_key == account.key)).all()
        states = [state for state in OrderState if state is not OrderState.DELETED]
        for number in range(ORDERS):
            moment = now - timedelta(minutes=number)
            session.add(
                ServiceOrder(
                    account_id=account.id,
                    metering_point_id=points[number % len(points)].id or 0,
                    user_id=user.id,
                    service_code="meter-check",
                    device_count=1,
                    contact_name="Петренко Ганна",
                    contact_phone="+380412400000",
                    state=states[number % len(states)],
                    created_at=moment,
                    changed_at=moment,
                    submitted_at=moment,
                )
            )
        for number in range(MESSAGES):
            session.add(
                Message(
                    key=f"bench-{number}",
                    user_id=user.id,
                    subject=f"Замовлення № {number}: статус змінено",
                    text="Заяву прийнято. Ми повідомимо, коли її зареєструє РЕМ.",
                    link=f"/accounts/{account.id}/orders",
                    created_at=now - timedelta(minutes=number),
                    read_at=now if number % 2 else None,
                )
            )
        return account.id
