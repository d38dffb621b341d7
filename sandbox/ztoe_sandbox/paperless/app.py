"""Puts the simulated Paperless together as one Flask application."""

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from ztoe_sandbox.paperless import guard, pages
from ztoe_sandbox.paperless.control import control_routes
from ztoe_sandbox.paperless.documents import document_routes, download_routes
from ztoe_sandbox.paperless.oauth import oauth_routes, session_routes
from ztoe_sandbox.paperless.service import Paperless
from ztoe_sandbox.paperless.sharing import sharing_routes
from ztoe_sandbox.paperless.signatures import signature_routes
from ztoe_sandbox.paperless.upload import upload_routes


def create_app(service: Paperless) -> Flask:
    """The API, the customer's pages and the sandbox's own routes over one service."""
    app = Flask(__name__)
    app.json = DefaultJSONProvider(app)
    app.json.ensure_ascii = False
    guard.install(app, service)
    for routes in (
        oauth_routes(service),
        session_routes(),
        upload_routes(service),
        document_routes(service),
        download_routes(service),
        sharing_routes(service),
        signature_routes(service),
        control_routes(service),
    ):
        app.register_blueprint(routes)
    pages.install(app, service)
    service.faults.install(app)
    return app
