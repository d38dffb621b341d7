"""Документи: what awaits the consumer's signature, what became of it, and what was found in the signed files."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from werkzeug.exceptions import NotFound

from ..context import the_hub, the_user
from ..downloads import file_answer
from ..verdicts import read_verdict

pages = Blueprint("documents", __name__, url_prefix="/accounts/<int:account_id>/documents")
SIGNED_PREFIX = "Підписаний_"  # as document services call it
ROLES = ("original", "signed")
IN_WORK = ("prepared", "signed", "needs_operator", "failed")


@pages.get("", endpoint="listing")
def show_documents(account_id: int) -> str:
    """Three lists: to be signed, on their way, finished."""
    documents = the_hub().documents.of(the_user(), account_id)
    awaited = [document for document in documents if document.awaits_signature]
    in_work = [document for document in documents if document.state in IN_WORK]
    finished = [document for document in documents if document not in awaited and document not in in_work]
    return render_template("documents/list.html", awaited=awaited, in_work=in_work, finished=finished)


@pages.get("/<int:document_id>", endpoint="page")
def show_document(account_id: int, document_id: int) -> str:
    """One document with its files and, once it is signed, the verdict in its named parts."""
    document = the_hub().documents.get(the_user(), account_id, document_id)
    verdict = read_verdict(document.verdict) if document.verdict else None
    return render_template("documents/document.html", document=document, verdict=verdict)


@pages.get("/<int:document_id>/<role>", endpoint="file")
def download(account_id: int, document_id: int, role: str) -> Response:
    """The original opens; the signed container is saved under the name that people know it by."""
    if role not in ROLES:
        raise NotFound
    file = the_hub().documents.file(the_user(), account_id, document_id, role)
    if role == "original":
        return file_answer(file.name, file.media_type, file.content, inline=True)
    name = file.name if file.name.startswith(SIGNED_PREFIX) else SIGNED_PREFIX + file.name
    return file_answer(name, file.media_type, file.content)
