"""The API of the simulated Paperless: sessions, documents, sharing, and how strict it is."""

import base64
import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from ztoe_sandbox.process import Counterparty

Connect = Callable[[Counterparty], Any]
CLIENT_ID = "00000000-0000-4000-8000-000000000001"
CUSTOMER = "clienttst@meta.ua"


def test_a_code_buys_one_token(utility: Any) -> None:
    code = utility.new_code()
    assert set(utility.ask_token(code)) == {"access_token", "refresh_token"}
    assert utility.ask_token(code)["error"] == "invalid_grant"


def test_a_wrong_secret_is_refused_under_http_200_and_spends_the_code(utility: Any) -> None:
    code = utility.new_code()
    assert set(utility.ask_token(code, secret="wrong")) == {"error", "error_description"}
    assert "error" in utility.ask_token(code)


def test_an_unknown_client_is_refused_under_http_200(utility: Any) -> None:
    form = {
        "response_type": "code",
        "agentCheck": "true",
        "client_id": "11111111-0000-4000-8000-000000000001",
    }
    answer = utility.post("/PplsService/oauth/authorize", data=form, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["state"]) == (200, "err")


def test_a_code_comes_in_markup_unless_json_is_asked_for(utility: Any) -> None:
    form = {"response_type": "code", "agentCheck": "true", "client_id": CLIENT_ID}
    answer = utility.post("/PplsService/oauth/authorize", data=form)
    assert re.search(r"<code>[\w-]+</code>", answer.text)


@pytest.mark.parametrize(
    "cookie", ["sessionId=Bearer {token}, Id {id}", 'sessionId="Bearer {token}"', "a=b", ""]
)
def test_a_session_needs_the_quoted_cookie(utility: Any, cookie: str) -> None:
    token = utility.log_in()
    assert utility.get("/api2/checked/login").json() == {"login": "promcalccab@example.com"}
    utility.headers["Cookie"] = cookie.format(token=token, id=CLIENT_ID)
    assert utility.get("/api2/checked/login").status_code == 403


def test_an_authorization_header_is_no_session(utility: Any) -> None:
    token = utility.log_in()
    del utility.headers["Cookie"]
    assert utility.get("/api2/checked/login", headers={"Authorization": f"Bearer {token}"}).status_code == 403


def test_a_session_expires(connect: Connect) -> None:
    with Counterparty("paperless", "--token-lifetime", "0") as running:
        client = connect(running)
        client.log_in()
        assert client.get("/api2/checked/login").status_code == 403


def test_an_upload_answers_with_the_document(utility: Any) -> None:
    answer = utility.upload("Заява на експертизу.pdf").json()
    document = answer["resourceDTO"][0]
    assert answer["state"] == "ok"
    assert document["name"] == "Заява на експертизу"
    assert (document["status"], document["signed"], document["shares"]) == (0, False, {})
    assert re.fullmatch(r"[\w-]{43}", document["hash"])


def test_the_same_bytes_again_make_a_second_document_with_the_same_hash(utility: Any) -> None:
    first, second = (utility.upload().json()["resourceDTO"][0] for _ in range(2))
    assert first["hash"] == second["hash"]
    assert first["id"] < second["id"]


def test_a_name_is_cut_to_100_characters(utility: Any) -> None:
    assert len(utility.upload("я" * 150 + ".pdf").json()["resourceDTO"][0]["name"]) == 100


def test_raw_bytes_are_an_error_of_the_body_unless_the_service_takes_them(
    utility: Any, connect: Connect
) -> None:
    part = {"file": ("a.pdf", b"%PDF-1.4\n", "application/pdf")}
    answer = utility.post("/api2/checked/upload", files=part)
    assert (answer.status_code, answer.json()["state"]) == (200, "err")
    with Counterparty("paperless", "--raw-upload") as running:
        client = connect(running)
        client.log_in()
        assert client.post("/api2/checked/upload", files=part).json()["state"] == "ok"


def test_only_pdf_by_content_is_stored(utility: Any) -> None:
    assert utility.upload("a.pdf", b"PK\x03\x04").status_code == 415


@pytest.mark.parametrize(
    ("size", "status"), [(10 * 1024 * 1024, 200), (10 * 1024 * 1024 + 1, 413), (20_000_000, 413)]
)
def test_the_limit_is_10_mb(utility: Any, size: int, status: int) -> None:
    assert utility.upload("a.pdf", b"%PDF-".ljust(size, b"x")).status_code == status
    assert utility.get("/api2/checked/login").status_code == 200  # the connection is in order


def test_content_length_is_required(utility: Any) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert utility.post("/api2/checked/upload", content=iter([b"--b--"]), headers=headers).status_code == 411


def test_an_upload_has_one_part_named_file(utility: Any) -> None:
    part = ("a.pdf", base64.b64encode(b"%PDF-1.4"), "application/pdf")
    assert utility.post("/api2/checked/upload", files={"document": part}).status_code == 400
    assert utility.post("/api2/checked/upload", files={"file": part}, data={"x": "1"}).status_code == 400


def test_search_finds_by_name_author_and_recipient_newest_first(utility: Any) -> None:
    ids = [utility.send_document(f"Акт звірки ZT-{number}.pdf")["id"] for number in (1, 2, 3)]

    def found(**filters: object) -> list[object]:
        return [each["id"] for each in utility.post("/api2/checked/resource/search", json=filters).json()]

    assert found(searchQuery="АКТ ЗВІРКИ zt-", author="all", docList="docs") == ids[::-1]
    assert found(searchQuery="ZT-2") == [ids[1]]
    assert found(searchQuery="ZT-", offset=1, limit=1) == [ids[1]]
    assert found(searchQuery="ZT-", contractor=["CLIENTTST@meta.ua"]) == ids[::-1]
    assert found(searchQuery="ZT-", contractor=["nobody@example.com"]) == []
    assert found(searchQuery="ZT-", signed=True) == []
    assert found(searchQuery="ZT-", dateFrom=utility.document(ids[0])["time"]) == ids[::-1]
    assert found(searchQuery="ZT-", dateTo=1) == []
    assert ids[2] in found(searchQuery="TTST@META")


@pytest.mark.parametrize(
    "filters",
    [{"surprise": 1}, {"limit": 1001}, {"limit": "40"}, {"signed": 1}, {"docList": "all"}, {"offset": -1}],
)
def test_search_refuses_what_it_does_not_know(utility: Any, filters: dict[str, object]) -> None:
    assert utility.post("/api2/checked/resource/search", json=filters).status_code == 400


def test_a_document_goes_to_the_trash_comes_back_and_goes_for_good(utility: Any) -> None:
    path = f"/api2/checked/resource/{utility.send_document()['id']}"
    number = path.rpartition("/")[2]
    utility.delete(path)
    assert utility.get(path).json()["status"] == 15
    utility.put(f"/api2/checked/resource/restore/{number}")
    assert utility.get(path).json()["status"] == 5
    utility.delete(path)
    utility.delete(path)
    assert utility.get(path).status_code == 404
    assert utility.delete(path).status_code == 404


def test_a_document_can_be_renamed(utility: Any) -> None:
    number = utility.send_document()["id"]
    text = {"Content-Type": "text/plain"}
    utility.put(f"/api2/checked/resource/name/{number}", content="Нова назва".encode(), headers=text)
    assert utility.document(number)["name"] == "Нова назва"
    assert utility.put(f"/api2/checked/resource/name/{number}", content="", headers=text).status_code == 400


def test_a_share_is_1_for_a_known_user_and_0_for_an_unknown_one(utility: Any) -> None:
    number = utility.send_document(to="ClientTst@Meta.ua")["id"]
    path = f"/api2/checked/share/{number}"
    added = utility.post(
        path, json={"requestList": [{"email": "new@example.com", "comment": "", "mode": 1}]}
    ).json()
    assert [(share["user"], share["status"]) for share in added] == [("new@example.com", 0)]
    assert utility.document(number)["shares"] == {CUSTOMER: 1, "new@example.com": 0}
    assert utility.document(number)["status"] == 5
    assert len(utility.get(path).json()) == 2


def test_a_second_share_to_the_same_address_is_ignored(utility: Any) -> None:
    number = utility.send_document()["id"]
    again = utility.post(f"/api2/checked/share/{number}", json={"requestList": [{"email": CUSTOMER}]})
    assert (again.status_code, again.json()) == (200, [])


@pytest.mark.parametrize(
    "body",
    [
        {"requestList": []},
        {"requests": []},
        {"requestList": [{"email": "no address"}]},
        {"requestList": [{"email": CUSTOMER, "mode": "0"}]},
        {"requestList": [{"email": CUSTOMER, "mode": True}]},
        {"requestList": [{"email": CUSTOMER, "mode": 2}]},
        {"requestList": [{"email": CUSTOMER, "edrpou": "12500015"}]},
        [CUSTOMER],
    ],
)
def test_a_share_out_of_shape_is_refused(utility: Any, body: object) -> None:
    assert utility.post(f"/api2/checked/share/{utility.send_document()['id']}", json=body).status_code == 400


def test_a_share_can_be_taken_back_until_it_is_opened(utility: Any) -> None:
    number = utility.send_document()["id"]
    path = f"/api2/checked/share/{number}/{CUSTOMER}"
    assert utility.delete(path).status_code == 200
    assert utility.document(number)["shares"] == {}
    assert utility.delete(path).status_code == 404
    number = utility.send_document()["id"]
    utility.customer_does("view", number)
    assert utility.delete(f"/api2/checked/share/{number}/{CUSTOMER}").status_code == 403


def test_a_public_link_shows_the_pdf_until_it_is_closed(utility: Any, service: Counterparty) -> None:
    document = utility.send_document()
    path = f"/api2/checked/resource/shareall/{document['id']}"
    url = utility.put(path).json()["url"]
    assert url == f"{service.url}/share/{document['hash']}{document['id']}"
    assert utility.document(document["id"])["status"] == 6
    assert httpx.get(url + "/original.pdf").content.startswith(b"%PDF")
    utility.delete(path)
    assert httpx.get(url).status_code == 404


def test_a_download_needs_the_id_and_the_hash(utility: Any) -> None:
    document = utility.send_document()
    path = f"/api2/checked/resource/withoutsign/{document['id']}/"
    content = utility.get(path + document["hash"]).content
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    assert digest == document["hash"]
    assert utility.get(path + "x" * 43).status_code == 403
    assert utility.get(f"/api2/checked/resource/withoutsign/1/{document['hash']}").status_code == 404


def test_an_unknown_path_is_404(utility: Any) -> None:
    assert utility.get("/api2/checked/resources").status_code == 404
    assert utility.get("/api2/checked/resource/abc").status_code == 404


def test_requests_beyond_the_rate_are_blocked_and_store_nothing(connect: Connect) -> None:
    with Counterparty("paperless") as running:
        client = connect(running)
        client.log_in()
        stored = 0
        while (answer := client.upload()).status_code == 200:
            stored += 1
            assert stored < 500
        assert answer.status_code == 429
        assert len(client.get("/sandbox/documents").json()) == stored
        while (answer := client.upload()).status_code == 429:  # the block ends by itself
            pass
        assert answer.status_code == 200


def test_customers_and_the_utility_work_at_the_same_time(utility: Any) -> None:
    numbers = [utility.send_document(f"Одночасно {number}")["id"] for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda number: utility.customer_does("sign", number), numbers)) == {200}
        documents = list(pool.map(utility.document, numbers))
    assert all(document["shares"] == {CUSTOMER: 3} for document in documents)


def test_state_survives_a_restart_and_a_kill(tmp_path: Path, connect: Connect) -> None:
    with Counterparty("paperless", "--rate", "0", "--state", str(tmp_path / "paperless.db")) as running:
        client = connect(running)
        client.log_in()
        document, authority = client.send_document(), client.get("/sandbox/ca.pem").text
        running.kill()
        running.start()
        assert client.document(document["id"]) == document
        client.customer_does("sign", document["id"])
        running.restart()
        assert client.document(document["id"])["shares"] == {CUSTOMER: 3}
        assert client.get("/sandbox/ca.pem").text == authority
