"""HTTP Basic as 1C does it: the login and password are UTF-8 bytes, and nothing else."""

import base64
import binascii
import hmac

from flask import Response, request

from .errors import UNAUTHORIZED

USERS = ("Адміністратор", "odata")
PASSWORD = "demo"  # noqa: S105 - the sandbox's published password


def require_user() -> Response | None:
    """Nothing for a known user, else 1C's page."""
    if _is_known(request.headers.get("Authorization", "")):
        return None
    return Response(
        UNAUTHORIZED,
        status=401,
        content_type="text/html; charset=utf-8",
        headers={"WWW-Authenticate": 'Basic realm="1C:Enterprise 8.3"'},
    )


def _is_known(header: str) -> bool:
    scheme, _, encoded = header.partition(" ")
    try:
        pair = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):  # a login in cp1251 is no UTF-8
        return False
    user, _, password = pair.partition(":")
    matches = hmac.compare_digest(password.encode(), PASSWORD.encode())
    return scheme.lower() == "basic" and user in USERS and matches
