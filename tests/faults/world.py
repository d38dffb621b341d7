"""The whole world of a test: three counterparties, a deployment, its workers, a consumer and the utility's staff."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from copy import copy
from datetime import date, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Self

import httpx
import sqlalchemy as sa
from sqlmodel import col, select

from ztoe_demo.deployment import CONSUMER, CONSUMER_EMAIL, PASSWORD, Addresses, Deployment
from ztoe_demo.samples import certificate_pdf, extract_docx
from ztoe_demo.story import EIC
from ztoe_hub.cli.opening import open_hub
from ztoe_hub.hub import OrderForm, User
from ztoe_hub.outbox import WorkLine, list_work
from ztoe_hub.storage.states import OrderState, Role, WorkState
from ztoe_hub.storage.tables import ServiceOrder, Work
from ztoe_sandbox.process import Counterparty

from .places import Place
from .waiting import DEADLINE_S, wait_for
from .workers import Worker

ACCOUNT = "125000186"
TAX_CODE = "12500015"
NEIGHBOUR, NEIGHBOUR_EMAIL = "neighbour", "neighbour@example.com"
RECURRING = ("poll_orders", "import_billing", "tidy")
PACE = {
    "ZTOE_HUB__WORK__LEASE_SECONDS": "1",
    "ZTOE_HUB__WORK__SIGN_POLL_SECONDS": "0.2",
    "ZTOE_HUB__WORK__ORDER_POLL_SECONDS": "0.2",
}
certificate, extract = cache(certificate_pdf), cache(extract_docx)


class World:
    """A context manager; whatever it started has ended when it ends.

    It costs seconds to make, so it may serve one test after another: `begin` starts a new page in every book.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._workers: list[Worker] = []
        self._logs = count()
        self.is_in_order = False  # said by check_books
        self.last_order = self.last_document = 0  # of the tests before

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            http = stack.enter_context(httpx.Client(trust_env=False, timeout=20))
            customer = f"{NEIGHBOUR_EMAIL}:demo:{TAX_CODE}:ТОВ Тестовий споживач"
            kept = ("paperless", "1c")
            arguments = {
                "paperless": ("--state", str(self._folder / "paperless.sqlite"), "--customer", customer),
                "1c": ("--state", str(self._folder / "1c.sqlite"), "--consumers", "0"),
                "mail": ("--no-tls",),
            }
            processes = [Counterparty(name, *arguments[name]) for name in (*kept, "mail")]
            for process in processes:
                stack.callback(process.stop)
            with ThreadPoolExecutor(len(processes)) as pool:
                list(pool.map(Counterparty.start, processes))
            self.paperless, self.base, self.mail = (Place(process, http) for process in processes)
            self.deployment = self._deploy()
            self.hub = open_hub(self.deployment.environ)
            stack.callback(self.hub.close)
            stack.callback(self.end_workers)
            self.consumer = self.hub.users.authenticate(CONSUMER, PASSWORD, ip="127.0.0.1")
            self.neighbour = self._add_neighbour()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self) -> None:
        """A new test: no faults, empty logs, an empty mailbox; older orders and documents do not count."""
        self.is_in_order = False
        for place in (self.paperless, self.base, self.mail):
            place.begin()
        self.last_order = max(self.states(), default=0)
        self.last_document = max((each["id"] for each in self.paperless.get("documents")), default=0)

    def rest(self) -> None:
        """Between two tests: one usual worker goes on, if there is one."""
        usual = [worker for worker in self._workers if worker.is_usual and worker.is_alive][-1:]
        for worker in self._workers:
            if worker not in usual:
                worker.kill()
        self._workers = usual

    def end_workers(self) -> None:
        """kill -9 to all of them."""
        for worker in self._workers:
            worker.kill()

    def place(self, name: str) -> Place:
        """`paperless`, `base` or `mail`."""
        return {"paperless": self.paperless, "base": self.base, "mail": self.mail}[name]

    # --- the hub's side ------------------------------------------------------------------------

    def worker(self) -> Worker:
        """The worker that runs, or a new one."""
        alive = [worker for worker in self._workers if worker.is_alive]
        return alive[-1] if alive else self.start_worker()

    def start_worker(self, **settings: str) -> Worker:
        """One more worker process; `settings` are names in the environment without `ZTOE_HUB__`."""
        deployment = copy(self.deployment)
        named = {f"ZTOE_HUB__{name}": value for name, value in settings.items()}
        deployment.environ = {**deployment.environ, **named}
        log = self._folder / f"work-{next(self._logs)}.log"
        worker = Worker(deployment, log, is_usual=not settings)
        self._workers.append(worker)
        return worker

    def freeze(self, worker: Worker) -> None:
        """Stop it where it is, but not within a transaction, which would stop all others too."""
        with self.nothing_can_be_written():
            worker.freeze()

    def command(self, *words: str) -> str:
        """What `ztoe-hub` with these words prints."""
        command = [sys.executable, "-m", "ztoe_hub.cli.main", *words]
        done = subprocess.run(
            command, env=self.deployment.environ, cwd=self._folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def work(self, kind: str | None = None, *, state: WorkState | None = None) -> list[WorkLine]:
        """The rows of the outbox that are not done, or those in this state; without the recurring ones unless named."""
        lines = list_work(self.hub.database, state=state)
        return [line for line in lines if (line.kind == kind if kind else line.kind not in RECURRING)]

    def wait_for_reason(self, kind: str, reason: str) -> list[WorkLine]:
        """Wait until such work says why it waits."""

        def explained() -> list[WorkLine]:
            return [line for line in self.work(kind) if reason in (line.last_error or "")]

        self.wait(explained, f"{kind} waits because of {reason!r}")
        return explained()

    def let_hours_pass(self) -> None:
        """What is to be tried again later is due now, as it will be when the time has come."""
        waiting = sa.update(Work).where(col(Work.state) == WorkState.DUE)
        with self.hub.database.write() as session:
            session.connection().execute(waiting.values(due_at=self.hub.clock()))

    @contextmanager
    def nothing_can_be_written(self) -> Iterator[None]:
        """Hold SQLite's write lock: a worker can ask others for things, and not record what came of it."""
        path = self.hub.settings.hub.database.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    def states(self) -> dict[int, OrderState]:
        """Where each order of this test is."""
        orders = select(ServiceOrder).where(col(ServiceOrder.id) > self.last_order)
        with self.hub.database.read() as session:
            return {order.id or 0: order.state for order in session.exec(orders)}

    # --- the consumer and the utility's staff --------------------------------------------------

    def documents(self) -> list[dict[str, Any]]:
        """What Paperless has received in this test."""
        found: list[dict[str, Any]] = self.paperless.get("documents")
        return [each for each in found if each["id"] > self.last_document]

    def orders_at_base(self) -> list[dict[str, Any]]:
        """What 1C has received in this test."""
        found: list[dict[str, Any]] = self.base.get("orders")["orders"]
        return [each for each in found if int(each["order_id"].removeprefix("hub-")) > self.last_order]

    def order(self, user: User | None = None) -> int:
        """A consumer orders a service, all three steps; the order's id."""
        who = user or self.consumer
        account = next(each for each in self.hub.accounts.of(who) if each.consumer_code == ACCOUNT)
        point = next(each for each in self.hub.accounts.metering_points(who, account.id) if each.eic == EIC)
        form = OrderForm(
            service_code="meter-check",
            metering_point_id=str(point.id),
            voltage_class_kv="0.4",
            device_count="1",
            contact_name="Тестовий Споживач",
            contact_phone="+380 41 240 00 00",
        )
        number = self.hub.orders.start(who, account.id, form)
        self.hub.orders.attach(who, account.id, number, "certificate", "Свідоцтво.pdf", certificate())
        self.hub.orders.attach(who, account.id, number, "extract", "Виписка.docx", extract())
        self.hub.orders.submit(who, account.id, number)
        return number

    def sign(self) -> int:
        """Whoever has a document to sign in Paperless signs it. Returns how many were signed."""
        waiting = [
            (share["email"], document["id"])
            for document in self.documents()
            for share in document["shares"]
            if share["email"] not in document["signatures"]
        ]
        for email, document in waiting:
            self.paperless.post("sign", {"email": email, "password": "demo", "document": document})
        return len(waiting)

    def staff_act(self, *, last: str = "complete") -> int:
        """The utility's staff take each order one step further, up to `last`. Returns how many steps were made."""
        acts = [
            (order["order_id"], act)
            for order in self.orders_at_base()
            if (act := _next_act(order)) is not None and ACTS.index(act) <= ACTS.index(last)
        ]
        for order_id, act in acts:
            self.base.post(f"orders/{order_id}/{act}", _details(act))
        return len(acts)

    def everybody_acts(self) -> None:
        """The consumer and the staff do what they can do now."""
        if self.paperless.is_up:
            self.sign()
        if self.base.is_up:
            self.staff_act()

    # --- waiting -------------------------------------------------------------------------------

    def wait(self, look: Any, what: str, *, meanwhile: Any = None, within: float = DEADLINE_S) -> Any:
        """wait_for, telling what the outbox and the workers say when it was in vain."""
        return wait_for(look, what, meanwhile=meanwhile, within=within, report=self._account_for)

    def play_to_the_end(self, *, within: float = DEADLINE_S) -> None:
        """Let everybody act until all orders are completed and nothing is left to do."""
        self.wait(self.is_settled, "all orders are completed", meanwhile=self.everybody_acts, within=within)

    def is_settled(self) -> bool:
        """Whether all orders are completed and nothing is left to do."""
        return self.is_over() and not self.work()

    def is_over(self) -> bool:
        """Whether all orders are completed; e-mails may be under way."""
        states = self.states()
        return bool(states) and set(states.values()) == {OrderState.COMPLETED}

    def e_mails(self, to: str = CONSUMER_EMAIL) -> list[dict[str, Any]]:
        """What lies in this mailbox, newest first."""
        found: list[dict[str, Any]] = self.mail.get("messages", to=to)
        return found

    def _deploy(self) -> Deployment:
        addresses = Addresses(
            cabinet="http://127.0.0.1:1",  # nobody opens it here; it stands in e-mails
            paperless=self.paperless.process.url,
            base=self.base.process.url,
            smtp_port=self.mail.process.port,
            inbox=self.mail.process.inbox_url,
        )
        deployment = Deployment(self._folder / "hub", addresses, cabinet_port=1)
        deployment.environ = {**deployment.environ, **PACE}
        deployment.prepare()
        return deployment

    def _add_neighbour(self) -> User:
        """A colleague of the consumer, with an address of their own."""
        return self.hub.users.create(
            login=NEIGHBOUR,
            email=NEIGHBOUR_EMAIL,
            role=Role.CONSUMER,
            password=PASSWORD,
            tax_code=TAX_CODE,
            actor="test",
        )

    def _account_for(self) -> str:
        lines = [f"orders: {self.states()}", *map(str, list_work(self.hub.database))]
        return "\n".join([*lines, *(worker.log() for worker in self._workers[-2:])])


ACTS = ("register", "invoice", "pay", "schedule", "complete")


def _next_act(order: dict[str, Any]) -> str | None:
    after = {"accepted": "register", "registered": "invoice", "scheduled": "complete"}
    if order["state"] == "invoiced":
        return "schedule" if order["paid_at"] else "pay"
    return after.get(order["state"])


def _details(act: str) -> dict[str, str]:
    if act == "invoice":
        return {"amount": "412.20"}
    if act == "schedule":
        return {"work_date": (date.today() + timedelta(days=14)).isoformat()}  # noqa: DTZ011  a wall calendar's day
    return {}
