"""Signing in the simulated Paperless: by customers, on the pages and by script, and by the author."""

import base64
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ztoe_sandbox.certificates import issue_to_signer, make_authority
from ztoe_sandbox.paperless import containers
from ztoe_sandbox.process import Counterparty

CUSTOMER = "clienttst@meta.ua"


@pytest.fixture
def reader(service: Counterparty) -> Iterator[httpx.Client]:
    """The customer's browser, logged in."""
    with httpx.Client(base_url=service.url, follow_redirects=True) as client:
        client.post("/", data={"email": "ClientTst@meta.ua", "password": "demo"})
        yield client


def signed_file(utility: Any, document: Any) -> cms.SignedData:
    content = utility.get(f"/api2/checked/resource/withsign/{document['id']}/{document['hash']}").content
    return cms.ContentInfo.load(content, strict=True)["content"]


def original_of(utility: Any, document: Any) -> bytes:
    return bytes(
        utility.get(f"/api2/checked/resource/withoutsign/{document['id']}/{document['hash']}").content
    )


def certificate_of(signed: cms.SignedData) -> x509.Certificate:
    return x509.load_der_x509_certificate(signed["certificates"][0].chosen.dump())


def test_the_customers_signature_moves_the_share_and_not_signed(utility: Any) -> None:
    number = utility.send_document()["id"]
    assert utility.customer_does("sign", number) == 200
    document = utility.document(number)
    assert (document["shares"], document["signed"], document["status"]) == ({CUSTOMER: 3}, False, 5)
    assert len(utility.get(f"/api2/checked/sign/{number}").json()) == 1


def test_the_signed_file_verifies_over_the_uploaded_bytes(utility: Any) -> None:
    document = utility.send_document()
    utility.customer_does("sign", document["id"])
    signed = signed_file(utility, document)
    assert signed["encap_content_info"]["content"].native == original_of(utility, document)
    attributes = signed["signer_infos"][0]["signed_attrs"]
    names = [each["type"].native for each in attributes]
    assert set(names) == {"content_type", "message_digest", "signing_time", "signing_certificate_v2"}
    encoded = [each.dump() for each in attributes]
    assert encoded == sorted(encoded)
    certificate = certificate_of(signed)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(
        signed["signer_infos"][0]["signature"].native, attributes.untag().dump(), ec.ECDSA(hashes.SHA256())
    )


def test_the_certificate_names_the_customer_and_comes_from_the_test_authority(utility: Any) -> None:
    document = utility.send_document()
    utility.customer_does("sign", document["id"])
    certificate = certificate_of(signed_file(utility, document))
    authority = x509.load_pem_x509_certificate(utility.get("/sandbox/ca.pem").content)
    certificate.verify_directly_issued_by(authority)
    subject = {each.oid.dotted_string: each.value for each in certificate.subject}
    assert subject["2.5.4.10"] == 'ТОВ "Тестовий споживач"'
    assert subject["2.5.4.97"] == "NTRUA-12500015"
    assert subject["2.5.4.3"] == "Тестовий Споживач Іванович"


def test_signatures_are_joined_in_one_file(utility: Any) -> None:
    document = utility.send_document()
    wish = {"requestList": [{"email": "other@example.com", "mode": 0}]}
    utility.post(f"/api2/checked/share/{document['id']}", json=wish)
    utility.customer_does("sign", document["id"])
    utility.customer_does("sign", document["id"], "other@example.com", "secret")
    signed = signed_file(utility, document)
    assert (len(signed["signer_infos"]), len(signed["certificates"])) == (2, 2)
    assert signed["encap_content_info"]["content"].native == original_of(utility, document)


def test_an_unsigned_document_has_no_signed_file(utility: Any) -> None:
    document = utility.send_document()
    answer = utility.get(f"/api2/checked/resource/withsign/{document['id']}/{document['hash']}")
    assert answer.status_code == 404


def test_base64_is_a_format_of_signed_files_too(connect: Any) -> None:
    with Counterparty("paperless", "--rate", "0", "--withsign-format", "base64") as running:
        client = connect(running)
        client.log_in()
        document = client.send_document()
        client.customer_does("sign", document["id"])
        text = client.get(f"/api2/checked/resource/withsign/{document['id']}/{document['hash']}").content
        assert base64.b64decode(text, validate=True)[:1] == b"\x30"


def test_a_customer_signs_by_name_once_and_only_what_was_sent_to_them(utility: Any) -> None:
    number = utility.send_document("Заява 4711.pdf")["id"]
    assert utility.customer_does("sign", "Заява 4711") == 200
    assert utility.customer_does("sign", number) == 409
    assert utility.customer_does("sign", number, "other@example.com", "secret") == 404
    assert utility.customer_does("sign", number, password="wrong") == 403
    assert utility.customer_does("sign", None) == 400


def test_a_customers_trash_adds_ten(utility: Any) -> None:
    number = utility.send_document()["id"]
    utility.customer_does("view", number)
    utility.customer_does("trash", number)
    assert utility.document(number)["shares"] == {CUSTOMER: 12}
    utility.customer_does("restore", number)
    assert utility.document(number)["shares"] == {CUSTOMER: 2}


def test_a_fault_signs_with_somebody_elses_code(utility: Any) -> None:
    document = utility.send_document()
    utility.add_fault("wrong-signer", "12500018", where=CUSTOMER, times=1)
    utility.customer_does("sign", document["id"])
    subject = certificate_of(signed_file(utility, document)).subject.rfc4514_string()
    assert "NTRUA-12500018" in subject


def test_a_fault_signs_another_file(utility: Any) -> None:
    document = utility.send_document()
    utility.add_fault("wrong-content", times=1)
    utility.customer_does("sign", document["id"])
    content = signed_file(utility, document)["encap_content_info"]["content"].native
    assert content.startswith(b"%PDF")
    assert content != original_of(utility, document)


def send_signature(utility: Any, number: Any, container: bytes, **changes: Any) -> httpx.Response:
    text = f'{{"{number}": ["{base64.b64encode(container).decode()}"]}}'
    request: dict[str, Any] = {
        "params": {"keyType": "PERSONAL_KEY"},
        "headers": {"Content-Type": "text/plain"},
    }
    answer: httpx.Response = utility.post("/api2/checked/sign/0", content=text, **{**request, **changes})
    return answer


def test_the_authors_ready_signature_makes_the_document_signed(utility: Any) -> None:
    document = utility.send_document()
    own = issue_to_signer(
        make_authority("Інший КНЕДП", "КНЕДП"), organisation="РЕМ", edrpou="22048622", full_name="Печатка РЕМ"
    )
    container = containers.sign(original_of(utility, document), own)
    answer = send_signature(utility, document["id"], container)
    assert answer.json() == [base64.b64encode(container).decode()]
    assert utility.document(document["id"])["signed"] is True
    assert utility.document(document["id"])["shares"] == {CUSTOMER: 1}
    assert send_signature(utility, document["id"], container).status_code == 400  # nothing added
    utility.customer_does("sign", document["id"])
    assert len(signed_file(utility, document)["signer_infos"]) == 2


def test_a_signature_over_something_else_is_refused(utility: Any) -> None:
    number = utility.send_document()["id"]
    own = issue_to_signer(
        make_authority("Інший КНЕДП", "КНЕДП"), organisation="РЕМ", edrpou="22048622", full_name="Печатка РЕМ"
    )
    container = containers.sign(b"%PDF-1.4 other", own)
    assert send_signature(utility, number, container).status_code == 400
    assert send_signature(utility, number, b"garbage").status_code == 400
    assert send_signature(utility, number, container, params={"keyType": "SEAL"}).status_code == 400
    assert (
        send_signature(utility, number, container, headers={"Content-Type": "application/json"}).status_code
        == 415
    )
    assert utility.document(number)["signed"] is False


def test_opening_the_page_or_the_pdf_counts_as_viewed(utility: Any, reader: httpx.Client) -> None:
    by_page, by_pdf = utility.send_document()["id"], utility.send_document()["id"]
    assert "iframe" in reader.get(f"/documents/{by_page}").text
    assert reader.get(f"/documents/{by_pdf}/original.pdf").content.startswith(b"%PDF")
    assert utility.document(by_page)["shares"] == utility.document(by_pdf)["shares"] == {CUSTOMER: 2}


def test_the_customer_signs_on_the_page_and_downloads_the_signed_file(
    utility: Any, reader: httpx.Client
) -> None:
    number = utility.send_document("Заява на заміну лічильника.pdf")["id"]
    assert "Заява на заміну лічильника" in reader.get("/documents").text
    page = reader.post(f"/documents/{number}/sign").text
    assert "12500015" in page
    assert not re.search(r">\s*Підписати\s*<", page)
    assert utility.document(number)["shares"] == {CUSTOMER: 3}
    download = reader.get(f"/documents/{number}/signed")
    assert download.content[:1] == b"\x30"
    assert "filename*=UTF-8''%D0%9F%D1%96%D0%B4%D0%BF" in download.headers["Content-Disposition"]


def test_marked_documents_are_signed_together(utility: Any, reader: httpx.Client) -> None:
    numbers = [utility.send_document()["id"] for _ in range(3)]
    reader.post("/documents", data={"act": "sign", "document": numbers[:2]})
    assert [utility.document(number)["shares"][CUSTOMER] for number in numbers] == [3, 3, 1]


def test_pages_are_for_those_who_have_logged_in(utility: Any, service: Counterparty) -> None:
    number = utility.send_document()["id"]
    assert httpx.get(f"{service.url}/documents/{number}").headers["Location"] == "/"
    answer = httpx.post(service.url, data={"email": CUSTOMER, "password": "wrong"})
    assert (answer.status_code, "Неправильна пошта або пароль" in answer.text) == (403, True)


def test_a_customer_does_not_see_what_was_not_sent_to_them(utility: Any, reader: httpx.Client) -> None:
    number = utility.send_document(to="other@example.com")["id"]
    assert reader.get(f"/documents/{number}").status_code == 404
    assert reader.post(f"/documents/{number}/sign").status_code == 404
