"""The two OAuth endpoints: a code for the client id, a token for the code."""

from flask import Blueprint, Response, jsonify, request

from ztoe_sandbox.paperless.accounts import CLIENT_ID, UTILITY_EMAIL
from ztoe_sandbox.paperless.guard import OAUTH, api_blueprint
from ztoe_sandbox.paperless.service import Paperless


def oauth_routes(service: Paperless) -> Blueprint:
    """authorize and token; both say what went wrong under HTTP 200."""
    routes = Blueprint("oauth", __name__, url_prefix=OAUTH)

    @routes.post("/authorize")
    def authorize() -> Response:
        form = request.form
        if form.get("response_type") != "code" or form.get("agentCheck") != "true":
            return _authorize_answer(
                {"state": "err", "desc": "response_type=code and agentCheck=true are required"}
            )
        if form.get("client_id") != CLIENT_ID:
            return _authorize_answer({"state": "err", "desc": "client not found"})
        return _authorize_answer({"state": "ok", "code": service.sessions.new_code()})

    @routes.post("/token")
    def token() -> Response:
        form = request.form
        if form.get("grant_type") != "authorization_code":
            return jsonify(
                error="unsupported_grant_type", error_description="grant_type=authorization_code is required"
            )
        if form.get("client_id") != CLIENT_ID:
            return jsonify(error="invalid_client", error_description="client not found")
        access = service.sessions.spend_code(form.get("code", ""), form.get("client_secret", ""))
        if access is None:
            return jsonify(
                error="invalid_grant", error_description="code is spent or expired, or client_secret is wrong"
            )
        return jsonify(access_token=access, refresh_token=access[::-1])

    return routes


def session_routes() -> Blueprint:
    """The check whether a session is alive."""
    routes = api_blueprint("session")

    @routes.get("/login")
    def check_session() -> Response:
        return jsonify(login=UTILITY_EMAIL)

    return routes


def _authorize_answer(fields: dict[str, str]) -> Response:
    """JSON only for those who ask for JSON by name; markup for all others."""
    if "application/json" in request.headers.get("Accept", ""):
        return jsonify(fields)
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return Response(f"<oauthResponse>{inner}</oauthResponse>", mimetype="application/xml")
