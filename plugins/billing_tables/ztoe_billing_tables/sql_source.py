"""The billing source of another database: canonical views, read page by page in a transaction that cannot write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError

from ztoe_hub import AdapterContext
from ztoe_hub.errors import (
    ConfigurationError,
    HubError,
    ProviderMisconfigured,
    TransientError,
    UnexpectedAnswer,
)
from ztoe_hub.values import BillingCapabilities, Health, MappingLine, Page, Rejected, Stream

from .converters import Cell
from .fields import BALANCE_HALVES, BALANCES, FIELDS
from .mapping import Column, Format, StreamMapping
from .plan import Plan
from .reading import Batch
from .settings import SqlSettings

LOGIN_WORDS = ("password", "authenticat", "login", "access denied", "ora-01017")
SNAPSHOTS: dict[str, dict[str, Any]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    "mysql": {"isolation_level": "REPEATABLE READ"},
    "mariadb": {"isolation_level": "REPEATABLE READ"},
}
BEGINNINGS = {"oracle": "SET TRANSACTION READ ONLY", "sqlite": "PRAGMA query_only = ON"}


class SqlSource:
    """A BillingSource over views; also Explains. Keeps no state and no connection between reads."""

    def __init__(self, settings: SqlSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._name = context.name
        self._engine = _engine_of(settings, context.name)

    @property
    def capabilities(self) -> BillingCapabilities:
        return BillingCapabilities(streams=frozenset(self._settings.streams))

    def check(self) -> Health:
        """Connect, and see that every view has the columns that its records need."""
        try:
            with self._connected() as connection:
                for stream in self._settings.streams:
                    _View(connection, stream, self._settings)
        except HubError as error:
            return Health(ok=False, detail=str(error))
        return Health(ok=True, detail=f"{len(self._settings.streams)} views in {self._engine.dialect.name}")

    def read(self, stream: Stream, since: str | None) -> Iterator[Page]:  # noqa: ARG002  the port has it
        """Everything, or with `history_from` what is not older: the whole of one snapshot of the database."""
        start = self._settings.history_from
        with self._connected() as connection:
            view = _View(connection, stream, self._settings)
            nameless = view.rows_without_key()
            if nameless:
                yield Page(rejected=[nameless])
            yield from view.pages(self._settings.page_size)
        windowed = view.is_windowed
        has_period = "period" in FIELDS[stream]
        yield Page(
            complete=True,
            covers_from=start if windowed and has_period else None,
            changes_only=windowed and not has_period,
        )

    def explain(self) -> Sequence[MappingLine]:
        """Each field's column, as the views are now."""
        lines: list[MappingLine] = []
        with self._connected() as connection:
            for stream in self._settings.streams:
                lines += _explained(stream, self._settings, _columns(connection, stream, self._settings))
        return lines

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        """A connection in a read-only transaction; every failure leaves here as one of ztoe_hub.errors."""
        try:
            connection = self._engine.connect()
        except SQLAlchemyError as error:
            raise self._unreachable(error) from None
        try:
            connection.execution_options(**SNAPSHOTS.get(self._engine.dialect.name, {}))
            beginning = BEGINNINGS.get(self._engine.dialect.name)
            if beginning:
                connection.execute(sa.text(beginning))
            yield connection
        except DBAPIError as error:
            raise _told(error) from None
        except SQLAlchemyError as error:
            raise UnexpectedAnswer(f"the database: {type(error).__name__}") from None
        finally:
            connection.close()

    def _unreachable(self, error: SQLAlchemyError) -> HubError:
        """Before any query there is no data in the driver's words, but maybe a login."""
        words = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines()[0][:300]
        for secret in _secrets_of(self._engine.url):
            words = words.replace(secret, "***")
        if any(each in words.lower() for each in LOGIN_WORDS):
            return ProviderMisconfigured(f"the database refuses the login: {words}")
        return TransientError(f"the database is unreachable: {words}")


class _View:
    """One view and the plan that its columns make."""

    def __init__(self, connection: sa.Connection, stream: Stream, settings: SqlSettings) -> None:
        self._connection = connection
        self._stream = stream
        self._name = settings.view_of(stream)
        there = _columns(connection, stream, settings)
        date_column = settings.date_column_of(stream)
        self.is_windowed = settings.history_from is not None and date_column is not None
        wanted = [name for name in ("key", *FIELDS[stream]) if name in there]
        lacking = [
            *_lacking(stream, there),
            *([date_column] if self.is_windowed and date_column not in there else []),
        ]
        if lacking:
            raise UnexpectedAnswer(f"{self._name} has no column {', '.join(str(each) for each in lacking)}")
        self._table = sa.table(
            self._name,
            *(
                sa.column(name)
                for name in dict.fromkeys((*wanted, *([date_column] if date_column in there else [])))
            ),
            schema=settings.schema_,
        )
        self._wanted = wanted
        self._condition: sa.ColumnElement[bool] = sa.true()
        if self.is_windowed and date_column:
            bound = sa.literal(settings.history_from, sa.Date)
            self._condition = self._table.c[date_column] >= bound
        columns = {name: Column(column=(name,)) for name in wanted if name != "key"}
        entry = StreamMapping(files=("-",), format=Format.CSV, columns=columns, key=(("key",),))
        self._plan = Plan(stream, entry, wanted)

    def rows_without_key(self) -> Rejected | None:
        """Rows that nothing can refer to, or find again."""
        query = (
            sa.select(sa.func.count()).select_from(self._table).where(self._condition, self._key.is_(None))
        )
        count = self._connection.execute(query).scalar_one()
        if not count:
            return None
        return Rejected(place=self._name, key=None, field="key", reason=f"{count} rows have no key")

    def pages(self, size: int) -> Iterator[Page]:
        """Pages in the order of the key, each asked for by the last key of the one before."""
        last: Any = None
        number = 0
        while True:
            query = sa.select(*(self._table.c[name] for name in self._wanted))
            query = query.where(self._condition, self._key.is_not(None) if last is None else self._key > last)
            rows = self._connection.execute(query.order_by(self._key).limit(size)).all()
            batch = Batch()
            for row in rows:
                number += 1
                batch.take(self._plan.decode([_cell(value) for value in row], f"{self._name} row {number}"))
            if len(batch):
                yield batch.page()
            if len(rows) < size:
                return
            if last is not None and rows[-1][0] == last:
                raise UnexpectedAnswer(f"{self._name}: one key stands in more rows than a page takes")
            last = rows[-1][0]

    @property
    def _key(self) -> sa.ColumnClause[Any]:
        return self._table.c.key


def _cell(value: object) -> Cell:
    """CHAR columns are padded and some drivers give numbers of their own; anything else is judged by the plan."""
    return value  # type: ignore[return-value]  # a strange type is a BadCell there


def _engine_of(settings: SqlSettings, name: str) -> sa.Engine:
    try:
        return sa.create_engine(
            settings.url.get_secret_value(), hide_parameters=True, poolclass=sa.pool.NullPool
        )
    except NoSuchModuleError as error:
        raise ConfigurationError(f"billing.{name}.url: {error}") from None
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"billing.{name}.url: the driver {error.name} is not installed") from None
    except (ArgumentError, ValueError, TypeError):
        raise ConfigurationError(
            f"billing.{name}.url: is no database URL; write it like postgresql+psycopg://user:password@host/base"
        ) from None


def _secrets_of(url: sa.URL) -> list[str]:
    """The password as it is and as it stands in the URL."""
    if not url.password:
        return []
    written = url.render_as_string(hide_password=False).partition("@")[0].rpartition(":")[2]
    return [str(url.password), written]


def _columns(connection: sa.Connection, stream: Stream, settings: SqlSettings) -> list[str]:
    view = settings.view_of(stream)
    try:
        return [column["name"] for column in sa.inspect(connection).get_columns(view, settings.schema_)]
    except NoSuchTableError:
        raise UnexpectedAnswer(f"there is no view {view}") from None


def _lacking(stream: Stream, there: Sequence[str]) -> list[str]:
    needed = ["key", *(name for name, field in FIELDS[stream].items() if field.required)]
    return [name for name in needed if name not in there and BALANCE_HALVES.get(name) not in there]


def _explained(stream: Stream, settings: SqlSettings, there: Sequence[str]) -> Iterator[MappingLine]:
    view = settings.view_of(stream)
    lacking = _lacking(stream, there)
    for name in ("key", *FIELDS[stream]):
        if name in BALANCES and name not in there:
            continue
        note = "missing" if name in lacking else ""
        if name not in there and not note:
            balance = BALANCE_HALVES.get(name)
            note = f"by the sign of {balance}" if balance in there else "not there, optional"
        yield MappingLine(stream=stream, field=name, origin=f"{view}.{name}", note=note)


def _told(error: DBAPIError) -> HubError:
    """The driver's text may repeat data: only its class and code are told."""
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    words = f"the database: {type(error.orig).__name__}" + (f" {code}" if code else "")
    if error.connection_invalidated or type(error).__name__ in ("OperationalError", "InterfaceError"):
        return TransientError(words)
    return UnexpectedAnswer(words)
