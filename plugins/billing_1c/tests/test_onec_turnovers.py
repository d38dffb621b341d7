"""The turnover sheet: what is asked of the register, in which form, and what its rows come to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from ztoe_billing_1c.service import OneCSource
from ztoe_hub.errors import OperatorNeeded, UnexpectedAnswer
from ztoe_hub.testing.billing import records_of, rejected_of
from ztoe_hub.values import Article, StatementLineRecord, Stream

MakeSource = Callable[..., OneCSource]
MappingFile = Callable[[str], Path]
URL = "https://1c.example.com"
ZERO = "00000000-0000-0000-0000-000000000000"
OWN, THIRD = (f"{number}0000000-0000-4000-8000-000000000000" for number in (1, 3))


class Months:
    """A register that answers every month with these rows; `refuse` says which forms of the call it refuses."""

    def __init__(
        self, *rows: str, refuse: Callable[[httpx.Request], bool] = lambda _: False, status: int = 400
    ) -> None:
        self.rows = rows
        self.refuse = refuse
        self.status = status
        self.metadata = b""
        self.requests: list[httpx.Request] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/$metadata"):
            return httpx.Response(200, content=self.metadata)
        self.requests.append(request)
        if self.refuse(request):
            error = {"code": "6", "message": {"lang": "ru", "value": "Ні"}}
            return httpx.Response(self.status, json={"odata.error": error})
        return httpx.Response(200, content=f'{{"value": [{", ".join(self.rows)}]}}'.encode())


Over = Callable[..., OneCSource]


@pytest.fixture
def over(make_source: MakeSource, edmx: Callable[..., bytes], mapping_file: MappingFile) -> Over:
    """A source over such a register; `condition` goes into the mapping, settings are keywords."""

    def make(base: Months, condition: str | None = None, **settings: Any) -> OneCSource:
        base.metadata = edmx()
        site = {"streams": {"statement_lines": {"condition": condition}}}
        mapping = mapping_file(json.dumps(site, ensure_ascii=False)) if condition else None
        return make_source(URL, transport=httpx.MockTransport(base.handle), mapping=mapping, **settings)

    return make


def months_of(over: Over, *rows: str) -> OneCSource:
    return over(Months(*rows), **JANUARY)


def complete(source: OneCSource, stream: Stream) -> bool:
    return list(source.read(stream, None))[-1].complete


ACTIVE, REACTIVE = "АктивнаяЭлектроэнергия", "РеактивнаяЭлектроэнергия"


def turnover(article: str = ACTIVE, account: str = OWN, figures: str = "-735.22 3535.56 1000 1800.34") -> str:
    """A row of the virtual table, numbers as written."""
    opening, accrued, paid, closing = figures.split()
    return (
        f'{{"ЛицевойСчет_Key": "{account}", "ДоговорКонтрагента_Key": "{THIRD}", "СтатьяРеализации": "{article}",'
        f' "СуммаOpeningBalance": {opening}, "СуммаTurnover": 0, "СуммаReceipt": {accrued},'
        f' "СуммаExpense": {paid}, "СуммаClosingBalance": {closing}}}'
    )


JANUARY = {"history_from": "2018-04-01"}  # the source lives in April: one month, one request


def line_of(source: OneCSource) -> StatementLineRecord:
    [line] = records_of(source, Stream.STATEMENT_LINES)
    assert isinstance(line, StatementLineRecord)
    return line


def test_a_balance_is_a_debit_above_zero_and_a_credit_below(over: Over) -> None:
    assert line_of(months_of(over, turnover())) == StatementLineRecord(
        key=f"{OWN}:2018-04:active",
        account_key=OWN,
        period=date(2018, 4, 1),
        article=Article.ACTIVE,
        opening_debit_uah=Decimal(0),
        opening_credit_uah=Decimal("-735.22"),
        accrued_uah=Decimal("3535.56"),
        paid_uah=Decimal(1000),
        closing_debit_uah=Decimal("1800.34"),
        closing_credit_uah=Decimal(0),
    )


def test_rows_of_several_contracts_are_summed(over: Over) -> None:
    rows = [turnover(figures="-120 980.10 500 360.10"), turnover(figures="200.50 114.90 315.40 0")]
    line = line_of(months_of(over, *rows))
    assert (line.opening_debit_uah, line.opening_credit_uah) == (Decimal("80.50"), Decimal(0))
    assert (line.accrued_uah, line.paid_uah) == (Decimal("1095.00"), Decimal("815.40"))
    assert line.closing_debit_uah == Decimal("360.10")


def test_null_amounts_are_nothing(over: Over) -> None:
    line = line_of(months_of(over, turnover(figures="null null null null")))
    assert line.accrued_uah == line.paid_uah == line.closing_debit_uah == Decimal(0)


def test_sums_of_long_amounts_are_exact(over: Over) -> None:
    rows = [turnover(figures="0 123456789012345.67 0 123456789012345.67"), turnover(figures="0 0.01 0 0.01")]
    assert line_of(months_of(over, *rows)).accrued_uah == Decimal("123456789012345.68")


def test_a_sum_with_a_bad_row_in_it_is_not_given_out(over: Over) -> None:
    source = months_of(over, turnover(), turnover(figures="0 1e300 0 0"), turnover(article=REACTIVE))
    [found] = rejected_of(source, Stream.STATEMENT_LINES)
    assert (found.key, found.field) == (f"{OWN}:2018-04:active", "СуммаReceipt")
    assert found.place.endswith("2018-04, row 1")
    assert [record.key for record in records_of(source, Stream.STATEMENT_LINES)] == [
        f"{OWN}:2018-04:reactive"
    ]
    assert complete(source, Stream.STATEMENT_LINES)


def test_an_unknown_article_is_rejected_under_its_own_word(over: Over) -> None:
    source = months_of(over, turnover(article="Пеня"))
    [found] = rejected_of(source, Stream.STATEMENT_LINES)
    assert (found.key, found.field) == (f"{OWN}:2018-04:Пеня", "СтатьяРеализации")
    assert "Пеня" in found.reason


def test_a_turnover_of_nobody_is_rejected_and_holds_up_nobody(over: Over) -> None:
    source = months_of(over, turnover(account=ZERO), turnover())
    [found] = rejected_of(source, Stream.STATEMENT_LINES)
    assert (found.key, found.field) == (":2018-04:active", "ЛицевойСчет_Key")
    assert line_of(source).account_key == OWN
    assert complete(source, Stream.STATEMENT_LINES)


def test_a_turnover_that_cannot_be_decoded_leaves_the_read_incomplete(over: Over) -> None:
    source = months_of(over, '{"ЛицевойСчет_Key": 1}')
    assert [found.key for found in rejected_of(source, Stream.STATEMENT_LINES)] == [None]
    assert not complete(source, Stream.STATEMENT_LINES)


def by_query(request: httpx.Request) -> bool:
    return "StartPeriod" in request.url.params


def quoted(text: str) -> Callable[[httpx.Request], bool]:
    """Refuses the query, and conditions that hold this text."""
    return lambda request: by_query(request) or text in unquote(request.url.raw_path.decode())


@pytest.mark.parametrize("status", [400, 404])
def test_arguments_go_into_the_path_where_the_query_is_refused(over: Over, status: int) -> None:
    base = Months(turnover(), refuse=by_query, status=status)
    assert len(records_of(over(base, history_from="2018-02-01"), Stream.STATEMENT_LINES)) == 3
    paths = [unquote(request.url.raw_path.decode().partition("?")[0]) for request in base.requests]
    assert len(paths) == 4  # the query was tried once
    assert paths[1].endswith(
        "/BalanceAndTurnovers(StartPeriod=datetime'2018-02-01T00:00:00',EndPeriod=datetime'2018-02-28T23:59:59')"
    )
    assert all("+" not in request.url.raw_path.decode() for request in base.requests)


@pytest.mark.parametrize(
    ("quotes", "refused", "written"),
    [
        ("nested", "''1''", "'A eq guid'1''"),
        ("doubled", "guid'1'", "'A eq guid''1'''"),
        ("auto", "guid'1'", "'A eq guid''1'''"),
        ("auto", "guid''1''", "'A eq guid'1''"),
    ],
)
def test_quotes_inside_a_condition_are_written_as_the_base_wants(
    over: Over, quotes: str, refused: str, written: str
) -> None:
    base = Months(turnover(), refuse=quoted(refused))
    source = over(base, condition="A eq guid'1'", condition_quotes=quotes, history_from="2018-03-01")
    assert len(records_of(source, Stream.STATEMENT_LINES)) == 2
    assert base.requests[0].url.params["Condition"] == "A eq guid'1'"
    taken = [unquote(request.url.raw_path.decode()) for request in base.requests][-2:]
    assert all(f"Condition={written})" in path for path in taken)  # and not probed again


@pytest.mark.parametrize(
    "condition",
    ["Статья eq 'А+Б'", "Статья eq 'А?'", "Статья eq 'А\\Б'", "Статья eq '" + "а" * 260 + "'"],
)
def test_a_condition_that_would_not_survive_the_path_is_named(over: Over, condition: str) -> None:
    """Pitfall 21: IIS and 1C cut or change ?, + and backslashes in a path, and refuse a segment over 260."""
    source = over(Months(refuse=by_query), condition=condition, **JANUARY)
    with pytest.raises(OperatorNeeded, match="the condition"):
        records_of(source, Stream.STATEMENT_LINES)


def test_both_periods_are_always_sent(over: Over) -> None:
    base = Months()
    records_of(over(base), Stream.STATEMENT_LINES)
    periods = [
        (request.url.params["StartPeriod"], request.url.params["EndPeriod"]) for request in base.requests
    ]
    assert periods[1] == ("datetime'2018-02-01T00:00:00'", "datetime'2018-02-28T23:59:59'")
    assert len(periods) == 4


def test_three_years_are_read_unless_said_otherwise(over: Over) -> None:
    base = Months()
    records_of(over(base, history_from=None), Stream.STATEMENT_LINES)
    assert base.requests[0].url.params["StartPeriod"] == "datetime'2015-04-01T00:00:00'"
    assert len(base.requests) == 37


def test_the_next_read_asks_for_open_months_only(over: Over) -> None:
    base = Months(turnover())
    source = over(base)
    cursor = list(source.read(Stream.STATEMENT_LINES, None))[-1].cursor
    base.requests.clear()
    last = list(source.read(Stream.STATEMENT_LINES, cursor))[-1]
    asked = [request.url.params["StartPeriod"] for request in base.requests]
    assert asked == ["datetime'2018-03-01T00:00:00'", "datetime'2018-04-01T00:00:00'"]
    assert (last.complete, last.changes_only, last.covers_from) == (True, True, date(2018, 3, 1))


def test_a_page_instead_of_a_month_is_an_error(over: Over) -> None:
    base = Months(refuse=lambda _: False)
    source = over(base)
    base.rows = ("<html>Роботи</html>",)
    with pytest.raises(UnexpectedAnswer):
        records_of(source, Stream.STATEMENT_LINES)


def test_a_register_of_turnovers_without_balances_is_named(
    make_source: MakeSource, edmx: Callable[..., bytes]
) -> None:
    """Pitfall 14: a register of turnovers has no Balance, and no opening or closing either."""
    register = "AccumulationRegister_РасчетыСПотребителями"
    metadata = edmx(None, {f"{register}/BalanceAndTurnovers": None})
    source = make_source(URL, transport=httpx.MockTransport(lambda _: httpx.Response(200, content=metadata)))
    with pytest.raises(OperatorNeeded, match="has no BalanceAndTurnovers"):
        records_of(source, Stream.STATEMENT_LINES)


def test_a_row_that_does_not_add_up_is_given_out_for_the_hub_to_tell_of(over: Over) -> None:
    """Pitfall 14: opening + accrued - paid is not closing; the figures stay as 1C has them."""
    line = line_of(months_of(over, turnover(figures="0 100 0 99")))
    assert (line.accrued_uah, line.closing_debit_uah) == (Decimal(100), Decimal(99))
