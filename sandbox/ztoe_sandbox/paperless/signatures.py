"""Lists the signatures of a document and accepts ready ones from its author."""

import base64
import binascii

from flask import Blueprint, Response, jsonify, request

from ztoe_sandbox.paperless.accounts import UTILITY_EMAIL
from ztoe_sandbox.paperless.documents import own_document
from ztoe_sandbox.paperless.envelopes import NotAContainer, open_envelope
from ztoe_sandbox.paperless.guard import Answer, api_blueprint, refuse
from ztoe_sandbox.paperless.service import Paperless
from ztoe_sandbox.paperless.store import Store
from ztoe_sandbox.strict import BadRequestBody, parse_object


def signature_routes(service: Paperless) -> Blueprint:
    """/sign; the batch form `sign/0` is the only one that clients were seen to use."""
    routes = api_blueprint("signatures")
    store = service.store

    @routes.get("/sign/<int:document_id>")
    def list_signatures(document_id: int) -> Response:
        own_document(store, document_id)
        return jsonify(_encoded(store, document_id))

    @routes.post("/sign/0")
    def add_signatures() -> Answer:
        if request.mimetype != "text/plain":
            return refuse(415, "Content-Type text/plain is expected")
        if request.args.get("keyType", "PERSONAL_KEY") != "PERSONAL_KEY":
            return refuse(400, "keyType is PERSONAL_KEY")
        with store.write():
            containers = _read(store, request.get_data())
            added = sum(_add(store, document_id, cms) for document_id, cms in containers)
        if not added:
            return refuse(400, "nothing added")
        documents = dict.fromkeys(document_id for document_id, _ in containers)
        return jsonify([text for document_id in documents for text in _encoded(store, document_id)])

    return routes


def _read(store: Store, body: bytes) -> list[tuple[int, bytes]]:
    """Pairs of document and CMS; every one is checked before any is kept."""
    pairs = []
    for key, texts in parse_object(body).items():
        if not key.isdecimal() or not isinstance(texts, list) or not texts:
            raise BadRequestBody("the body maps document ids to lists of base64 CMS")
        content = store.content(own_document(store, int(key)).id)
        pairs += [(int(key), _checked(text, content)) for text in texts]
    return pairs


def _checked(text: object, content: bytes) -> bytes:
    if not isinstance(text, str):
        raise BadRequestBody("a CMS is base64 text")
    try:
        cms = base64.b64decode(text, validate=True)
        covers = open_envelope(cms).covers(content)
    except (binascii.Error, NotAContainer) as error:
        raise BadRequestBody(f"no CMS: {error}") from error
    if not covers:
        raise BadRequestBody("the signature is not over this document")
    return cms


def _add(store: Store, document_id: int, cms: bytes) -> bool:
    """The author's signature makes the document `signed`; what recipients do never does."""
    added = store.add_signature(document_id, UTILITY_EMAIL, cms)
    if added:
        store.run("UPDATE document SET signed = 1 WHERE id = ?", document_id)
    return added


def _encoded(store: Store, document_id: int) -> list[str]:
    return [base64.b64encode(signature.cms).decode() for signature in store.signatures(document_id)]
