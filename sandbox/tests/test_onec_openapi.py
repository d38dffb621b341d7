"""The contract of the HTTP service is a sound OpenAPI document, and the sandbox keeps it word by word."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import yaml

from ztoe_sandbox.onec.app import create_app
from ztoe_sandbox.onec.codes import key_of
from ztoe_sandbox.serving import Server

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "hub-http-service.openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch")
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None),
}  # fmt: skip


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node that a reference leads to; what stands beside the reference counts too."""
    if "$ref" not in node:
        return node
    found: Any = document
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return {**resolve(document, found), **{key: value for key, value in node.items() if key != "$ref"}}


def problems(document: dict[str, Any], schema: dict[str, Any], value: Any, where: str = "$") -> Iterator[str]:
    """What is wrong with a value: the part of JSON Schema that the document uses."""
    schema = resolve(document, schema)
    for part in schema.get("allOf", ()):
        yield from problems(document, part, value, where)
    if "oneOf" in schema and not any(not list(problems(document, part, value)) for part in schema["oneOf"]):
        yield f"{where}: fits none"
    kinds = schema.get("type", [])
    names = [kinds] if isinstance(kinds, str) else kinds
    if names and not any(isinstance(value, TYPES[name]) for name in names):
        yield f"{where}: is no {names}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not listed"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{where}: {value!r} does not match"
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        yield f"{where}: too short"
    if isinstance(value, list):
        for place, each in enumerate(value):
            yield from problems(document, schema.get("items", {}), each, f"{where}[{place}]")
    if isinstance(value, dict):
        yield from (f"{where}: no {name}" for name in schema.get("required", ()) if name not in value)
        for name, each in value.items():
            inner = schema.get("properties", {}).get(name)
            if inner is not None:
                yield from problems(document, inner, each, f"{where}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{where}: {name} is unknown"


def schema_of(document: dict[str, Any], operation: dict[str, Any], status: int) -> dict[str, Any]:
    answer = resolve(document, operation["responses"][str(status)])
    return dict(answer["content"]["application/json"]["schema"])


# --- the document ------------------------------------------------------------------------------------


def test_it_is_an_openapi_document(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert {"title", "version", "description"} <= set(document["info"])
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                resolve(document, node)
            for each in node.values():
                walk(each)
        elif isinstance(node, list):
            for each in node:
                walk(each)

    walk(document)


def test_every_operation_is_described_and_refuses_strangers(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for method, path, operation in operations(document):
        assert operation["summary"], (method, path)
        assert set(operation["tags"]) <= tags
        assert "401" in operation["responses"], (method, path)


def test_every_part_of_a_path_is_a_parameter(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                given = [*item.get("parameters", []), *item[method].get("parameters", [])]
                names = {
                    each["name"] for each in (resolve(document, one) for one in given) if each["in"] == "path"
                }
                assert names == set(re.findall(r"{(\w+)}", path)), path


def test_the_sandbox_serves_exactly_what_is_written(document: dict[str, Any]) -> None:
    app = create_app(consumers=0, state_path=None, faults=None)
    written = {(method, re.sub(r"{\w+}", "<>", path)) for method, path, _ in operations(document)}
    streams = {path for _, path, operation in operations(document) if operation["tags"] == ["streams"]}
    served = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/utility/hs/ztoe") and rule.endpoint != "service.nothing_here":
            path = re.sub(r"<\w+>", "<>", rule.rule.removeprefix("/utility/hs/ztoe"))
            names = streams if path == "/v1/<>" else {path}
            served |= {(method, name) for method in rule.methods or () for name in names}
    assert {each for each in served if each[0] not in ("HEAD", "OPTIONS")} == written


# --- the sandbox -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base() -> Iterator[httpx.Client]:
    server = Server(create_app(consumers=20, state_path=None, faults=None), 0)
    server.start()
    with httpx.Client(base_url=server.url + "/utility/hs/ztoe", auth=("odata", "demo")) as client:
        yield client
    server.stop()


def sheet(**changes: Any) -> dict[str, Any]:
    line = {
        "metering_point_key": key_of("point", "manual-7"), "meter_number": "4006314", "digits": 5,
        "coefficient": "20", "previous_on": "2024-02-29", "previous_value": "15230",
        "current_on": "2024-03-31", "current_value": "15251.5", "rolled_over": False,
    }  # fmt: skip
    return {
        "revision": 1, "account_number": "186", "consumer_code": "125000186", "period": "2024-03-01",
        "confirmed_at": "2024-03-31T18:30:00+03:00", "lines": [line],
    } | changes  # fmt: skip


def check(
    document: dict[str, Any], path: str, method: str, answer: httpx.Response, status: int | None = None
) -> None:
    """The answer is one that the document lists, in the shape that it gives."""
    operation = document["paths"][path][method]
    assert answer.status_code == (status or answer.status_code)
    assert str(answer.status_code) in operation["responses"]
    schema = schema_of(document, operation, answer.status_code)
    assert list(problems(document, schema, answer.json())) == []


STREAMS = (
    "districts", "consumers", "accounts", "metering_points", "readings_history", "statement_lines", "invoices",
    "payments",
)  # fmt: skip


@pytest.mark.parametrize("stream", STREAMS)
def test_streams_come_as_written(document: dict[str, Any], base: httpx.Client, stream: str) -> None:
    seen, cursor = 0, ""
    while True:
        answer = base.get(f"/v1/{stream}?limit=7&after={cursor}")
        check(document, f"/v1/{stream}", "get", answer, 200)
        page = answer.json()
        seen += len(page["rows"])
        assert page["complete"] is not page["more"]
        cursor = page["cursor"]
        if not page["more"]:
            break
    assert seen == len(base.get(f"/v1/{stream}?limit=10000").json()["rows"])


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=10001", "after=???", "page=2"])
def test_a_bad_question_about_a_stream_is_refused(
    document: dict[str, Any], base: httpx.Client, query: str
) -> None:
    check(document, "/v1/invoices", "get", base.get(f"/v1/invoices?{query}"), 400)


def test_a_sheet_is_taken_once_and_reported_as_written(document: dict[str, Any], base: httpx.Client) -> None:
    path = "/v1/readings/{sheet_key}"
    assert list(problems(document, {"$ref": "#/components/schemas/Sheet"}, sheet())) == []
    check(document, path, "put", base.put("/v1/readings/s:1", json=sheet()), 201)
    check(document, path, "put", base.put("/v1/readings/s:1", json=sheet()), 200)
    different = sheet(confirmed_at="2024-03-31T19:00:00+03:00")
    check(document, path, "put", base.put("/v1/readings/s:1", json=different), 409)
    verdict = {
        "metering_point_key": key_of("point", "manual-7"),
        "reason": "other",
        "sent": "1",
        "known": "2",
    }
    root = str(base.base_url).partition("/utility")[0]
    httpx.post(f"{root}/sandbox/sheets/s:1/1", json={"refusals": [verdict]}).raise_for_status()
    answer = base.get("/v1/reading-results")
    check(document, "/v1/reading-results", "get", answer, 200)
    assert [result["refusals"] for result in answer.json()["results"]] == [[verdict]]
    assert base.get(f"/v1/reading-results?after={answer.json()['cursor']}").json()["results"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (sheet(revision="1"), 400),
        (sheet(period="2024-03-02"), 400),
        (sheet(confirmed_at="2024-03-31T18:30:00"), 400),
        (sheet(lines=[]), 400),
        (sheet(comment="x"), 400),
        (sheet(lines=[sheet()["lines"][0] | {"current_value": 15251.5}]), 400),
        (sheet(account_number="187"), 422),
        (sheet(lines=[sheet()["lines"][0] | {"metering_point_key": key_of("point", "manual-1")}]), 422),
    ],
)
def test_a_sheet_of_another_shape_is_refused(
    document: dict[str, Any], base: httpx.Client, body: dict[str, Any], status: int
) -> None:
    answer = base.put("/v1/readings/refused", json=body)
    check(document, "/v1/readings/{sheet_key}", "put", answer, status)


def test_an_unknown_sheet_is_404_and_a_bad_key_400(document: dict[str, Any], base: httpx.Client) -> None:
    check(document, "/v1/readings/{sheet_key}", "delete", base.delete("/v1/readings/never"), 404)
    assert base.put("/v1/readings/a%20b", json=sheet()).status_code == 400


def test_an_order_is_answered_as_written(document: dict[str, Any], base: httpx.Client) -> None:
    content = b"%PDF-1.4"
    digest = hashlib.sha256(content).hexdigest()
    headers = {
        "X-Content-SHA256": digest,
        "X-File-Name": quote("Заява.pdf"),
        "Content-Type": "application/pdf",
    }
    assert base.put("/v1/orders/o-1/files/application", content=content, headers=headers).status_code == 204
    order = {
        "service_code": "meter-check", "service_name": "Експертиза лічильника", "account_number": "186",
        "consumer_code": "125000186", "metering_point_key": key_of("point", "manual-7"),
        "eic": "62Z8102184873135", "voltage_class": "0.4", "device_count": 1, "contact_name": "Особа",
        "contact_phone": "+380410000015", "ordered_at": "2024-03-18T13:18:00+02:00",
        "files": [{"role": "application", "name": "Заява.pdf", "sha256": digest, "size": len(content)}],
    }  # fmt: skip
    assert list(problems(document, {"$ref": "#/components/schemas/Order"}, order)) == []
    check(document, "/v1/orders/{order_id}", "put", base.put("/v1/orders/o-1", json=order), 201)
    check(document, "/v1/orders/{order_id}", "get", base.get("/v1/orders/o-1"), 200)
    check(document, "/v1/order-updates", "get", base.get("/v1/order-updates"), 200)
    check(document, "/v1/ping", "get", base.get("/v1/ping"), 200)


def test_the_checker_itself_finds_what_is_wrong(document: dict[str, Any]) -> None:
    invoice = {"$ref": "#/components/schemas/Invoice"}
    assert len(list(problems(document, invoice, {"key": "", "amount_uah": 1.5, "kind": "x"}))) == 7
