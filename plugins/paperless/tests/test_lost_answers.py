"""The search after a lost answer: what is found, and what is not taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ztoe_hub.errors import OutcomeUnknown, UnexpectedAnswer
from ztoe_hub.testing.signing import MemorySteps, a_document, a_pdf
from ztoe_hub.values import RemoteRef
from ztoe_paperless.service import PaperlessService

if TYPE_CHECKING:
    from .conftest import Script

Make = Callable[..., PaperlessService]


def _lost_upload(paperless: Script, document: Any, **changes: Any) -> None:
    """An earlier upload of `document` that Paperless kept, unless `changes` say otherwise."""
    created_ms = int(paperless.now.timestamp() * 1000)
    listed = {"id": 9, "hash": "h9", "name": document.file_name, "time": created_ms} | changes
    paperless.on("/resource/search", json=[listed])
    paperless.on("/withoutsign/9/h9", content=document.content)
    paperless.on("/share/9", json=[])


def _submit_again(service: PaperlessService, paperless: Script, document: Any, **steps: Any) -> object:
    begun = MemorySteps(started_at=paperless.now, begun=["upload"], **steps)
    return service.submit(document, begun).data["id"]


def test_a_lost_upload_answer_leaves_the_outcome_unknown(
    service: PaperlessService, paperless: Script
) -> None:
    paperless.lose("/checked/upload")
    with pytest.raises(OutcomeUnknown):
        service.submit(a_document(), MemorySteps())
    assert len(paperless.called("/checked/upload")) == 1


def test_a_lost_upload_is_found_by_its_name_and_bytes(service: PaperlessService, paperless: Script) -> None:
    document = a_document()
    _lost_upload(paperless, document)
    assert _submit_again(service, paperless, document) == 9
    assert not paperless.called("/checked/upload")


def test_a_list_that_leaves_the_extension_out_is_understood(
    service: PaperlessService, paperless: Script
) -> None:
    document = a_document()
    _lost_upload(paperless, document, name=document.file_name.removesuffix(".pdf"))
    assert _submit_again(service, paperless, document) == 9


def test_an_envelope_around_the_list_is_understood(service: PaperlessService, paperless: Script) -> None:
    document = a_document()
    _lost_upload(paperless, document)
    found = {"id": 9, "hash": "h9", "name": document.file_name, "time": int(2e12)}
    paperless.on("/resource/search", json={"state": "ok", "resourceDTO": [found]})
    assert _submit_again(service, paperless, document) == 9


def test_a_clock_a_little_behind_ours_is_forgiven(service: PaperlessService, paperless: Script) -> None:
    document = a_document()
    for seconds, expected in ((119, 9), (121, 7)):
        created = paperless.now - timedelta(seconds=seconds)
        _lost_upload(paperless, document, time=int(created.timestamp() * 1000))
        assert _submit_again(service, paperless, document) == expected


@pytest.mark.parametrize("changes", [{"name": "another.pdf"}, {"name": "X", "time": 0}, {"time": 1}])
def test_a_find_of_another_name_or_age_is_not_taken(
    service: PaperlessService, paperless: Script, changes: dict[str, Any]
) -> None:
    document = a_document()
    _lost_upload(paperless, document, **changes)
    assert _submit_again(service, paperless, document) == 7


def test_a_find_with_other_bytes_is_not_taken(service: PaperlessService, paperless: Script) -> None:
    document = a_document()
    _lost_upload(paperless, document)
    paperless.on("/withoutsign/9/h9", content=a_pdf("somebody else's"))
    assert _submit_again(service, paperless, document) == 7


def test_a_find_that_is_bound_is_not_taken(service: PaperlessService, paperless: Script) -> None:
    document = a_document()
    _lost_upload(paperless, document)
    bound = [RemoteRef({"id": 9, "hash": "h9"})]
    assert _submit_again(service, paperless, document, bound=bound) == 7


def test_an_upload_that_arrives_late_is_seen_by_the_second_look(
    service: PaperlessService, paperless: Script
) -> None:
    document = a_document()
    _lost_upload(paperless, document)
    listed = [{"id": 9, "hash": "h9", "name": document.file_name, "time": int(2e12)}]
    paperless.on("/resource/search", json=[])
    paperless.on("/resource/search", again=True, json=listed)
    assert _submit_again(service, paperless, document) == 9
    assert paperless.slept == [2.0]


def test_a_file_that_is_there_already_is_recognised(service: PaperlessService, paperless: Script) -> None:
    document = a_document()
    _lost_upload(paperless, document)
    paperless.on("/checked/upload", 409)
    assert service.submit(document, MemorySteps(started_at=paperless.now)).data["id"] == 9


def test_a_long_list_is_read_page_by_page(make: Make, paperless: Script) -> None:
    document = a_document()
    other = {"id": 1, "hash": "h1", "name": "other", "time": 0}
    _lost_upload(paperless, document)
    paperless.on("/resource/search", json=[other, other])
    paperless.on(
        "/resource/search",
        again=True,
        json=[{"id": 9, "hash": "h9", "name": document.file_name, "time": int(2e12)}],
    )
    assert _submit_again(make(search_limit=2), paperless, document) == 9
    offsets = [json.loads(request.content)["offset"] for request in paperless.called("/resource/search")]
    assert offsets == [0, 2]


def test_a_list_without_end_is_the_operators_matter(make: Make, paperless: Script) -> None:
    paperless.on("/resource/search", json=[{"id": 1, "hash": "h1", "name": "other", "time": 0}])
    with pytest.raises(UnexpectedAnswer):
        _submit_again(make(search_limit=1), paperless, a_document())
    assert not paperless.called("/checked/upload")
