"""Puts the base together: OData, the HTTP service and the operator's pages in one Flask application."""

from pathlib import Path
from typing import Any

from flask import Flask

from .odata import odata_blueprint
from .order_store import OrderStore
from .pages import operator_blueprint
from .service import LARGEST_FILE, service_blueprint
from .utility import Utility


def create_app(*, consumers: int, state_path: Path | None, faults: Any) -> Flask:
    """The base `utility` with `consumers` generated consumers; orders live in `state_path`, or in memory.

    `faults.install(app)` is called last, unless `faults` is None. Nothing is generated before it is asked for.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FILE + 1
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    utility = Utility(consumers)
    store = OrderStore(state_path)
    app.register_blueprint(odata_blueprint(utility))
    app.register_blueprint(service_blueprint(utility, store))
    app.register_blueprint(operator_blueprint(utility, store))
    app.extensions["onec"] = store
    if faults is not None:
        faults.install(app)
    return app
