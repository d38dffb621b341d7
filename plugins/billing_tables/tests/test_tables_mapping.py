"""The mapping file: what it may say, and how it is told what is wrong."""

from __future__ import annotations

import re
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from ztoe_billing_tables.keys import join_key, split_key
from ztoe_billing_tables.mapping import Format
from ztoe_billing_tables.mapping_file import parse_mapping
from ztoe_billing_tables.settings import FilesSettings, SqlSettings
from ztoe_hub.errors import ConfigurationError
from ztoe_hub.values import DistrictRecord, Stream

EXAMPLE = (files("ztoe_billing_tables") / "example.yaml").read_text("utf-8")


def test_the_example_is_a_mapping_of_every_stream() -> None:
    streams = parse_mapping(EXAMPLE, "example.yaml").streams
    assert set(streams) == set(Stream)
    assert {entry.format for entry in streams.values()} == set(Format) - {
        Format.ENTERPRISEDATA,
        Format.BANK_TEXT,
    }


def test_every_mapping_of_the_readme_is_one() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    found = [parse_mapping(text, "README.md") for text in re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)]
    formats = {entry.format for mapping in found for entry in mapping.streams.values()}
    assert formats == {Format.INLINE, Format.ENTERPRISEDATA, Format.BANK_TEXT}


def test_every_setting_is_in_the_readme() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    for settings in (FilesSettings, SqlSettings):
        for name, field in settings.model_fields.items():
            assert f"`{field.alias or name}`" in readme, name


def test_rows_may_stand_in_the_mapping(site: Any, read_all: Any) -> None:
    source = site.source(EXAMPLE)
    found = read_all(source, Stream.DISTRICTS)
    assert found.records[0] == DistrictRecord(key="31", code="31", name="Житомирський РЕМ")
    assert found.last.complete
    assert source.capabilities.streams == set(Stream)
    assert {line.stream for line in source.explain()} == set(Stream)


CSV = """\
streams:
  consumers:
    format: csv
    files: c.csv
    key: Код
    columns:
      name: Назва
"""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("format: csv", "format: cvs"), "site.yaml line 3: streams.consumers.format: Input should be 'csv'"),
        (("files: c.csv", "fils: c.csv"), "site.yaml line 4: streams.consumers.fils: Extra inputs are not permitted"),
        (("      name: Назва", "      nam: Назва"), "site.yaml line 7: streams.consumers.columns.nam: consumers has no such"),
        (("name: Назва", "name: {colum: Назва}"), "site.yaml line 7: streams.consumers.columns.name"),
        (("consumers:", "customers:"), "site.yaml line 2: streams.customers"),
        (("    key: Код\n", ""), "site.yaml line 2: streams.consumers: `columns` and `key` say which"),
        (("name: Назва", "email: Назва"), "site.yaml line 6: streams.consumers.columns: no column or default for name"),
        (("key: Код", "key: Код\n    defaults: {phone: 0441234567}"), "line 6: streams.consumers.defaults.phone: is text"),
        (("key: Код", "key: Код\n    mode: months"), "line 6: streams.consumers.mode: consumers has no period"),
        (("key: Код", "key: Код\n    words: {name: {а: active}}"), "line 6: streams.consumers.words.name.а"),
        (("key: Код", "key: Код\n    key: Код2"), "site.yaml line 6: streams.consumers.key comes twice"),
        (("key: Код", "key: &k Код\n    sheet: *k"), "an alias"),
        (("key: Код", "key: [Код"), "site.yaml line"),
        (("key: Код", "key: !!python/object/apply:os.system ['id']"), "site.yaml"),
        (("files: c.csv", "rows: []"), "streams.consumers: `inline` has `rows`"),
        (("key: Код", "key: Код\n    encoding: cp1252"), "line 6: streams.consumers.encoding"),
        (("key: Код", "key: Код\n    filters: [{column: А}]"), "give one of `equals`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_line_and_key(changed: tuple[str, str], said: str) -> None:
    text = CSV.replace(*changed)
    assert text != CSV
    with pytest.raises(ConfigurationError) as error:
        parse_mapping(text, "site.yaml")
    assert said in str(error.value)


@pytest.mark.parametrize(
    "text", ["", "streams: {}", "[1, 2]", "x", "\x00", "a: b: c", "streams: 5", "- &a [*a]"]
)
def test_what_is_no_mapping_at_all_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"site\.yaml"):
        parse_mapping(text, "site.yaml")


def test_a_missing_mapping_stops_the_start_up(site: Any) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        site.source(CSV, mapping=site.place / "nowhere.yaml")
    (site.place / "binary.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        site.source(CSV, mapping=site.place / "binary.yaml")


def test_a_row_of_the_mapping_that_lacks_something_is_refused() -> None:
    text = 'streams: {districts: {format: inline, rows: [{key: "1", code: "1"}, {key: 31, code: "2", name: "Б"}]}}'
    with pytest.raises(ConfigurationError, match=r"rows\.\d"):
        parse_mapping(text, "site.yaml")


def test_a_default_may_be_a_number_with_a_comma_in_a_cell(site: Any, read_all: Any) -> None:
    entry = {
        "format": "csv", "files": "*.csv", "key": "ТО", "decimal": "comma",
        "columns": {"account_key": "О/р", "name": "ТО", "coefficient": "РК"},
        "defaults": {"kind": "А", "coefficient": 20},
    }  # fmt: skip
    site.drop("points.csv", "ТО;О/р;РК\n1;1;1.000,5\n2;1;\n3;1;0\n")
    found = read_all(site.source({"metering_points": entry}), Stream.METERING_POINTS)
    assert [each.coefficient for each in found.records] == [Decimal("1000.5"), Decimal(20)]
    assert found.reasons == [("points.csv line 4", "3", "coefficient", "is not above zero")]


@pytest.mark.parametrize(
    "parts", [["a"], ["a|b"], ["a", "b"], ["a|", "\\|b", "c\\"], ["", "x", ""], ["\\", "|"]]
)
def test_keys_are_taken_apart_as_they_were_made(parts: list[str]) -> None:
    assert split_key(join_key(parts), len(parts)) == parts
    assert len(parts) == 1 or split_key(join_key(parts), len(parts) + 1) is None
