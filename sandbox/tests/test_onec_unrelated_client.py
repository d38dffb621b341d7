"""A public OData client for 1C that knows nothing of us reads the sandbox: python-1c-odata from PyPI."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ztoe_sandbox.onec.app import create_app
from ztoe_sandbox.serving import Server

client = pytest.importorskip("python_1c_odata")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server(create_app(consumers=6, state_path=None, faults=None), 0)
    server.start()
    yield server
    server.stop()


Question = Callable[[Any], Awaitable[Any]]
ACCOUNTS, POINTS, SETTLEMENTS = "ЛицевыеСчета", "ТочкиУчета", "РасчетыСПотребителями"


@pytest.fixture(params=["json", "atom"])
def ask(server: Server, request: pytest.FixtureRequest) -> Callable[[Question], Any]:
    """Puts a question to the base, in JSON or in Atom."""

    def run(question: Question) -> Any:
        async def session() -> Any:
            async with client.Infobase(
                server.url, "utility", "Адміністратор", "demo", format=request.param
            ) as base:
                return await question(base)

        # In a thread of its own: a browser's test may have left a running loop in this one.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(session())).result()

    return run


Ask = Callable[[Question], Any]


def test_it_reads_rows(ask: Ask) -> None:
    page = ask(lambda base: client.Catalog(base, ACCOUNTS).query(top=3, orderby="Code"))
    assert len(page.value) == 3
    assert {"Ref_Key", "Code", "КодПотребителя"} <= set(page.value[0])


def test_it_filters_with_spaces_and_cyrillic(ask: Ask) -> None:
    condition = (client.F("Code") == "0030009м") & (client.F("DeletionMark") == False)  # noqa: E712  its language
    page = ask(lambda base: client.Catalog(base, ACCOUNTS).query(odata_filter=condition))
    assert [row["Code"].rstrip() for row in page.value] == ["0030009м"]


def test_it_reads_one_object_and_counts(ask: Ask) -> None:
    async def question(base: Any) -> tuple[str, str, int]:
        points = client.Catalog(base, POINTS)
        first = (await points.query(top=1)).value[0]
        again = await points.get(first["Ref_Key"])
        return first["Description"], again["Description"], await points.count()

    one, other, count = ask(question)
    assert one == other
    assert count > 9


def test_it_reads_a_virtual_table(ask: Ask) -> None:
    found = ask(
        lambda base: client.AccumulationRegister(base, SETTLEMENTS).balance_and_turnovers(
            start_period="2018-01-01T00:00:00", end_period="2018-01-31T23:59:59"
        )
    )
    rows = found["value"]
    assert any(float(row["СуммаReceipt"] or 0) == 3535.56 for row in rows)


def test_it_understands_the_metadata(ask: Ask) -> None:
    names = ask(lambda base: base.entity_sets())
    assert {f"Catalog_{ACCOUNTS}", f"AccumulationRegister_{SETTLEMENTS}"} <= set(names)


def test_it_understands_a_refusal(ask: Ask) -> None:
    with pytest.raises(Exception, match="не найден"):
        ask(lambda base: client.Catalog(base, "Немає").query(top=1))
