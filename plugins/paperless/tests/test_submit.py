"""Uploading and sharing, and what each refusal means."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ztoe_hub.errors import (
    HubError,
    ItemRejected,
    OperatorNeeded,
    OutcomeUnknown,
    ProviderMisconfigured,
    TransientError,
    UnexpectedAnswer,
)
from ztoe_hub.testing.signing import CUSTOMER, MemorySteps, a_document, a_pdf
from ztoe_hub.values import RemoteRef, Rendition
from ztoe_paperless.service import PaperlessService

if TYPE_CHECKING:
    from .conftest import Script

REF = RemoteRef({"id": 7, "hash": "h/7"})
Make = Callable[..., PaperlessService]


@pytest.mark.parametrize("encoding", ["base64", "raw"])
def test_the_upload_is_one_named_part_of_known_length(make: Make, paperless: Script, encoding: str) -> None:
    document = a_document()
    make(upload_encoding=encoding).submit(document, MemorySteps())
    upload = paperless.called("/checked/upload")[0]
    body = base64.b64encode(document.content) if encoding == "base64" else document.content
    assert upload.headers["Content-Length"] == str(len(upload.content))
    assert "Transfer-Encoding" not in upload.headers
    assert upload.content.count(b"Content-Disposition") == 1
    assert f'name="file"; filename="{document.file_name}"'.encode() in upload.content
    assert b"\r\n\r\n" + body + b"\r\n" in upload.content


def test_the_share_says_what_the_settings_say(make: Make, paperless: Script) -> None:
    make(share_mode=1, share_comment="Заява").submit(a_document(), MemorySteps())
    share = json.loads(paperless.called("/share/7")[0].content)
    assert share == {"requestList": [{"email": CUSTOMER, "comment": "Заява", "mode": 1}]}


def test_only_those_are_shared_with_who_were_not_reached(
    service: PaperlessService, paperless: Script
) -> None:
    paperless.on("/resource/7", json={"id": 7, "shares": {CUSTOMER.upper(): 1}})
    steps = MemorySteps(begun=["share"])
    service.submit(a_document(emails=[CUSTOMER, "second@example.com"]), steps)
    requests = json.loads(paperless.called("/share/7")[0].content)["requestList"]
    assert [request["email"] for request in requests] == ["second@example.com"]


@pytest.mark.parametrize(
    "document",
    [
        a_document(content=b"no pdf"),
        a_document(media_type="image/png"),
        a_document(emails=[]),
        a_document(content=a_pdf("big").ljust(2001)),
    ],
)
def test_what_does_not_fit_is_refused_without_a_call(make: Make, paperless: Script, document: Any) -> None:
    with pytest.raises(ItemRejected):
        make(max_bytes=2000).submit(document, MemorySteps())
    assert paperless.requests == []


REFUSED_UPLOADS = [
    (400, ItemRejected),
    (402, ProviderMisconfigured),
    (403, ProviderMisconfigured),
    (409, ItemRejected),
    (413, ItemRejected),
    (415, ItemRejected),
    (418, UnexpectedAnswer),
    (423, ProviderMisconfigured),
    (429, TransientError),
    (500, OutcomeUnknown),
    (503, OutcomeUnknown),
]


@pytest.mark.parametrize(("status", "expected"), REFUSED_UPLOADS)
def test_each_http_status_has_its_meaning(
    service: PaperlessService, paperless: Script, status: int, expected: type[HubError]
) -> None:
    paperless.on("/checked/upload", status, text="refused")
    with pytest.raises(expected):
        service.submit(a_document(), MemorySteps())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"state": "err", "code": "413", "desc": "too large"}, ItemRejected),
        ({"state": "err", "code": 402}, ProviderMisconfigured),
        ({"state": "err", "code": "429"}, TransientError),
        ({"state": "err", "code": "FILE_DECODE", "desc": "file content is not base64"}, OperatorNeeded),
        ({"state": "err"}, OperatorNeeded),
        ({"state": "maybe", "resourceDTO": [{"id": 7, "hash": "h"}]}, UnexpectedAnswer),
        ({"state": "ok", "resourceDTO": []}, UnexpectedAnswer),
        ({"state": "ok", "resourceDTO": [{"id": 7}]}, UnexpectedAnswer),
        ({"state": "ok", "resourceDTO": [{"id": "7", "hash": "h"}]}, UnexpectedAnswer),
    ],
)
def test_a_refusal_under_http_200_is_one(
    service: PaperlessService, paperless: Script, body: dict[str, object], expected: type[HubError]
) -> None:
    paperless.on("/checked/upload", json=body)
    with pytest.raises(expected):
        service.submit(a_document(), MemorySteps())
    assert not paperless.called("/share/7")


def test_a_page_instead_of_data_is_the_operators_matter(service: PaperlessService, paperless: Script) -> None:
    for path in ("/checked/upload", "/share/7", "/resource/7", "/withsign/7/h/7", "/withoutsign/7/h/7"):
        paperless.on(path, html="<!doctype html><h1>Технічні роботи</h1>")
    with pytest.raises(UnexpectedAnswer):
        service.submit(a_document(), MemorySteps())
    with pytest.raises(UnexpectedAnswer):
        service.fetch(REF)
    for which in Rendition:
        with pytest.raises(UnexpectedAnswer):
            service.download(REF, which)


def test_a_short_retry_after_is_waited_for(service: PaperlessService, paperless: Script) -> None:
    paperless.on("/share/7", 429, headers={"Retry-After": "2"})
    paperless.on("/share/7", again=True, json=[])
    service.submit(a_document(), MemorySteps())
    assert paperless.slept == [2.0]


def test_a_long_retry_after_is_the_queues_business(service: PaperlessService, paperless: Script) -> None:
    paperless.on("/checked/upload", 429, headers={"Retry-After": "600"})
    with pytest.raises(TransientError) as caught:
        service.submit(a_document(), MemorySteps())
    assert caught.value.retry_after_s == 600
    assert paperless.slept == []


def test_a_failure_while_reading_may_be_repeated(service: PaperlessService, paperless: Script) -> None:
    paperless.on("/resource/7", 502)
    with pytest.raises(TransientError):
        service.fetch(REF)
    assert len(paperless.called("/resource/7")) == 3
