"""A hub in the middle of its day: records imported, a consumer logged in, orders at any point of their life."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlmodel import select

from ..documents import newest_document
from ..hub import Hub, OrderForm, User
from ..order_views import OrderView
from ..outbox import list_work, retry_work
from ..storage.states import Role, WorkState
from ..storage.tables import Document
from ..values import RecipientState, RemoteRef
from .clocks import FrozenClock
from .hubs import FAKE_INSTANCES, FakePlugin, hub_with
from .records import POLISSIA, some_records
from .samples import CUSTOMER, a_pdf

DATABASE = "ztoe-hub.sqlite"
PASSWORD = "correct horse battery"  # noqa: S105  it opens a test


class _Morning:
    """The database as every situation begins with it: made once a process, then copied."""

    def __init__(self) -> None:
        self._content = b""

    @property
    def is_known(self) -> bool:
        return bool(self._content)

    def keep(self, folder: Path) -> None:
        with closing(sqlite3.connect(folder / DATABASE)) as connection:
            self._content = connection.serialize()

    def copy_to(self, folder: Path) -> None:
        if self._content:
            (folder / DATABASE).write_bytes(self._content)


_morning = _Morning()


class Situation:
    """A hub with fakes and a frozen clock, the records of `some_records`, and a user of the first consumer.

    `hub`, `fakes`, `clock`, `user` and `account_id` are there to be used; the methods bring an order to where
    a test begins. Close it when the test ends.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings_text: str = FAKE_INSTANCES,
        plugins: tuple[object, ...] = (),
        fakes: type[FakePlugin] = FakePlugin,
    ) -> None:
        self.folder = folder
        self.settings_text = settings_text
        self.clock = FrozenClock()
        self.fakes = fakes(clock=self.clock)
        self.fakes.billing.records.update({key: list(rows) for key, rows in some_records().items()})
        _morning.copy_to(folder)
        self.hub = hub_with(
            self.fakes, *plugins, folder=folder, settings_text=settings_text, clock=self.clock
        )
        if not _morning.is_known:
            self.hub.sync.import_source("main")
            self.add_user(POLISSIA, CUSTOMER)
            _morning.keep(folder)
        [self.user] = [user for user in self.hub.users.all() if user.login == POLISSIA]
        self.account_id = self.hub.accounts.of(self.user)[0].id
        self.point_id = self.hub.accounts.metering_points(self.user, self.account_id)[0].id

    @staticmethod
    def settings_with(more: str) -> str:
        """The usual settings and some tables more."""
        return f"{FAKE_INSTANCES}\n{more}"

    def another_hub(self, *plugins: object, settings_text: str | None = None) -> Hub:
        """The same folder, fakes and clock as a second process, or a restart with other settings, has them."""
        return hub_with(
            self.fakes,
            *plugins,
            folder=self.folder,
            settings_text=self.settings_text if settings_text is None else settings_text,
            clock=self.clock,
        )

    def close(self) -> None:
        """Close the hub."""
        self.hub.close()

    def add_user(self, login: str, email: str, role: Role = Role.CONSUMER) -> User:
        """A user with PASSWORD; a consumer's login is the user code of an imported consumer."""
        return self.hub.users.create(login=login, email=email, role=role, password=PASSWORD, actor="test")

    def form(self, **changes: str) -> OrderForm:
        """An order form that can be accepted; `changes` are its fields."""
        facts = {
            "service_code": "meter-check",
            "metering_point_id": str(self.point_id),
            "voltage_class_kv": "0.4",
            "device_count": "1",
            "contact_name": "Зразкова Особа",
            "contact_phone": "+380 41 240 00 00",
        }
        return OrderForm(**{**facts, **changes})

    def collecting(self) -> int:
        """An order that has its files and was not submitted."""
        order_id = self.hub.orders.start(self.user, self.account_id, self.form())
        for role in ("certificate", "extract"):
            self.hub.orders.attach(self.user, self.account_id, order_id, role, f"{role}.pdf", a_pdf(role))
        return order_id

    def awaiting(self) -> int:
        """An order whose application lies at the document service."""
        order_id = self.collecting()
        self.hub.orders.submit(self.user, self.account_id, order_id)
        self.hub.engine.drain()
        return order_id

    def accepted(self) -> int:
        """An order whose application was signed, and which lies at billing."""
        order_id = self.awaiting()
        self.sign(order_id)
        return order_id

    def sign(self, order_id: int) -> None:
        """The consumer signs the order's newest application, and the hub notices."""
        self.act(order_id, RecipientState.SIGNED)
        self.pass_time(seconds=20)

    def act(self, order_id: int, state: RecipientState) -> None:
        """The consumer, or the service, does to the newest application what leads to `state`."""
        service, ref, email = self.fakes.signing, self.remote(order_id), self.user.email
        if state is RecipientState.SIGNED:
            service.sign(ref, email)
        else:
            service.move(ref, email, state)

    def remote(self, order_id: int) -> RemoteRef:
        """Where the fake service keeps the order's newest application: by name, the last of that name."""
        name = self.document(order_id).name
        numbers = [number for number, each in self.fakes.signing.stored.items() if each.file_name == name]
        return RemoteRef({"id": numbers[-1]})

    def pass_time(self, **amount: float) -> int:
        """Let time pass, then run what is due; returns how many pieces of work that was."""
        self.clock.advance(**amount)
        return self.hub.engine.drain()

    def order(self, order_id: int) -> OrderView:
        """The order as its owner sees it."""
        return self.hub.orders.get(self.user, self.account_id, order_id)

    def document(self, order_id: int) -> Document:
        """The row of the order's newest application."""
        with self.hub.database.read() as session:
            found = newest_document(session, "application", order_id)
        if found is None:
            raise LookupError(f"order {order_id} has no application")
        return found

    def documents(self) -> list[Document]:
        """The rows of all documents, oldest first."""
        with self.hub.database.read() as session:
            return list(session.exec(select(Document)))

    def subjects(self) -> list[str]:
        """The subjects of the inbox, oldest first."""
        return [message.subject for message in reversed(self.hub.messages.of(self.user)[0])]

    def parked(self) -> dict[str, str | None]:
        """Work that waits for a person: kind to reason."""
        return {row.kind: row.last_error for row in list_work(self.hub.database, state=WorkState.PARKED)}

    def retry_parked(self) -> int:
        """The operator tries all parked work again; returns how many rows that were."""
        return retry_work(self.hub.database, work_id=None, now=self.clock())
