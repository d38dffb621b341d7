"""The mapping, and how it is fitted to what a base has: everything that does not fit is named before a row is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from ztoe_billing_1c.mapping import load_mapping
from ztoe_billing_1c.metadata import parse_metadata
from ztoe_billing_1c.preflight import fit_all, fitted, wanted_sets
from ztoe_billing_1c.service import OneCSource
from ztoe_hub.errors import ConfigurationError, OperatorNeeded, UnexpectedAnswer
from ztoe_hub.testing.billing import records_of
from ztoe_hub.values import Page, Stream

MakeSource = Callable[..., OneCSource]
MappingFile = Callable[[str], Path]
Edmx = Callable[..., bytes]
DATA = Path(__file__).parent / "data"
REGISTER = "AccumulationRegister_РасчетыСПотребителями"


def notes(edmx: Edmx, mapping: Path | None = None, **changes: str | None) -> dict[str, str]:
    """«stream.field» -> the note of its line."""
    named = {name.replace("__", "."): kind for name, kind in changes.items()}
    site = load_mapping(mapping)
    fits = fit_all(site, parse_metadata(edmx(None, named), wanted_sets(site)))
    return {f"{line.stream}.{line.field}": line.note for fit in fits.values() for line in fit.lines}


# --- the mapping file --------------------------------------------------------------------------------


def test_what_a_sites_file_leaves_out_is_the_built_in_mapping(mapping_file: MappingFile) -> None:
    site = load_mapping(mapping_file("streams: {consumers: {fields: {email: Почта}}}"))
    assert site.sets()[Stream.CONSUMERS].fields["email"].names == ("Почта",)
    assert (
        site.sets()[Stream.CONSUMERS].fields["phone"]
        == load_mapping(None).sets()[Stream.CONSUMERS].fields["phone"]
    )
    assert site.sets()[Stream.ACCOUNTS] == load_mapping(None).sets()[Stream.ACCOUNTS]


def test_a_stream_may_be_left_out_or_added(mapping_file: MappingFile, make_source: MakeSource) -> None:
    text = """
    streams:
      districts: null
      readings_history:
        set: InformationRegister_Показания
        key: [ТочкаУчета_Key, Period]
        fields: {point: ТочкаУчета_Key, taken_on: Period, value: Показание}
    """
    source = make_source("https://1c.example.com", mapping=mapping_file(text))
    assert Stream.READINGS_HISTORY in source.capabilities.streams
    assert Stream.DISTRICTS not in source.capabilities.streams


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("streams: {invoices: {fields: {amuont: Сумма}}}", "amuont"),
        ("streams: {invoices: {fields: {number: null}}}", "number is needed"),
        ("streams: {invoices: {fields: {number: ''}}}", "number"),
        ("streams: {invoices: {order: [sum]}}", "sum"),
        ("streams: {payments: {set: Document_Оплата, fields: {paid_on: Date}}}", "amount is needed"),
        ("streams: {statement_lines: {set: X}}", "statement_lines"),
        ("streams: {statement_lines: {fields: {amount: null}}}", "amount is needed"),
        ("words: {articles: {Пеня: penalty}}", "penalty|articles"),
        ("version: 2", "version"),
        ("sets: {}", "sets"),
        ("[1, 2]", "a table"),
        ("a: [", "no YAML"),
        ("!!python/object/apply:os.system ['true']", "no YAML"),
    ],
)
def test_a_file_that_cannot_work_is_named(mapping_file: MappingFile, text: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        load_mapping(mapping_file(text))
    assert "mapping.yaml" in str(caught.value)


@pytest.mark.parametrize("condition", ["Recorder eq '1'", "Активность eq true and Recorder_Key eq guid'1'"])
@pytest.mark.parametrize("place", ["invoices: {filter: %s}", "statement_lines: {condition: %s}"])
def test_a_filter_that_finds_nothing_in_silence_is_refused(
    mapping_file: MappingFile, place: str, condition: str
) -> None:
    """Pitfall 12: no rows and no error, and everything would have vanished."""
    text = f"streams: {{{place % json.dumps(condition, ensure_ascii=False)}}}"
    with pytest.raises(ConfigurationError, match="Recorder"):
        load_mapping(mapping_file(text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml"):
        load_mapping(tmp_path / "nowhere.yaml")


# --- what fits ---------------------------------------------------------------------------------------


def test_explain_says_where_each_field_comes_from(edmx: Edmx) -> None:
    found = notes(edmx)
    assert found["consumers.tax_code"] == "candidate 1 of 3"
    assert found["accounts.number"] == "candidate 1 of 2"
    assert found["consumers.phone"] == ""
    assert found["statement_lines.opening"] == ""


def test_explain_names_defaults_constants_and_what_is_not_mapped(
    edmx: Edmx, mapping_file: MappingFile
) -> None:
    text = "{eic: null, kind: {constant: Активная}, coefficient: {names: [КТ], default: '1'}}"
    found = notes(edmx, mapping_file(f"streams: {{metering_points: {{fields: {text}}}}}"))
    assert found["metering_points.eic"] == "not mapped"
    assert found["metering_points.kind"] == "constant"
    assert found["metering_points.coefficient"] == "default"


def test_explain_of_the_sandbox_finds_everything(source: OneCSource) -> None:
    lines = source.explain()
    assert {line.stream for line in lines} == source.capabilities.streams
    assert not [line for line in lines if "missing" in line.note or "wrong" in line.note]
    [amount] = [line for line in lines if (line.stream, line.field) == (Stream.INVOICES, "amount")]
    assert amount.origin == "Document_СчетНаОплату.СуммаДокумента"


SHRUNKEN: Mapping[str, str | None] = {
    "Catalog_РЭМ": None,
    "Catalog_Контрагенты.Телефон": None,
    "Document_СчетНаОплату.СуммаДокумента": "Edm.String",
    f"{REGISTER}_BalanceAndTurnover.СуммаReceipt": None,
}


def test_all_that_is_missing_is_listed_at_once(edmx: Edmx) -> None:
    """Pitfall 13: the composition shrank, a field was renamed, a type changed."""
    site = load_mapping(None)
    with pytest.raises(OperatorNeeded) as caught:
        fitted(site, parse_metadata(edmx(None, SHRUNKEN), wanted_sets(site)))
    told = str(caught.value)
    assert "Catalog_РЭМ is not in the composition" in told
    assert "Catalog_Контрагенты: there is no field Телефон" in told
    assert "Document_СчетНаОплату.СуммаДокумента: a number is expected, it is Edm.String now" in told
    assert f"{REGISTER}/BalanceAndTurnovers: there is no field СуммаReceipt" in told


def test_what_does_not_fit_is_shown_by_explain_too(edmx: Edmx) -> None:
    found = notes(edmx, None, Catalog_Контрагенты__Телефон=None, Document_СчетНаОплату__Date="Edm.String")
    assert found["consumers.phone"] == "missing"
    assert found["invoices.formed_at"] == "wrong type: Edm.String"
    assert notes(edmx, None, Catalog_РЭМ=None)["districts.code"] == "missing"


@pytest.mark.parametrize("stream", [Stream.DISTRICTS, Stream.INVOICES, Stream.STATEMENT_LINES])
def test_a_shrunken_composition_stops_every_stream_before_a_row_is_read(
    make_source: MakeSource, own_sandbox: str, stream: Stream
) -> None:
    """Pitfall 13, against a base over a socket."""
    source = make_source(own_sandbox)
    switches = {"metadata_drop": ["Catalog_ТочкиУчета.КодEIC", "Document_СчетНаОплату"]}
    httpx.post(f"{own_sandbox}/sandbox/switches", json=switches).raise_for_status()
    pages: list[Page] = []
    with pytest.raises(OperatorNeeded, match="КодEIC") as caught:
        pages.extend(source.read(stream, None))
    assert "Document_СчетНаОплату is not in the composition" in str(caught.value)
    assert pages == []


# --- $metadata ---------------------------------------------------------------------------------------


def test_a_real_metadata_is_understood() -> None:
    content = (DATA / "01_metadata_trade_demo_8.5_trimmed.edmx").read_bytes()
    found = parse_metadata(content, frozenset({"Catalog_Контрагенты", "AccumulationRegister_ЗаказыКлиентов"}))
    assert found.sets["Catalog_Контрагенты"]["Ref_Key"] == "Edm.Guid"
    assert found.sets["Catalog_Контрагенты"]["ИНН"] == "Edm.String"
    table = found.tables["AccumulationRegister_ЗаказыКлиентов/BalanceAndTurnovers"]
    assert any(name.endswith("OpeningBalance") for name in table)


def test_a_real_base_without_our_sets_is_told_all_of_it() -> None:
    site = load_mapping(None)
    content = (DATA / "01_metadata_trade_demo_8.5_trimmed.edmx").read_bytes()
    with pytest.raises(OperatorNeeded) as caught:
        fitted(site, parse_metadata(content, wanted_sets(site)))
    assert "Catalog_ЛицевыеСчета is not in the composition" in str(caught.value)
    assert "Catalog_Контрагенты: there is no field КодПользователя or КодКабинета" in str(caught.value)


def test_stored_values_are_other_types() -> None:
    content = (DATA / "13_metadata_value_storage_synthetic.edmx").read_bytes()
    found = parse_metadata(content, frozenset({"Catalog_Файлы"}))
    assert found.sets["Catalog_Файлы"]["ФайлХранилище"] == "Edm.Stream"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><edmx>&b;</edmx>'


@pytest.mark.parametrize("content", [BOMB, "<edmx:Edmx", "", "<a/>", "{}"])
def test_what_is_no_metadata_is_refused(content: str) -> None:
    with pytest.raises(UnexpectedAnswer):
        parse_metadata(content.encode(), frozenset())


class Base:
    """Serves $metadata, and empty sets."""

    def __init__(self, metadata: bytes) -> None:
        self.metadata = metadata
        self.given = 0
        self.now = datetime(2018, 4, 15, tzinfo=UTC)
        self.refuse = False

    def handle(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/$metadata"):
            body: dict[str, object] = {"odata.error": {"code": "6", "message": {}}}
            return httpx.Response(400, json=body) if self.refuse else httpx.Response(200, json={"value": []})
        self.given += 1
        return httpx.Response(200, content=self.metadata)


@pytest.fixture
def base(edmx: Edmx) -> Base:
    return Base(edmx())


@pytest.fixture
def over(base: Base, make_source: MakeSource) -> OneCSource:
    source = make_source("https://1c.example.com", transport=httpx.MockTransport(base.handle))
    source._metadata._clock = lambda: base.now
    return source


def test_metadata_is_asked_for_once_a_run(over: OneCSource, base: Base) -> None:
    for stream in over.capabilities.streams:
        records_of(over, stream)
    assert base.given == 1


def test_metadata_is_parsed_only_when_it_has_changed(over: OneCSource, base: Base, edmx: Edmx) -> None:
    records_of(over, Stream.ACCOUNTS)
    with over._odata.in_session() as client:
        first = over._metadata.current(client)
        base.now += timedelta(days=1)
        assert over._metadata.current(client) is first
        assert base.given == 2
        base.metadata = edmx(None, {"Catalog_РЭМ": None})
        base.now += timedelta(days=1)
        assert over._metadata.current(client) is not first


def test_metadata_is_asked_for_anew_when_the_base_refuses_what_was_mapped(
    over: OneCSource, base: Base
) -> None:
    base.refuse = True
    with pytest.raises(OperatorNeeded):
        records_of(over, Stream.ACCOUNTS)
    base.refuse = False
    records_of(over, Stream.ACCOUNTS)
    assert base.given == 2
