"""The author's documents: search, look, rename, throw away, restore, download."""

import base64

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import Forbidden, NotFound

from ztoe_sandbox.downloads import attachment
from ztoe_sandbox.paperless.accounts import UTILITY_EMAIL
from ztoe_sandbox.paperless.envelopes import join
from ztoe_sandbox.paperless.guard import Answer, api_blueprint, as_resource, refuse
from ztoe_sandbox.paperless.service import Paperless
from ztoe_sandbox.paperless.store import GONE, TRASHED, Document, Store
from ztoe_sandbox.strict import NULL, BadRequestBody, check_fields, parse_object

DAY_MS = 86_400_000
NAME_LIMIT = 128
SEARCH_FIELDS: dict[str, tuple[type, ...]] = {
    "searchQuery": (str, NULL),
    "contractor": (list, NULL),
    "author": (str, NULL),
    "signed": (bool, NULL),
    "dateFrom": (int, NULL),
    "dateTo": (int, NULL),
    "docList": (str,),
    "tagFilter": (int, NULL),
    "offset": (int,),
    "limit": (int,),
}


def document_routes(service: Paperless) -> Blueprint:
    """Everything under /resource except sharing by link."""
    routes = api_blueprint("documents")
    store = service.store

    @routes.post("/resource/search")
    def search() -> Response:
        filters = check_fields(parse_object(request.get_data()), {}, SEARCH_FIELDS)
        return jsonify([as_resource(found) for found in _search(store, filters)])

    @routes.get("/resource/<int:document_id>")
    def show(document_id: int) -> Response:
        return jsonify(as_resource(own_document(store, document_id)))

    @routes.delete("/resource/<int:document_id>")
    def trash_or_delete(document_id: int) -> Response:
        document = own_document(store, document_id)
        store.run(
            "UPDATE document SET trash = ? WHERE id = ?", GONE if document.trash else TRASHED, document_id
        )
        return jsonify(state="ok")

    @routes.put("/resource/restore/<int:document_id>")
    def restore(document_id: int) -> Response:
        own_document(store, document_id)
        store.run("UPDATE document SET trash = 0 WHERE id = ?", document_id)
        return jsonify(state="ok")

    @routes.put("/resource/name/<int:document_id>")
    def rename(document_id: int) -> Answer:
        own_document(store, document_id)
        name = request.get_data().decode("utf-8", "replace").strip()
        if not 0 < len(name) <= NAME_LIMIT:
            return refuse(400, f"a name has 1 to {NAME_LIMIT} characters")
        store.run("UPDATE document SET name = ? WHERE id = ?", name, document_id)
        return jsonify(state="ok")

    return routes


def download_routes(service: Paperless) -> Blueprint:
    """The two downloads; the id and the hash together are the key."""
    routes = api_blueprint("downloads")
    store = service.store

    @routes.get("/resource/withsign/<int:document_id>/<digest>")
    def download_signed(document_id: int, digest: str) -> Response:
        document = _document_with_hash(store, document_id, digest)
        container = signed_container(store, document)
        return _file(base64.b64encode(container) if service.settings.withsign_base64 else container, document)

    @routes.get("/resource/withoutsign/<int:document_id>/<digest>")
    def download_original(document_id: int, digest: str) -> Response:
        document = _document_with_hash(store, document_id, digest)
        return _file(store.content(document.id), document)

    return routes


def own_document(store: Store, document_id: int) -> Document:
    """The document, or NotFound when it never was or was deleted for good."""
    document = store.document(document_id)
    if document is None:
        raise NotFound
    return document


def signed_container(store: Store, document: Document) -> bytes:
    """All signatures joined in one attached CMS; NotFound when there are none yet."""
    signatures = store.signatures(document.id)
    if not signatures:
        raise NotFound
    return join([signature.cms for signature in signatures], store.content(document.id))


def _document_with_hash(store: Store, document_id: int, digest: str) -> Document:
    document = own_document(store, document_id)
    if document.hash != digest:
        raise Forbidden
    return document


def _file(content: bytes, document: Document) -> Response:
    headers = attachment(f"Підписаний_{document.name}.pdf")  # the service says .pdf of a CMS, too
    return Response(content, 200, headers, mimetype="application/octet-stream")


def _search(store: Store, filters: dict[str, object]) -> list[Document]:
    """Newest first. `searchQuery` is a LIKE pattern in the service, so `_` and `%` match anything here as well."""
    offset, limit = filters.get("offset", 0), filters.get("limit", 40)
    if not (isinstance(offset, int) and isinstance(limit, int) and offset >= 0 and 1 <= limit <= 1000):
        raise BadRequestBody("offset is 0 or more, limit is 1 to 1000")
    conditions, values = _conditions(filters)
    return store.documents(" AND ".join(conditions), *values)[offset : offset + limit]


def _conditions(filters: dict[str, object]) -> tuple[list[str], list[object]]:
    trash = {"docs": 0, "trash": TRASHED, "tag": GONE + 1}.get(str(filters.get("docList", "docs")))
    if trash is None:
        raise BadRequestBody("docList is docs, trash or tag")
    conditions, values = ["author = ?", "trash = ?"], [UTILITY_EMAIL, trash]
    optional: dict[str, tuple[str, object]] = {
        "signed": ("signed = ?", filters.get("signed")),
        "dateFrom": ("time >= ?", filters.get("dateFrom")),
        "dateTo": ("time < ?", _day_after(filters.get("dateTo"))),
        "author": ("author = ?", None if filters.get("author") == "all" else filters.get("author")),
    }
    for condition, value in optional.values():
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if query := filters.get("searchQuery"):
        shared = "id IN (SELECT document FROM share WHERE fold(email) LIKE fold(?))"
        conditions.append(f"(fold(name) LIKE fold(?) OR author LIKE ? OR {shared})")
        values += [f"%{query}%"] * 3
    if contractors := _addresses(filters.get("contractor")):
        marks = ", ".join("?" * len(contractors))
        conditions.append(f"id IN (SELECT document FROM share WHERE email IN ({marks}))")  # noqa: S608 - only marks
        values += contractors
    return conditions, values


def _day_after(date_to: object) -> int | None:
    return date_to + DAY_MS if isinstance(date_to, int) else None


def _addresses(contractor: object) -> list[str]:
    addresses = contractor if isinstance(contractor, list) else []
    if not all(isinstance(address, str) for address in addresses):
        raise BadRequestBody("contractor is a list of e-mail addresses")
    return [address.lower() for address in addresses]
