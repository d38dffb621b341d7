"""Drives the customers and shows the bookkeeping, for scripts and tests: /sandbox/."""

import base64
from typing import Any

from flask import Blueprint, Response, jsonify, request

from ztoe_sandbox.paperless.desk import AlreadySigned, Received
from ztoe_sandbox.paperless.guard import Answer, refuse
from ztoe_sandbox.paperless.service import Paperless
from ztoe_sandbox.paperless.store import Document
from ztoe_sandbox.strict import check_fields, parse_object


def control_routes(service: Paperless) -> Blueprint:
    """What only a sandbox has."""
    routes = Blueprint("sandbox", __name__, url_prefix="/sandbox")
    desk = service.desk
    acts = {"sign": desk.sign, "view": desk.view, "trash": desk.trash, "restore": desk.restore}

    @routes.post(f"/<any({','.join(acts)}):act>")
    def act(act: str) -> Answer:
        fields = {"email": (str,), "password": (str,), "document": (int, str)}
        wish = check_fields(parse_object(request.get_data()), fields)
        customer = service.accounts.log_in(wish["email"], wish["password"])
        if customer is None:
            return refuse(403, "wrong e-mail or password")
        received = desk.find(customer, wish["document"])
        if received is None:
            return refuse(404, "no such document was sent to this customer")
        try:
            acts[act](customer, received.document.id)
        except AlreadySigned:
            return refuse(409, "this customer has signed the document already")
        return _as_outcome(desk.find(customer, received.document.id))

    @routes.get("/documents")
    def documents() -> Response:
        """All documents ever, newest first, deleted ones included."""
        return jsonify([_as_record(service, document) for document in service.store.documents("1 = 1")])

    @routes.get("/ca.pem")
    def authority() -> Response:
        """The certificate of the test КНЕДП, for those who verify signatures."""
        return Response(service.keys.authority.certificate_pem, mimetype="application/x-pem-file")

    return routes


def _as_outcome(received: Received | None) -> Response:
    assert received is not None  # noqa: S101 - it was found a moment ago and nobody deletes here
    document = received.document
    return jsonify(document=document.id, name=document.name, status=received.status, trash=received.in_trash)


def _as_record(service: Paperless, document: Document) -> dict[str, Any]:
    sql = "SELECT email, status, mode, comment, time FROM share WHERE document = ? ORDER BY time, email"
    digest = base64.urlsafe_b64decode(document.hash + "=")
    return {
        "id": document.id,
        "name": document.name,
        "hash": document.hash,
        "sha256": digest.hex(),
        "size": document.size,
        "time": document.time,
        "author": document.author,
        "status": document.status,
        "signed": document.signed,
        "shares": [dict(row) for row in service.store.rows(sql, document.id)],
        "signatures": [signature.email for signature in service.store.signatures(document.id)],
    }
