"""Another database's canonical views."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from ztoe_billing_tables.settings import SqlSettings
from ztoe_billing_tables.sql_source import SqlSource
from ztoe_hub import AdapterContext
from ztoe_hub.errors import ConfigurationError, ProviderMisconfigured, TransientError, UnexpectedAnswer
from ztoe_hub.ports import Explains
from ztoe_hub.testing.billing import BillingSourceContract, records_of, rejected_of
from ztoe_hub.values import InvoiceKind, InvoiceRecord, Stream

POSTGRES = os.environ.get("ZTOE_TEST_POSTGRES", "")
KINDS = ["sqlite", "postgresql"] if POSTGRES and find_spec("psycopg") else ["sqlite"]
MakeSource = Callable[..., SqlSource]

TABLES = """
CREATE TABLE districts (id INTEGER, code VARCHAR(10), name VARCHAR(50), period DATE);
CREATE TABLE consumers (id INTEGER, name VARCHAR(50), tax CHAR(12));
CREATE TABLE accounts (number VARCHAR(20), consumer INTEGER, district INTEGER, signed DATE);
CREATE TABLE points (id INTEGER, account VARCHAR(20), name VARCHAR(50), kind CHAR(1), ratio NUMERIC(12,3), digits INTEGER);
CREATE TABLE charges (account VARCHAR(20), month DATE, before NUMERIC(15,2), accrued NUMERIC(15,2), paid NUMERIC(15,2), after NUMERIC(15,2));
CREATE TABLE bills (id INTEGER, number VARCHAR(20), account VARCHAR(20), month DATE, formed TIMESTAMP, kind VARCHAR(20), amount NUMERIC(15,2));
CREATE TABLE money (id INTEGER, paid DATE, amount NUMERIC(15,2), account VARCHAR(20));
INSERT INTO districts VALUES (31, '31', 'Житомирський РЕМ', '2018-01-01');
INSERT INTO consumers VALUES (1, 'ТОВ «Їжак»', '00012345'), (2, 'ФОП Ґава', NULL);
INSERT INTO accounts VALUES ('0030009м', 1, 31, '2017-12-06'), ('186', 2, 31, NULL), ('187', 2, 31, NULL);
INSERT INTO points VALUES (10, '0030009м', 'Майстерня', 'А', 40, 6), (9, '186', 'Склад', 'Р', 1, 5);
INSERT INTO charges VALUES ('186', '2018-01-01', -735.22, 3535.56, 1000.00, 1800.34), ('187', '2018-02-01', 0, 0, 0, 0);
INSERT INTO bills VALUES (100, '59', '186', '2018-01-01', '2017-12-06 09:15:00', 'active', 1744.48),
  (20, '60', '187', '2018-02-01', '2018-03-03 00:00:00', 'reactive', 12345678901.23);
INSERT INTO money VALUES (1, '2018-01-15', 500.25, '186'), (2, '2018-03-15', 7.00, NULL);
"""
VIEWS = """
CREATE VIEW ztoe_districts AS SELECT id AS key, code, name, period FROM districts;
CREATE VIEW ztoe_consumers AS SELECT id AS key, name, tax AS tax_code, 'x' AS nothing_of_ours FROM consumers;
CREATE VIEW ztoe_accounts AS SELECT number AS key, consumer AS consumer_key, district AS district_key, number, consumer AS consumer_code, signed AS contract_date FROM accounts;
CREATE VIEW ztoe_metering_points AS SELECT id AS key, account AS account_key, name, kind, ratio AS coefficient, digits FROM points;
CREATE VIEW ztoe_statement_lines AS SELECT account AS key, account AS account_key, month AS period, 'active' AS article, before AS opening_balance_uah, accrued AS accrued_uah, paid AS paid_uah, after AS closing_balance_uah FROM charges;
CREATE VIEW ztoe_invoices AS SELECT id AS key, number, account AS account_key, month AS period, formed AS formed_at, kind, amount AS amount_uah FROM bills;
CREATE VIEW ztoe_payments AS SELECT id AS key, paid AS paid_on, amount AS amount_uah, account AS account_key FROM money;
"""


class Base:
    """A utility's own database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = sa.create_engine(url, poolclass=sa.NullPool)

    def run(self, script: str) -> None:
        with self._engine.begin() as connection:
            for statement in script.split(";"):
                if statement.strip():
                    connection.execute(sa.text(statement))


@pytest.fixture(params=KINDS)
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Base]:
    """A base with its views, on SQLite, and on PostgreSQL where ZTOE_TEST_POSTGRES names one."""
    if request.param == "sqlite":
        made = Base(f"sqlite:///{tmp_path}/billing.db")
        made.run(TABLES + VIEWS)
        yield made
        return
    server = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    name = f"ztoe_tables_{uuid4().hex}"
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        made = Base(server.url.set(database=name).render_as_string(hide_password=False))
        made.run(TABLES + VIEWS)
        yield made
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def make_source(base: Base, context: AdapterContext) -> MakeSource:
    def make(**settings: Any) -> SqlSource:
        return SqlSource(SqlSettings.model_validate({"url": base.url} | settings), context)

    return make


class TestSqlSource(BillingSourceContract):
    @pytest.fixture
    def source(self, make_source: MakeSource) -> SqlSource:
        return make_source()


class TestSqlSourceWithSmallPages(BillingSourceContract):
    @pytest.fixture
    def source(self, make_source: MakeSource) -> SqlSource:
        return make_source(page_size=1)


def test_values_are_exact_and_of_our_types(make_source: MakeSource) -> None:
    first, second = records_of(make_source(), Stream.INVOICES)
    assert second == InvoiceRecord(
        key="100",
        account_key="186",
        number="59",
        period=date(2018, 1, 1),
        formed_at=datetime(2017, 12, 6, 9, 15),  # noqa: DTZ001
        kind=InvoiceKind.ACTIVE,
        amount_uah=Decimal("1744.48"),
    )
    assert isinstance(first, InvoiceRecord)
    assert first.amount_uah == Decimal("12345678901.23")
    consumers: Any = records_of(make_source(), Stream.CONSUMERS)
    assert [each.tax_code for each in consumers] == ["00012345", None]  # CHAR is padded
    lines: Any = records_of(make_source(), Stream.STATEMENT_LINES)
    assert (lines[0].opening_credit_uah, lines[0].closing_debit_uah) == (
        Decimal("-735.22"),
        Decimal("1800.34"),
    )


@pytest.mark.parametrize("size", [1, 2, 3, 4, 1000])
def test_every_page_size_gives_every_row_once(make_source: MakeSource, base: Base, size: int) -> None:
    for key in range(3, 8):
        base.run(f"INSERT INTO consumers VALUES ({key}, 'А', NULL)")  # noqa: S608  a number
    pages = [*make_source(page_size=size).read(Stream.CONSUMERS, None)]
    assert [record.key for page in pages for record in page.records] == [str(n) for n in range(1, 8)]
    assert max(len(page.records) for page in pages) <= size


def test_rows_without_a_key_and_wrong_values_are_rejected_with_their_place(
    make_source: MakeSource, base: Base
) -> None:
    base.run(
        "INSERT INTO points VALUES (NULL, '186', 'Б', 'А', 1, 1), (11, '186', 'В', 'Ю', 1, 1), (12, '1', 'Г', 'А', 0, 1)"
    )
    found = rejected_of(make_source(), Stream.METERING_POINTS)
    assert [(each.place, each.key, each.field) for each in found] == [
        ("ztoe_metering_points", None, "key"),
        ("ztoe_metering_points row 3", "11", "kind"),
        ("ztoe_metering_points row 4", "12", "coefficient"),
    ]
    assert found[0].reason == "1 rows have no key"


def test_one_key_in_many_rows_ends_nothing_in_a_loop(make_source: MakeSource, base: Base) -> None:
    base.run("INSERT INTO consumers VALUES (2, 'Двійник', NULL), (2, 'Трійник', NULL)")
    assert len(records_of(make_source(page_size=10), Stream.CONSUMERS)) == 4


def test_a_window_leaves_out_what_is_older_and_says_so(make_source: MakeSource) -> None:
    source = make_source(history_from="2018-02-01", streams=["consumers", "invoices", "payments"])
    *pages, last = source.read(Stream.INVOICES, None)
    assert [record.key for page in pages for record in page.records] == ["20"]
    assert last.covers_from == date(2018, 2, 1)
    assert last.complete
    assert not last.changes_only
    *pages, last = source.read(Stream.PAYMENTS, None)
    assert [record.key for page in pages for record in page.records] == ["2"]
    assert last.covers_from is None
    assert last.changes_only  # older payments have not vanished
    *_, last = source.read(Stream.CONSUMERS, None)
    assert not last.changes_only


def test_a_missing_view_or_column_is_named_and_nothing_is_read(make_source: MakeSource, base: Base) -> None:
    source = make_source(views={"consumers": "vw_clients"})
    with pytest.raises(UnexpectedAnswer, match="there is no view vw_clients"):
        records_of(source, Stream.CONSUMERS)
    assert source.check().detail == "there is no view vw_clients"
    base.run("CREATE VIEW vw_clients AS SELECT id AS key FROM consumers")
    with pytest.raises(UnexpectedAnswer, match="vw_clients has no column name"):
        records_of(source, Stream.CONSUMERS)
    lines = {(line.stream, line.field): line for line in _explaining(source).explain()}
    assert lines[Stream.CONSUMERS, "name"].note == "missing"
    assert lines[Stream.CONSUMERS, "email"].note == "not there, optional"
    assert lines[Stream.STATEMENT_LINES, "opening_debit_uah"].note == "by the sign of opening_balance_uah"


def _explaining(source: object) -> Explains:
    assert isinstance(source, Explains)
    return source


def test_names_are_quoted_and_never_commands(make_source: MakeSource, base: Base) -> None:
    base.run('CREATE VIEW "Мої"" WHERE 1=0 --" AS SELECT id AS key, name FROM consumers')
    source = make_source(views={"consumers": 'Мої" WHERE 1=0 --'})
    assert len(records_of(source, Stream.CONSUMERS)) == 2
    assert len(records_of(make_source(), Stream.CONSUMERS)) == 2


def test_a_view_cannot_write(make_source: MakeSource, base: Base) -> None:
    source = make_source()
    with source._connected() as connection, pytest.raises(sa.exc.DBAPIError, match=r"(?i)read-?\s?only"):
        connection.execute(sa.text("INSERT INTO consumers VALUES (99, 'x', NULL)"))
    assert len(records_of(source, Stream.CONSUMERS)) == 2


def test_a_failing_query_repeats_no_data_and_no_password(make_source: MakeSource, base: Base) -> None:
    if base.url.startswith("sqlite"):
        base.run(
            "CREATE VIEW broken AS SELECT id AS key, abs(-9223372036854775807 - 1) AS name FROM consumers"
        )
    else:
        base.run("CREATE VIEW broken AS SELECT id AS key, CAST(name AS integer)::text AS name FROM consumers")
    with pytest.raises((UnexpectedAnswer, TransientError)) as error:
        records_of(make_source(views={"consumers": "broken"}), Stream.CONSUMERS)
    assert str(error.value).startswith("the database: ")
    assert "Їжак" not in str(error.value)


def test_a_base_that_is_not_there_is_unreachable(context: AdapterContext, tmp_path: Path) -> None:
    source = SqlSource(SqlSettings.model_validate({"url": f"sqlite:///{tmp_path}/no/such.db"}), context)
    with pytest.raises(TransientError, match="the database is unreachable"):
        records_of(source, Stream.CONSUMERS)
    assert not source.check().ok


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("FATAL: password authentication failed for user ztoe with S3cret%2F", ProviderMisconfigured),
        ("could not connect with S3cret/ at all", TransientError),
    ],
)
def test_a_password_is_masked_in_the_drivers_words(
    context: AdapterContext, monkeypatch: pytest.MonkeyPatch, words: str, kind: type[Exception]
) -> None:
    source = SqlSource(SqlSettings.model_validate({"url": "sqlite://"}), context)

    def refuse() -> None:
        raise sa.exc.OperationalError("connect", {}, Exception(words))

    url = sa.make_url("oracle://ztoe:S3cret%2F@host/base")
    monkeypatch.setattr(source, "_engine", SimpleNamespace(url=url, connect=refuse))
    with pytest.raises(kind) as error:
        records_of(source, Stream.CONSUMERS)
    assert "S3cret" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    ["nonsense", "nodialect://u:S3cret@h/b", "postgresql+nodriver://u:S3cret@h/b", "sqlite://u:S3cret@h:x/b"],
)
def test_a_url_that_is_none_stops_the_start_up_without_its_password(
    context: AdapterContext, url: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"billing\.tested\.url") as error:
        SqlSource(SqlSettings.model_validate({"url": url}), context)
    assert "S3cret" not in str(error.value)
    assert "S3cret" not in repr(SqlSettings.model_validate({"url": url}))
