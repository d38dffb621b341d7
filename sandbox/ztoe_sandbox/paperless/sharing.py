"""Sends documents to recipients by e-mail address, takes them back, and opens or closes the public link."""

import re

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import NotFound

from ztoe_sandbox.paperless.accounts import UTILITY_EMAIL
from ztoe_sandbox.paperless.documents import own_document
from ztoe_sandbox.paperless.guard import Answer, api_blueprint, refuse
from ztoe_sandbox.paperless.service import Paperless
from ztoe_sandbox.paperless.store import Row, now_ms
from ztoe_sandbox.strict import BadRequestBody, check_fields, parse_object

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
SENT_TO_UNKNOWN, SENT = 0, 1


def sharing_routes(service: Paperless) -> Blueprint:
    """/share and /resource/shareall."""
    routes = api_blueprint("sharing")
    store = service.store

    @routes.post("/share/<int:document_id>")
    def share(document_id: int) -> Answer:
        document = own_document(store, document_id)
        if document.trash:
            return refuse(403, "the document is in the trash")
        wishes = _read_wishes(request.get_data())
        with store.write():
            added = [row for wish in wishes if (row := _add_share(document_id, wish))]
        return jsonify([_as_share(row) for row in added])

    def _add_share(document_id: int, wish: dict[str, object]) -> Row | None:
        """The new share; None for an address that has the document already, its author included: ignored."""
        email = str(wish["email"]).lower()
        if email == UTILITY_EMAIL:
            return None
        status = SENT if service.accounts.knows(email) else SENT_TO_UNKNOWN
        sql = "INSERT OR IGNORE INTO share (document, email, status, mode, comment, time) VALUES (?, ?, ?, ?, ?, ?)"
        mode, comment = wish.get("mode", 0), wish.get("comment", "")
        added = store.run(sql, document_id, email, status, mode, comment, now_ms())
        return store.share(document_id, email) if added == 1 else None

    @routes.get("/share/<int:document_id>")
    def list_shares(document_id: int) -> Response:
        own_document(store, document_id)
        rows = store.rows("SELECT * FROM share WHERE document = ? ORDER BY time, email", document_id)
        return jsonify([_as_share(row) for row in rows])

    @routes.delete("/share/<int:document_id>/<email>")
    def revoke(document_id: int, email: str) -> Answer:
        own_document(store, document_id)
        with store.write():
            row = store.share(document_id, email.lower())
            if row is None:
                raise NotFound
            if row["status"] > SENT:
                return refuse(403, "the recipient has opened the document")
            store.run("DELETE FROM share WHERE document = ? AND email = ?", document_id, email.lower())
        return jsonify(state="ok")

    @routes.put("/resource/shareall/<int:document_id>")
    def open_link(document_id: int) -> Response:
        document = own_document(store, document_id)
        store.run("UPDATE document SET public = 1 WHERE id = ?", document_id)
        return jsonify(url=f"{request.host_url}share/{document.hash}{document.id}")

    @routes.delete("/resource/shareall/<int:document_id>")
    def close_link(document_id: int) -> Response:
        own_document(store, document_id)
        store.run("UPDATE document SET public = 0 WHERE id = ?", document_id)
        return jsonify(state="ok")

    return routes


def _read_wishes(body: bytes) -> list[dict[str, object]]:
    wishes = check_fields(parse_object(body), {"requestList": (list,)})["requestList"]
    if not wishes:
        raise BadRequestBody("requestList is empty")
    for wish in wishes:
        check_fields(wish, {"email": (str,)}, {"comment": (str,), "mode": (int,)})
        if EMAIL.fullmatch(wish["email"]) is None:
            raise BadRequestBody("email is no address")
        if wish.get("mode", 0) not in (0, 1):
            raise BadRequestBody("mode is 0 or 1")
    return list(wishes)


def _as_share(row: Row) -> dict[str, object]:
    return {"resourceId": row["document"], "user": row["email"], "status": row["status"], "time": row["time"]}
