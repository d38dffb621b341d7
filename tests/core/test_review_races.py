"""Two at once on PostgreSQL, where a look sees only what is committed: found in a review."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from ztoe_hub import outbox
from ztoe_hub.errors import WrongMoment
from ztoe_hub.files import store_file
from ztoe_hub.hub import OrderForm
from ztoe_hub.lifecycle import OrderEvent, advance
from ztoe_hub.order_moves import order_by_id
from ztoe_hub.outbox import list_work
from ztoe_hub.storage.states import OrderState, Role, WorkState
from ztoe_hub.testing.clocks import FrozenClock
from ztoe_hub.testing.hubs import FAKE_INSTANCES, FakePlugin, hub_with
from ztoe_hub.testing.records import POLISSIA, some_records
from ztoe_hub.testing.samples import A_PDF, CUSTOMER, a_pdf
from ztoe_hub.values import RemoteRef, Stream

POSTGRES = os.environ.get("ZTOE_TEST_POSTGRES", "")


@pytest.fixture
def address() -> Iterator[str]:
    """A schema of its own."""
    if not POSTGRES:
        pytest.skip("needs PostgreSQL: set ZTOE_TEST_POSTGRES=postgresql+psycopg://…")
    if find_spec("psycopg") is None:
        pytest.skip("needs PostgreSQL's driver: install psycopg")
    schema = f"test_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(POSTGRES)
    with engine.begin() as connection:
        connection.execute(sa.text(f'CREATE SCHEMA "{schema}"'))
    options = {"options": f"-csearch_path={schema}"}
    yield sa.make_url(POSTGRES).update_query_dict(options).render_as_string(False)
    with engine.begin() as connection:
        connection.execute(sa.text(f'DROP SCHEMA "{schema}" CASCADE'))
    engine.dispose()


class Office:
    """A hub on PostgreSQL with an order that is ready to be submitted, and a second hand to work beside the first."""

    def __init__(self, folder: Path, address: str) -> None:
        self.clock = FrozenClock()
        self.fakes = FakePlugin(clock=self.clock)
        self.fakes.billing.records.update({stream: list(rows) for stream, rows in some_records().items()})
        text = f'[hub]\ndatabase = "{address}"\n{FAKE_INSTANCES}'
        self.hub = hub_with(self.fakes, folder=folder, settings_text=text, clock=self.clock)
        self.hub.sync.import_source("main")
        self.user = self.hub.users.create(
            login=POLISSIA, email=CUSTOMER, role=Role.CONSUMER, password=None, actor="test"
        )
        self.account_id = self.hub.accounts.of(self.user)[0].id
        self.order_id = self.hub.orders.start(self.user, self.account_id, self.form())
        for role in ("certificate", "extract"):
            self.attach(role)
        self.other_hand = ThreadPoolExecutor(1)

    def form(self, devices: int = 1) -> OrderForm:
        [point, *_] = self.hub.accounts.metering_points(self.user, self.account_id)
        return OrderForm(
            service_code="meter-check",
            metering_point_id=str(point.id),
            voltage_class_kv="0.4",
            device_count=str(devices),
            contact_name="Зразкова Особа",
            contact_phone="+380 41 240 00 00",
        )

    def attach(self, role: str) -> None:
        self.hub.orders.attach(self.user, self.account_id, self.order_id, role, f"{role}.pdf", a_pdf(role))

    def submit(self) -> None:
        self.hub.orders.submit(self.user, self.account_id, self.order_id)

    def state(self) -> OrderState:
        return self.hub.orders.get(self.user, self.account_id, self.order_id).state

    def beside(self, mine: Callable[[Session], object], theirs: Callable[[], Any]) -> Future[Any]:
        """`theirs` begins when `mine` is written and not committed; the commit comes when `theirs` waits for it."""
        with self.hub.database.write() as session:
            mine(session)
            session.flush()
            future = self.other_hand.submit(theirs)
            while not future.done() and not self._somebody_waits():
                time.sleep(0.02)
        return future

    def _somebody_waits(self) -> bool:
        waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        with self.hub.database.read() as session:
            return bool(session.connection().execute(waiting).scalar_one())

    def close(self) -> None:
        self.other_hand.shutdown()
        self.hub.close()


@pytest.fixture
def office(tmp_path: Path, address: str) -> Iterator[Office]:
    office = Office(tmp_path, address)
    yield office
    office.close()


def test_an_order_that_is_changed_while_it_is_submitted_is_not_signed_with_the_old_facts(
    office: Office,
) -> None:
    def change(session: Session) -> None:
        order_by_id(session, office.order_id).device_count = 7

    with pytest.raises(WrongMoment, match="тим часом змінилося"):
        office.beside(change, office.submit).result(20)
    assert office.state() is OrderState.COLLECTING
    assert office.hub.documents.of(office.user, office.account_id) == []


@pytest.mark.parametrize("act", ["change", "attach"])
def test_an_order_that_is_being_submitted_cannot_be_changed(office: Office, act: str) -> None:
    def submit(session: Session) -> None:
        order = order_by_id(session, office.order_id)
        advance(session, order, OrderEvent.SUBMIT, now=office.clock(), actor="test")

    def change() -> None:
        if act == "attach":
            office.attach("extract")
        else:
            office.hub.orders.change(office.user, office.account_id, office.order_id, office.form(7))

    with pytest.raises(WrongMoment):
        office.beside(submit, change).result(20)
    assert office.hub.orders.get(office.user, office.account_id, office.order_id).device_count == 1


def test_an_order_deleted_while_its_application_is_archived_leaves_no_work_to_a_person(
    office: Office,
) -> None:
    office.submit()
    office.hub.engine.drain()
    office.fakes.signing.sign(RemoteRef({"id": 1}), CUSTOMER)

    def delete(session: Session) -> None:
        order = order_by_id(session, office.order_id)
        advance(session, order, OrderEvent.DELETE, now=office.clock(), actor="test")

    office.clock.advance(seconds=20)
    office.beside(delete, office.hub.engine.drain).result(20)
    assert list_work(office.hub.database, state=WorkState.PARKED) == []
    [document] = office.hub.documents.of(office.user, office.account_id)
    assert (document.state, office.state()) == ("completed", OrderState.DELETED)


def test_two_who_open_one_invoice_for_the_first_time_both_see_it(office: Office) -> None:
    [period, *_] = office.hub.invoices.months(office.user, office.account_id)
    [invoice, *_] = office.hub.invoices.of_month(office.user, office.account_id, period)
    office.fakes.billing.invoices = {each.key: A_PDF for each in some_records()[Stream.INVOICES]}

    def keep(session: Session) -> None:
        store_file(
            session,
            owner="invoice",
            owner_id=invoice.id,
            role="pdf",
            name="first.pdf",
            media_type="application/pdf",
            sha256="0" * 64,
            size=1,
            now=office.clock(),
        )

    opened = office.beside(keep, lambda: office.hub.invoices.pdf(office.user, office.account_id, invoice.id))
    assert opened.result(20).content == A_PDF
    assert office.hub.invoices.pdf(office.user, office.account_id, invoice.id).content == A_PDF


def test_two_who_ask_for_the_same_work_get_one_row(office: Office) -> None:
    def ask(session: Session) -> None:
        outbox.add_work(session, "recall_document", 404, now=office.clock())

    def ask_too() -> None:
        with office.hub.database.write() as session:
            ask(session)

    office.beside(ask, ask_too).result(20)
    [row] = [row for row in list_work(office.hub.database) if row.subject == "404"]
    assert row.state is WorkState.DUE
