"""A sandbox 1C over a real socket, sources that read it, and $metadata for scripted bases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from ztoe_billing_1c import LIMITS
from ztoe_billing_1c.hub_source import HubServiceSource
from ztoe_billing_1c.mapping import SiteMapping, load_mapping
from ztoe_billing_1c.preflight import AMOUNTS
from ztoe_billing_1c.rows import EDM_TYPES, ROWS, kinds_of
from ztoe_billing_1c.service import OneCSource
from ztoe_billing_1c.settings import OneCSettings, ServiceSettings
from ztoe_hub import AdapterContext
from ztoe_hub.testing.contexts import adapter_context
from ztoe_sandbox.process import Counterparty

APRIL = datetime(2018, 4, 15, tzinfo=UTC)
MakeSource = Callable[..., OneCSource]
EDMX = (
    '<edmx:Edmx xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" Version="1.0"><edmx:DataServices>'
    '<Schema xmlns="http://schemas.microsoft.com/ado/2009/11/edm" Namespace="StandardODATA">%s'
    '<EntityContainer Name="EnterpriseV8">%s</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>'
)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """The address of a base with the manual's data and 30 generated consumers."""
    with Counterparty("1c", "--consumers", "30") as counterparty:
        yield counterparty.url


@pytest.fixture
def own_sandbox() -> Iterator[str]:
    """The address of a base that a test may change as it likes."""
    with Counterparty("1c", "--consumers", "6") as counterparty:
        yield counterparty.url


@pytest.fixture
def contexts() -> Iterator[Callable[..., AdapterContext]]:
    """Builds contexts and closes them at the end."""
    made: list[AdapterContext] = []

    def make(transport: httpx.BaseTransport | None = None, now: datetime = APRIL) -> AdapterContext:
        context = adapter_context(limits=LIMITS, transport=transport, clock=lambda: now, sleep=lambda _: None)
        made.append(context)
        return context

    yield make
    for context in made:
        context.http.close()


@pytest.fixture
def make_source(contexts: Callable[..., AdapterContext]) -> MakeSource:
    """Build a source for an address; settings are keywords. It lives in April 2018 and looks back to January."""

    def make(
        url: str, *, transport: httpx.BaseTransport | None = None, now: datetime = APRIL, **settings: object
    ) -> OneCSource:
        given: dict[str, object] = {
            "base_url": f"{url}/utility",
            "service_url": f"{url}/utility/hs/ztoe",
            "username": "Адміністратор",
            "password": "demo",
            "history_from": date(2018, 1, 1),
            "page_size": 40,
        }
        return OneCSource(OneCSettings.model_validate(given | settings), contexts(transport, now))

    return make


@pytest.fixture
def make_service(contexts: Callable[..., AdapterContext]) -> Callable[..., HubServiceSource]:
    """Build a source of the HTTP service's kind for an address; settings are keywords."""

    def make(
        url: str, *, transport: httpx.BaseTransport | None = None, **settings: object
    ) -> HubServiceSource:
        given: dict[str, object] = {
            "service_url": f"{url}/utility/hs/ztoe",
            "username": "Адміністратор",
            "password": "demo",
            "page_size": 40,
        }
        return HubServiceSource(ServiceSettings.model_validate(given | settings), contexts(transport))

    return make


@pytest.fixture
def source(sandbox: str, make_source: MakeSource) -> OneCSource:
    """The sandbox as it is."""
    return make_source(sandbox)


@pytest.fixture
def mapping_file(tmp_path: Path) -> Callable[[str], Path]:
    """A site's file with this text."""

    def write(text: str) -> Path:
        path = tmp_path / "mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def edmx() -> Callable[..., bytes]:
    """$metadata of a base in which everything of a mapping is there, but for what is changed.

    `changes` says "Set.Field" -> another type, or None for a field that is not there; "Set" -> None for a whole set.
    """

    def make(mapping: Path | None = None, changes: Mapping[str, str | None] | None = None) -> bytes:
        return _edmx(load_mapping(mapping), changes or {}).encode()

    return make


def _edmx(mapping: SiteMapping, changes: Mapping[str, str | None]) -> str:
    types, container = [], []
    for stream, found in mapping.sets().items():
        fields = {"Ref_Key": "Edm.Guid", "DeletionMark": "Edm.Boolean"} | dict.fromkeys(found.key, "Edm.Guid")
        if found.date:
            fields |= {"Posted": "Edm.Boolean", found.date: "Edm.DateTime"}
        if found.folder:
            fields[found.folder] = "Edm.Boolean"
        kinds = kinds_of(ROWS[stream])
        for name, field in found.fields.items():
            if field.names:
                fields.setdefault(field.names[0], EDM_TYPES[kinds[name]][0])
        if changes.get(found.set, "") is not None:
            types.append(_type("EntityType", found.set, fields, changes))
            container.append(f'<EntitySet Name="{found.set}" EntityType="StandardODATA.{found.set}"/>')
    if mapping.statement is not None and changes.get(mapping.statement.register_, "") is not None:
        register = mapping.statement.register_
        dimension = {name: mapping.statement.fields[name].names for name in ("account", "article", "amount")}
        amounts = [name + suffix for name in dimension["amount"] for suffix in AMOUNTS.values()]
        row = {f"{name}_Key": "Edm.Guid" for name in dimension["account"]}
        row |= dict.fromkeys(dimension["article"], "Edm.String") | dict.fromkeys(amounts, "Edm.Double")
        types.append(_type("EntityType", register, {}, {}))
        types.append(_type("ComplexType", f"{register}_BalanceAndTurnover", row, changes))
        container.append(f'<EntitySet Name="{register}" EntityType="StandardODATA.{register}"/>')
        if changes.get(f"{register}/BalanceAndTurnovers", "") is not None:
            container.append(
                '<FunctionImport Name="BalanceAndTurnovers" '
                f'ReturnType="Collection(StandardODATA.{register}_BalanceAndTurnover)">'
                f'<Parameter Name="bindingParameter" Type="StandardODATA.{register}"/></FunctionImport>'
            )
    return EDMX % ("".join(types), "".join(container))


def _type(tag: str, name: str, fields: Mapping[str, str], changes: Mapping[str, str | None]) -> str:
    left = {field: changes.get(f"{name}.{field}", kind) for field, kind in fields.items()}
    properties = "".join(
        f'<Property Name="{field}" Type="{kind}"/>' for field, kind in left.items() if kind is not None
    )
    return f'<{tag} Name="{name}">{properties}</{tag}>'
