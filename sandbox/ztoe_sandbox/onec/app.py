"""Puts the base together: OData, the HTTP service and the operator's pages in one Flask application."""

from pathlib import Path
from typing import Any

from flask import Flask

from .control import control_blueprint
from .odata import odata_blueprint
from .order_store import OrderStore
from .pages import operator_blueprint
from .readings_register import ReadingsRegister
from .service import LARGEST_FILE, service_blueprint
from .sessions import Sessions
from .sheet_pages import sheet_blueprint
from .sheet_store import SheetStore
from .switches import Switches
from .utility import Utility


def create_app(
    *, consumers: int, state_path: Path | None, faults: Any, switches: Switches | None = None
) -> Flask:
    """The base `utility` with `consumers` generated consumers; orders and sheets live in `state_path`, or in memory.

    `faults.install(app)` is called last, unless `faults` is None. Nothing is generated before it is asked for.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_FILE + 1
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    switches = switches or Switches()
    utility = Utility(consumers)
    orders, sheets = OrderStore(state_path), SheetStore(state_path)
    sessions = Sessions(switches)
    app.register_blueprint(odata_blueprint(utility, ReadingsRegister(sheets), switches, sessions))
    app.register_blueprint(service_blueprint(utility, orders, sheets))
    app.register_blueprint(operator_blueprint(utility, orders))
    app.register_blueprint(sheet_blueprint(sheets))
    app.register_blueprint(control_blueprint(utility, switches, sessions))
    app.extensions["onec"] = orders
    if faults is not None:
        faults.install(app)
    return app
