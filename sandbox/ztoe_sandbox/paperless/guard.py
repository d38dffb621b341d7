"""The gate of the API: the rate limit, then the session; and the shape of its refusals."""

from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

from ztoe_sandbox.paperless.service import Paperless
from ztoe_sandbox.paperless.store import Document
from ztoe_sandbox.strict import BadRequestBody

API = "/api2/checked"
OAUTH = "/PplsService/oauth"
Answer = Response | tuple[Response, int]


def install(app: Flask, service: Paperless) -> None:
    """Let only admitted requests reach the API and the OAuth endpoints; errors there are JSON."""

    @app.before_request
    def admit() -> Answer | None:
        if not request.path.startswith((API, OAUTH)):
            return None
        if not service.rate.admit():
            return refuse(429, "too many requests")
        if request.path.startswith(API) and not service.sessions.is_alive(request.headers.get("Cookie", "")):
            return refuse(403, "session not found")
        return None

    @app.errorhandler(HTTPException)
    def answer_http_error(error: HTTPException) -> Response:
        response = make_response(error.get_response())
        if request.path.startswith((API, OAUTH, "/sandbox")):
            response = jsonify(error=error.name)
            response.status_code = error.code or 500
        return response

    @app.errorhandler(BadRequestBody)
    def answer_bad_body(error: BadRequestBody) -> Answer:
        return refuse(400, str(error))


def api_blueprint(name: str) -> Blueprint:
    """A group of routes under /api2/checked."""
    return Blueprint(name, __name__, url_prefix=API)


def refuse(status: int, reason: str) -> tuple[Response, int]:
    """An error of the API."""
    return jsonify(error=reason), status


def as_resource(document: Document) -> dict[str, object]:
    """The document as the API writes it."""
    return {
        "id": document.id,
        "hash": document.hash,
        "src": _folder_of(document.time),
        "name": document.name,
        "type": 0,
        "size": document.size,
        "time": document.time,
        "author": document.author,
        "status": document.status,
        "signed": document.signed,
        "tags": 0,
        "shares": document.shares,
    }


def _folder_of(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y/%m/%d")
