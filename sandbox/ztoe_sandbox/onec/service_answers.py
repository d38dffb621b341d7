"""How the HTTP service answers: JSON, or a refusal with a code."""

import json

from flask import Response


class ServiceError(Exception):
    """A refusal: {"error": {"code", "message"}}."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def refusal(error: ServiceError) -> Response:
    return as_json({"error": {"code": error.code, "message": str(error)}}, error.status)


def as_json(body: object, status: int = 200) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False), status, content_type="application/json; charset=utf-8"
    )
