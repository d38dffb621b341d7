"""Files: names that survive, and contents that can do nothing in the cabinet's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import Flask

from ztoe_cabinet.downloads import file_answer, plain_name
from ztoe_hub.storage.tables import StoredFile

if TYPE_CHECKING:
    from webapp.tests.conftest import Browser, World


def test_an_uploaded_pdf_is_saved_and_an_application_opens(
    world: World, consumer: Browser, order: int
) -> None:
    consumer.post(f"/accounts/{world.own}/orders/{order}/submit")
    files = f"/accounts/{world.own}/orders/{order}/files"
    uploaded, ours = consumer.get(f"{files}/certificate"), consumer.get(f"{files}/application")
    assert uploaded.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in uploaded.headers["Content-Security-Policy"]
    assert ours.headers["Content-Disposition"].startswith("inline;")
    assert ours.data.startswith(b"%PDF-")
    for answer in (uploaded, ours):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_signed_container_is_saved_under_the_name_that_people_know(
    world: World, consumer: Browser, order: int
) -> None:
    consumer.post(f"/accounts/{world.own}/orders/{order}/submit")
    with world.hub.database.write() as session:
        original = session.get_one(StoredFile, 3)
        session.add(
            StoredFile(
                **{**original.model_dump(), "id": None, "owner": "document", "owner_id": 1, "role": "signed"}
                | {"name": "Заява.asice", "media_type": "application/vnd.etsi.asic-e+zip"}
            )
        )
    page = consumer.get(f"/accounts/{world.own}/documents/1")
    assert "/documents/1/signed" in page.text
    answer = consumer.get(f"/accounts/{world.own}/documents/1/signed")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment;")
    assert "filename*=UTF-8''%D0%9F%D1%96%D0%B4%D0%BF%D0%B8%D1%81%D0%B0%D0%BD%D0%B8%D0%B9_" in disposition


@pytest.mark.parametrize("role", ["nothing", "..", "signed"])
def test_a_role_that_is_not_there_is_not_found(
    world: World, consumer: Browser, order: int, role: str
) -> None:
    consumer.post(f"/accounts/{world.own}/orders/{order}/submit")
    assert consumer.get(f"/accounts/{world.own}/documents/1/{role}").status_code == 404
    assert consumer.get(f"/accounts/{world.own}/orders/{order}/files/{role}").status_code == 404


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "etcpasswd"),
        ("a\r\nSet-Cookie: x=y.pdf", "aSet-Cookie: x=y.pdf"),
        ('звіт "№1".pdf', "звіт №1.pdf"),
        ("C:\\temp\\x.pdf", "C:tempx.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("...", "file"),
        ("", "file"),
    ],
)
def test_names_hold_nothing_that_means_something_else(name: str, expected: str) -> None:
    assert plain_name(name) == expected


def test_a_ukrainian_name_goes_by_rfc_6266() -> None:
    with Flask("x").test_request_context():
        answer = file_answer('звіт "№1"\r\nX: y.pdf', "application/pdf", b"%PDF-", inline=True)
    disposition = answer.headers["Content-Disposition"]
    assert "filename*=UTF-8''%D0%B7%D0%B2%D1%96%D1%82%20%E2%84%961X%3A%20y.pdf" in disposition
    assert "\r" not in disposition


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "image/png", "application/octet-stream"]
)
def test_only_a_pdf_ever_opens(media_type: str) -> None:
    with Flask("x").test_request_context():
        answer = file_answer("x", media_type, b"<script>", inline=True)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
