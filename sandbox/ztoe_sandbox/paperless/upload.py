"""Receives a PDF: one multipart part named `file`, base64 text unless the service was told to take raw bytes."""

import base64
import binascii
import hashlib
from pathlib import PurePosixPath

from flask import Blueprint, jsonify, request

from ztoe_sandbox.paperless.accounts import UTILITY_EMAIL
from ztoe_sandbox.paperless.guard import Answer, api_blueprint, as_resource, refuse
from ztoe_sandbox.paperless.service import Paperless

MAX_BYTES = 10 * 1024 * 1024
MAX_REQUEST = MAX_BYTES * 4 // 3 + 256 * 1024  # base64 with line breaks, and the multipart around it
NAME_LENGTH = 100


class NotBase64(ValueError):
    """The part is not base64 text."""


def upload_routes(service: Paperless) -> Blueprint:
    """The upload; not idempotent: the same bytes give a new id with the same hash."""
    routes = api_blueprint("upload")

    @routes.post("/upload")
    def upload() -> Answer:
        if request.content_length is None:
            return refuse(411, "Content-Length is required")
        if request.content_length > MAX_REQUEST:
            return refuse(413, "the file is larger than 10 MB")
        if list(request.files) != ["file"] or len(request.files.getlist("file")) != 1 or request.form:
            return refuse(400, "exactly one part named file is expected")
        part = request.files["file"]
        try:
            content = read_part(part.read(), raw=service.settings.raw_upload)
        except NotBase64:
            return jsonify(state="err", code="FILE_DECODE", desc="file content is not base64")
        return _store(content, part.filename or "")

    def _store(content: bytes, filename: str) -> Answer:
        if len(content) > MAX_BYTES:
            return refuse(413, "the file is larger than 10 MB")
        if not content.startswith(b"%PDF-"):
            return refuse(415, "only PDF is accepted")
        document = service.store.add_document(UTILITY_EMAIL, name_from(filename), hash_of(content), content)
        return jsonify(state="ok", resourceDTO=[as_resource(document)])

    return routes


def read_part(data: bytes, *, raw: bool) -> bytes:
    """The file in the part; line breaks in base64 are welcome, anything else outside its alphabet is not."""
    if raw:
        return data
    try:
        return base64.b64decode(b"".join(data.split()), validate=True)
    except binascii.Error as error:
        raise NotBase64 from error


def hash_of(content: bytes) -> str:
    """43 characters, base64url without padding, as the service's are.

    The service hashes with ГОСТ 34.311. This is SHA-256, because ГОСТ in plain Python takes seconds for a megabyte;
    to a client the value is opaque: half of the address of a download.
    """
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def name_from(filename: str) -> str:
    """The document's name: no folders, no `.pdf` (the manual shows none), 100 characters."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    return (name[:-4] if name.lower().endswith(".pdf") else name)[:NAME_LENGTH] or "Документ"
