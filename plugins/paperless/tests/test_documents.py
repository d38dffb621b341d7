"""Following documents, fetching them back and recalling them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ztoe_hub.errors import ItemRejected, ProviderMisconfigured, TransientError, UnexpectedAnswer
from ztoe_hub.testing.signing import a_pdf
from ztoe_hub.values import RecipientState, RemoteRef, Rendition
from ztoe_paperless.service import PaperlessService

if TYPE_CHECKING:
    from .conftest import Script

REF = RemoteRef({"id": 7, "hash": "h/7"})
CMS = bytes.fromhex("30820123 06092a864886f70d010702 a0820114".replace(" ", "")) + b"..."


def test_the_authors_own_flag_says_nothing_of_the_customer(
    service: PaperlessService, paperless: Script
) -> None:
    paperless.on("/resource/7", json={"id": 7, "signed": True, "shares": {"Client@Example.com": 2}})
    recipients = service.fetch(REF).recipients
    assert recipients["client@example.com"].state is RecipientState.VIEWED


def test_the_raw_answer_is_kept(service: PaperlessService, paperless: Script) -> None:
    paperless.on("/resource/7", text='{"id": 7, "shares": {"a@b.ua": 77}, "new": "field"}')
    snapshot = service.fetch(REF)
    assert snapshot.raw == '{"id": 7, "shares": {"a@b.ua": 77}, "new": "field"}'
    assert (snapshot.recipients["a@b.ua"].state, snapshot.recipients["a@b.ua"].raw) == (
        RecipientState.UNKNOWN,
        "77",
    )


@pytest.mark.parametrize("body", [{"id": 7}, {"id": 7, "shares": None}, {"id": 7, "shares": []}, [], "x"])
def test_a_document_without_shares_is_out_of_shape(
    service: PaperlessService, paperless: Script, body: object
) -> None:
    paperless.on("/resource/7", json=body)
    with pytest.raises(UnexpectedAnswer):
        service.fetch(REF)


@pytest.mark.parametrize("reply", [{"status": 404}, {"json": {"id": 7, "status": 25, "shares": {}}}])
def test_a_deleted_document_is_gone(
    service: PaperlessService, paperless: Script, reply: dict[str, Any]
) -> None:
    paperless.on("/resource/7", **reply)
    with pytest.raises(ItemRejected):
        service.fetch(REF)
    service.recall(REF)


def test_a_reference_of_another_service_is_refused(service: PaperlessService) -> None:
    with pytest.raises(ItemRejected):
        service.fetch(RemoteRef({"envelope": "e1"}))


@pytest.mark.parametrize("document", [CMS, b"PK\x03\x04zip", a_pdf("p") + b"/ByteRange"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda content: content,
        base64.b64encode,
        base64.encodebytes,
        lambda content: b'"' + base64.b64encode(content) + b'"\n',
    ],
)
def test_base64_around_a_document_is_taken_off(
    service: PaperlessService, paperless: Script, document: bytes, wrap: Callable[[bytes], bytes]
) -> None:
    paperless.on("/withsign/7/h/7", content=wrap(document))
    assert service.download(REF, Rendition.SIGNED).content == document
    assert paperless.requests[-1].url.raw_path.endswith(b"/withsign/7/h%2F7")


@pytest.mark.parametrize("content", [b"plain text", b"cGxhaW4gdGV4dA==", b"MII", b""])
def test_bytes_that_are_no_document_are_left_as_they_are(
    service: PaperlessService, paperless: Script, content: bytes
) -> None:
    paperless.on("/withsign/7/h/7", content=content)
    assert service.download(REF, Rendition.SIGNED).content == content


def test_a_pdf_that_nobody_signed_is_no_signed_rendition(
    service: PaperlessService, paperless: Script
) -> None:
    paperless.on("/withsign/7/h/7", content=a_pdf("unsigned"))
    with pytest.raises(TransientError):
        service.download(REF, Rendition.SIGNED)


def test_a_refusal_in_place_of_bytes_is_one(service: PaperlessService, paperless: Script) -> None:
    paperless.on("/withsign/7/h/7", json={"state": "err", "code": "402", "desc": "unpaid"})
    with pytest.raises(ProviderMisconfigured):
        service.download(REF, Rendition.SIGNED)


def test_who_has_seen_the_document_is_asked_first(service: PaperlessService, paperless: Script) -> None:
    paperless.on("/resource/7", json={"id": 7, "shares": {"a@b.ua": 1, "seen@b.ua": 2, "gone@b.ua": 100}})
    paperless.on("/share/7/seen@b.ua", 403)
    with pytest.raises(ItemRejected):
        service.recall(REF)
    assert not paperless.called("/share/7/a@b.ua")
    paperless.on("/share/7/seen@b.ua", json={"state": "ok"})
    paperless.on("/share/7/a@b.ua", 404)
    service.recall(REF)
    assert not paperless.called("/share/7/gone@b.ua")


def test_a_signed_document_is_not_taken_back(service: PaperlessService, paperless: Script) -> None:
    paperless.on("/resource/7", json={"id": 7, "shares": {"a@b.ua": 1, "signed@b.ua": 13}})
    with pytest.raises(ItemRejected):
        service.recall(REF)
    assert not [request for request in paperless.requests if request.method == "DELETE"]
