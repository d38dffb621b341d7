"""The composition root: build_hub(settings) -> Hub. The cabinet and the commands know the hub and nothing below it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pluggy

from . import outbox
from .accounts import Accounts
from .announcements import DELIVER_EVENT, SEND_NOTICE, Announcer
from .documents import RECALL_DOCUMENT, SUBMIT_DOCUMENT, Documents
from .engine.embedded import EmbeddedEngine
from .engine.running import WorkKind, WorkRunner
from .errors import ConfigurationError
from .exchange.deliveries import Deliveries, listeners_of
from .exchange.import_report import Report
from .exchange.imports import Imports
from .exchange.order_desk import APPLY_UPDATE, OrdersAtBilling
from .exchange.outcomes import SEND_ORDER, Outcomes
from .exchange.signing import ARCHIVE_DOCUMENT, FOLLOW_DOCUMENT, Signing
from .exchange.sync import IMPORT_BILLING, Sync
from .invoices import Invoices
from .messages import Messages
from .order_forms import OrderForm
from .order_moves import OrderMoves
from .orders import CANCEL_ORDER, Orders
from .outbox import Again, WorkItem
from .plugin_manager import Instances, build_instances, build_plugin_manager
from .request_ids import request_id
from .sessions import LoggedIn, Sessions
from .settings import Settings
from .statements import Statements
from .storage.blobs import BlobStore
from .storage.database import Database, open_database
from .texts import say
from .users import User, Users

__all__ = ["Hub", "LoggedIn", "OrderForm", "Report", "User", "build_hub", "request_id"]

POLL_ORDERS, TIDY = "poll_orders", "tidy"
TIDY_EVERY = timedelta(hours=1)
ASK_AGAIN = timedelta(minutes=15)
RECURRING = (POLL_ORDERS, IMPORT_BILLING, TIDY)


def utc_now() -> datetime:
    """The wall clock, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Everything that can be done, a noun each. Thread-safe; `close` it at the end."""

    settings: Settings
    users: Users
    sessions: Sessions
    accounts: Accounts
    statements: Statements
    invoices: Invoices
    orders: Orders
    documents: Documents
    messages: Messages
    signing: Signing
    sync: Sync
    engine: EmbeddedEngine
    database: Database
    instances: Instances
    plugins: pluggy.PluginManager
    clock: Callable[[], datetime]

    def say(self, language: str, text: str, **values: object) -> str:
        """A msgid of the core in that language."""
        return say(language, text, **values)

    def schedule(self) -> None:
        """Make sure that the recurring work of every configured source is in the table. Call before serving."""
        now = self.clock()
        first_import = now + timedelta(hours=self.settings.work.import_hours)
        wanted = [(TIDY, "sessions", now)]
        for name, instance in self.instances.billing.items():
            wanted.append((IMPORT_BILLING, name, first_import))
            if instance.adapter.capabilities.orders:
                wanted.append((POLL_ORDERS, name, now))
        with self.database.write() as session:
            outbox.schedule_work(session, wanted, RECURRING)

    def close(self) -> None:
        """Close connections to providers and to the database."""
        self.instances.close()
        self.database.close()


def build_hub(
    settings: Settings,
    *,
    plugins: Sequence[tuple[str, object]],
    clock: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> Hub:
    """Put everything together. Raises ConfigurationError when settings or plugins do not fit; no network I/O."""
    manager = build_plugin_manager(plugins)
    instances = build_instances(manager, settings, clock=clock, sleep=sleep)
    _check_routes(settings, instances)
    database = open_database(settings.hub.database)
    blobs = BlobStore(settings.hub.files)
    announcer = Announcer(
        channels=list(instances.notifications), listeners=lambda hook: listeners_of(manager, hook)
    )
    moves = OrderMoves(settings, announcer, clock=clock)
    documents = Documents(database, blobs, settings, instances.signing, clock=clock)
    users = Users(database, clock=clock, attempts=settings.cabinet.login_attempts)
    sessions = _sessions(database, settings, clock)
    signing = Signing(
        database,
        blobs,
        instances.signing,
        instances.signatures,
        Outcomes(moves, announcer, clock=clock),
        clock=clock,
        look_every=timedelta(seconds=settings.work.sign_poll_seconds),
        require_verified=settings.documents.require_verified,
    )
    desk = OrdersAtBilling(database, blobs, settings, instances.billing, moves, clock=clock)
    deliveries = Deliveries(database, settings, instances.notifications, manager)
    imports = Imports(database, settings.imports, clock=clock)

    def import_billing(item: WorkItem) -> Again | None:
        sync.import_source(item.subject)
        return None

    def tidy(_: WorkItem) -> Again | None:
        users.forget_old_failures()
        sessions.forget_expired()
        return None

    kinds = {
        SUBMIT_DOCUMENT: WorkKind(handler=signing.submit),
        FOLLOW_DOCUMENT: WorkKind(handler=signing.follow, asks_again=ASK_AGAIN),
        ARCHIVE_DOCUMENT: WorkKind(handler=signing.archive, asks_again=ASK_AGAIN),
        RECALL_DOCUMENT: WorkKind(handler=signing.recall),
        SEND_ORDER: WorkKind(handler=desk.send),
        CANCEL_ORDER: WorkKind(handler=desk.cancel),
        APPLY_UPDATE: WorkKind(handler=desk.apply),
        SEND_NOTICE: WorkKind(handler=deliveries.send_notice),
        DELIVER_EVENT: WorkKind(handler=deliveries.deliver_event),
        POLL_ORDERS: WorkKind(handler=desk.poll, every=timedelta(seconds=settings.work.order_poll_seconds)),
        IMPORT_BILLING: WorkKind(handler=import_billing, every=timedelta(hours=settings.work.import_hours)),
        TIDY: WorkKind(handler=tidy, every=TIDY_EVERY),
    }
    lease = timedelta(seconds=settings.work.lease_seconds)
    runner = WorkRunner(database, kinds, clock=clock, lease=lease)
    sync = Sync(imports, instances.billing, runner)
    return Hub(
        settings=settings,
        users=users,
        sessions=sessions,
        accounts=Accounts(database),
        statements=Statements(database),
        invoices=Invoices(database, blobs, instances.billing, clock=clock),
        orders=Orders(database, blobs, settings, documents, moves, clock=clock),
        documents=documents,
        messages=Messages(database, clock=clock),
        signing=signing,
        sync=sync,
        engine=EmbeddedEngine(
            database,
            runner,
            clock=clock,
            threads=settings.work.threads,
            poll_s=settings.work.poll_seconds,
        ),
        database=database,
        instances=instances,
        plugins=manager,
        clock=clock,
    )


def _check_routes(settings: Settings, instances: Instances) -> None:
    """A route to nowhere would be found by the first consumer who submits an order."""
    for route in settings.routes.signing:
        if route.service not in instances.signing:
            instances.close()
            known = ", ".join(instances.signing) or "none"
            raise ConfigurationError(
                f"{settings.path}: routes.signing: there is no [signing.{route.service}]; configured are {known}"
            )


def _sessions(database: Database, settings: Settings, clock: Callable[[], datetime]) -> Sessions:
    return Sessions(
        database,
        clock=clock,
        idle=timedelta(minutes=settings.cabinet.idle_minutes),
        longest=timedelta(hours=settings.cabinet.session_hours),
        remembered=timedelta(days=settings.cabinet.remember_days),
    )
