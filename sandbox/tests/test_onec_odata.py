"""The OData interface of the 1C base: its dialect, its strictness, and the figures it serves."""

import base64
import json
import re
import socket
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from ztoe_sandbox.onec.app import create_app
from ztoe_sandbox.serving import Server

ROOT = "/utility/odata/standard.odata/"
REGISTER = "AccumulationRegister_РасчетыСПотребителями"
READINGS = "InformationRegister_ПоказанияКабинета"  # empty until somebody writes
JANUARY = "StartPeriod=datetime'2018-01-01T00:00:00'&EndPeriod=datetime'2018-01-31T23:59:59'"
ZERO = "00000000-0000-0000-0000-000000000000"
CSDL = "{http://schemas.microsoft.com/ado/2009/11/edm}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server(create_app(consumers=60, state_path=None, faults=None), 0)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def base(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url + ROOT, auth=("Адміністратор", "demo")) as client:
        yield client


def rows(base: httpx.Client, address: str) -> list[dict[str, Any]]:
    sign = "&" if "?" in address else "?"
    response = base.get(f"{address}{sign}$format=application/json;odata=nometadata")
    assert response.status_code == 200, response.text
    data = json.loads(response.text, parse_float=Decimal)
    assert list(data) == ["value"]
    return list(data["value"])


def refusal(base: httpx.Client, address: str) -> tuple[int, str]:
    sign = "&" if "?" in address else "?"
    response = base.get(f"{address}{sign}$format=json")
    error = response.json()["odata.error"]
    assert error["message"]["lang"] == "ru"
    return response.status_code, error["code"]


def account_key(base: httpx.Client, number: str) -> str:
    return str(rows(base, f"Catalog_ЛицевыеСчета?$filter=Code eq '{number}'")[0]["Ref_Key"])


# -- who is let in


@pytest.mark.parametrize("user", ["Адміністратор", "odata"])
def test_a_known_user_is_let_in(server: Server, user: str) -> None:
    assert httpx.get(server.url + ROOT, auth=(user, "demo")).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer demo",
        "Basic ???",
        "Basic " + base64.b64encode(b"odata:wrong").decode(),
        "Basic " + base64.b64encode("Адміністратор:demo".encode("cp1251")).decode(),
    ],
)
@pytest.mark.parametrize("path", [ROOT, "/utility/hs/ztoe/v1/ping"])
def test_anybody_else_sees_a_page_of_1c(server: Server, path: str, authorization: str) -> None:
    response = httpx.get(server.url + path, headers={"Authorization": authorization})
    assert response.status_code == 401
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


# -- documents about the interface


def test_the_service_document_lists_the_sets_in_both_forms(base: httpx.Client) -> None:
    listed = base.get("", params={"$format": "json"}).json()["value"]
    names = [entry["name"] for entry in listed]
    assert names[0] == "Catalog_РЭМ"
    assert REGISTER in names
    atom = ET.fromstring(base.get("").content)  # noqa: S314 - our own server
    assert [node.get("href") for node in atom.iter("{http://www.w3.org/2007/app}collection")] == names


def test_metadata_describes_exactly_what_is_served(base: httpx.Client) -> None:
    response = base.get("$metadata")
    assert response.headers["DataServiceVersion"] == "3.0"
    schema = ET.fromstring(response.content)[0][0]  # noqa: S314 - our own server
    assert schema.tag == f"{CSDL}Schema"
    assert schema.get("Namespace") == "StandardODATA"
    for entity_type in schema.iter(f"{CSDL}EntityType"):
        name = entity_type.get("Name")
        if name in (REGISTER, READINGS):
            continue
        declared = [prop.get("Name") for prop in entity_type.iter(f"{CSDL}Property")]
        assert list(rows(base, f"{name}?$top=1")[0]) == declared
    functions = [function.get("Name") for function in schema.iter(f"{CSDL}FunctionImport")]
    assert functions == ["BalanceAndTurnovers", "Balance"]


# -- how values look


def test_values_look_as_1c_writes_them(base: httpx.Client) -> None:
    text = base.get("Catalog_ТочкиУчета?$format=json&$filter=НомерСчетчика eq '514716'").text
    assert '"РасчетныйКоэффициент": "1"' in text
    assert '"Разрядность": 5' in text
    assert '"КлассНапряжения": 0.4' in text
    assert '"НомерСчетчика": "514716              "' in text
    assert '"ПредыдущиеПоказания": 9400,' in text
    assert '"Predefined": false' in text
    assert '"ДатаПредыдущихПоказаний": "2018-01-06T00:00:00"' in text


def test_an_amount_beyond_float_stays_exact(base: httpx.Client) -> None:
    text = base.get(f"{REGISTER}/BalanceAndTurnovers?$format=json&{JANUARY}").text
    assert "12345678901234.56" in text
    assert not re.search(r"\d[eE][+-]?\d", re.sub(r'"[^"]*"', "", text))


def test_empty_values_have_their_own_forms(base: httpx.Client) -> None:
    assert any(row["ДатаДоговора"] == "0001-01-01T00:00:00" for row in rows(base, "Catalog_ЛицевыеСчета"))
    assert any(row["Parent_Key"] == ZERO for row in rows(base, "Catalog_Контрагенты"))
    types = {row["Основание_Type"] for row in rows(base, "Document_СчетНаОплату")}
    assert "StandardODATA.Undefined" in types
    assert "StandardODATA.Catalog_ЛицевыеСчета" in types
    assert any(kind.startswith("UnavailableEntities.UnavailableEntity_") for kind in types)


def test_one_row_of_the_contractors_is_a_folder(base: httpx.Client) -> None:
    assert len(rows(base, "Catalog_Контрагенты?$filter=IsFolder eq true")) == 1


def test_a_data_version_is_eight_bytes(base: httpx.Client) -> None:
    assert all(len(base64.b64decode(row["DataVersion"])) == 8 for row in rows(base, "Catalog_РЭМ"))


def test_minimal_metadata_adds_keys_with_an_at_sign(base: httpx.Client) -> None:
    data = base.get("Catalog_ЛицевыеСчета?$top=1", headers={"Accept": "application/json"}).json()
    assert data["odata.metadata"].endswith("/$metadata#Catalog_ЛицевыеСчета")
    assert "Owner@navigationLinkUrl" in data["value"][0]


def test_a_presentation_comes_only_when_selected(base: httpx.Client) -> None:
    found = rows(base, "Catalog_ЛицевыеСчета?$filter=Code eq '561'&$select=Code,Owner____Presentation")
    assert found == [{"Code": "561         ", "Owner____Presentation": 'ТОВ "Тестовий споживач"'}]


def test_one_element_comes_alone_and_a_missing_one_is_code_9(base: httpx.Client) -> None:
    key = account_key(base, "561")
    data = base.get(f"Catalog_ЛицевыеСчета(guid'{key}')?$format=json").json()
    assert data["odata.metadata"].endswith("#Catalog_ЛицевыеСчета/@Element")
    assert data["КодПотребителя"] == "125000632"
    assert refusal(base, f"Catalog_ЛицевыеСчета(guid'{ZERO}')") == (404, "9")


def test_atom_is_what_comes_unless_json_is_asked_for(base: httpx.Client) -> None:
    response = base.get("Catalog_РЭМ?$filter=Code eq '31'")
    assert response.headers["Content-Type"].startswith("application/atom+xml")
    feed = ET.fromstring(response.content)  # noqa: S314 - our own server
    data = "{http://schemas.microsoft.com/ado/2007/08/dataservices}"
    assert [node.text for node in feed.iter(f"{data}Description")] == ["Тестовий РЕМ"]


# -- filters


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("Code eq '561'", 1),
        ("Code eq '561         '", 1),
        ("КодПотребителя eq 125000632", 1),
        ("КодПотребителя ge 125000010 and КодПотребителя lt 125000632", 2),
        ("Code eq '561' or Code eq '309'", 2),
        ("not (Code ne '561')", 1),
        ("startswith(Code,'0030009')", 1),
        ("startswith(НомерДоговора, '31-') eq true and DeletionMark eq false", 1),
        ("substringof('30009м',Code)", 1),
        ("year(ДатаДоговора) eq 2016 and month(ДатаДоговора) eq 9", 3),
        ("ДатаДоговора lt datetime'0001-01-02T00:00:00' and Code eq '561'", 0),
        ("Code eq 'О''Ніл'", 0),
    ],
)
def test_a_filter_finds(base: httpx.Client, condition: str, count: int) -> None:
    assert len(rows(base, f"Catalog_ЛицевыеСчета?$filter={condition}")) == count


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("Code eq", (400, "14")),
        ("Code", (400, "14")),
        ("Code == '561'", (400, "14")),
        ("Code eq '561", (400, "14")),
        ("Code eq null", (400, "14")),
        ("Немає eq '561'", (400, "14")),
        ("КодПотребителя eq 1E3", (400, "14")),
        ("КодПотребителя add 1 eq 2", (400, "14")),
        ("Code in ('561')", (400, "14")),
        ("Owner/Code eq '2'", (400, "14")),
        ("contains(Code,'56')", (400, "21")),
        ("length(Code) eq 3", (400, "21")),
        ("ДатаДоговора eq datetime'2018-13-01T00:00:00'", (400, "4")),
        (f"Ref_Key gt guid'{ZERO}'", (500, "-1")),
        ("Code eq 561", (500, "-1")),
        ("DeletionMark gt false", (500, "-1")),
    ],
)
def test_what_1c_does_not_take_is_refused(
    base: httpx.Client, condition: str, answer: tuple[int, str]
) -> None:
    assert refusal(base, f"Catalog_ЛицевыеСчета?$filter={condition}") == answer


def test_a_composite_reference_compared_without_cast_is_silently_never_equal(base: httpx.Client) -> None:
    found = rows(base, "Document_СчетНаОплату?$filter=Основание_Type eq 'StandardODATA.Catalog_ЛицевыеСчета'")
    assert found
    assert rows(base, f"Document_СчетНаОплату?$filter=Основание eq guid'{found[0]['Основание']}'") == []


def test_a_plus_for_a_space_breaks_the_query(server: Server) -> None:
    target = f"{ROOT}Catalog_РЭМ?$format=json&$filter=Code+eq+'31'"
    with httpx.Client(auth=("odata", "demo")) as client:
        response = client.get(server.url + target)
    assert response.status_code == 500
    assert response.json()["odata.error"]["message"]["value"] == "Операция не разрешена в предложении ГДЕ"


# -- the other options


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("$expan=Owner", (400, "14")),
        ("$search=561", (400, "14")),
        ("foo=1", (400, "14")),
        ("$expand=Owner", (400, "0")),
        ("$top=ten", (400, "14")),
        ("$skip=-1", (400, "14")),
        ("$top=1&$top=2", (400, "14")),
        ("$orderby=Немає", (400, "14")),
        ("$orderby=Code down", (400, "14")),
        ("$select=Немає", (400, "6")),
        ("$inlinecount=some", (400, "14")),
        ("allowedOnly=perhaps", (400, "14")),
    ],
)
def test_a_bad_option_is_refused(base: httpx.Client, query: str, answer: tuple[int, str]) -> None:
    assert refusal(base, f"Catalog_ЛицевыеСчета?{query}") == answer


def test_everything_comes_at_once_without_top(base: httpx.Client) -> None:
    count = base.get("Document_СчетНаОплату/$count").text
    assert len(rows(base, "Document_СчетНаОплату")) == int(count) > 300


def test_a_count_may_be_filtered(base: httpx.Client) -> None:
    assert base.get("Catalog_ЛицевыеСчета/$count?$filter=startswith(Code,'561')").text == "1"


def test_inlinecount_is_a_string_and_switches_paging_off(base: httpx.Client) -> None:
    data = base.get("Catalog_РЭМ?$format=json&$inlinecount=allpages&$top=1&$skip=1").json()
    assert data["odata.count"] == "3"
    assert len(data["value"]) == 3


def paged(base: httpx.Client, set_name: str, order: str, size: int = 25) -> list[str]:
    keys: list[str] = []
    while True:
        page = rows(base, f"{set_name}?$select=Ref_Key&$top={size}&$skip={len(keys)}{order}")
        keys += [row["Ref_Key"] for row in page]
        if len(page) < size:
            return keys


@pytest.mark.parametrize("order", ["", "&$orderby=Ref_Key"])
def test_paging_without_a_total_order_loses_rows(base: httpx.Client, order: str) -> None:
    keys = paged(base, "Catalog_ТочкиУчета", order)
    assert len(set(keys)) < len(keys)


@pytest.mark.parametrize(
    ("set_name", "order"),
    [
        ("Catalog_ТочкиУчета", "Code"),
        ("Catalog_ЛицевыеСчета", "Code desc"),
        ("Catalog_Контрагенты", "Code"),
        ("Document_СчетНаОплату", "Number,Date"),
    ],
)
def test_paging_in_a_total_order_reads_every_row_once(base: httpx.Client, set_name: str, order: str) -> None:
    keys = paged(base, set_name, f"&$orderby={order}")
    assert len(set(keys)) == len(keys) == int(base.get(f"{set_name}/$count").text)


def test_ref_key_is_ordered_by_what_a_person_reads(base: httpx.Client) -> None:
    titles = [row["Description"] for row in rows(base, "Catalog_ТочкиУчета?$orderby=Ref_Key")]
    assert titles == sorted(titles)


# -- the four bodies of an error


def test_an_unknown_set_is_code_8_in_the_form_asked_for(base: httpx.Client) -> None:
    assert refusal(base, "Catalog_Немає") == (404, "8")
    atom = ET.fromstring(base.get("Catalog_Немає").content)  # noqa: S314 - our own server
    assert atom.tag.endswith("}error")
    assert atom[0].text == "8"


def test_a_long_segment_does_not_reach_1c(base: httpx.Client) -> None:
    response = base.get("Catalog_РЭМ(" + "1" * 260 + ")?$format=json")
    assert response.status_code == 400
    assert "Invalid URL" in response.text


def test_a_register_read_as_a_whole_is_an_exception_of_the_server(base: httpx.Client) -> None:
    response = base.get(f"{REGISTER}?$format=json&$top=1")
    assert response.status_code == 500
    assert response.json()["exception"]["inner"]["descr"] == "Недостаточно памяти"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_interface_only_reads(base: httpx.Client, method: str) -> None:
    response = base.request(method, "Catalog_РЭМ?$format=json")
    assert (response.status_code, response.json()["odata.error"]["code"]) == (405, "19")


def test_a_target_that_is_a_whole_address_is_read_too(server: Server) -> None:
    port = int(server.url.rpartition(":")[2])
    login = base64.b64encode(b"odata:demo").decode()
    head = f"GET {server.url}{ROOT}Catalog_%D0%A0%D0%AD%D0%9C/$count HTTP/1.0\r\nAuthorization: Basic {login}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.endswith(b"\r\n\r\n3")
