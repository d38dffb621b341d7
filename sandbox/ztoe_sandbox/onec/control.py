"""What a test or a script may do behind the scenes: write records, kill sessions, throw switches."""

from flask import Blueprint, Response, jsonify, request

from .sessions import Sessions
from .sets import ENTITY_SETS
from .switches import Switches
from .utility import LISTS, Utility


def control_blueprint(utility: Utility, switches: Switches, sessions: Sessions) -> Blueprint:
    """The routes /sandbox/records, /sandbox/sessions and /sandbox/switches."""
    blueprint = Blueprint("onec_control", __name__, url_prefix="/sandbox")

    @blueprint.post("/records/<set_name>/<key>")
    def write_record(set_name: str, key: str) -> tuple[Response, int]:
        """Write attributes of a record (`copy_of` makes a new one); even without any, the exchange plan knows."""
        if set_name not in LISTS:
            raise LookupError(set_name)
        try:
            return jsonify(key=utility.write(set_name, key, request.get_json(silent=True) or {})), 200
        except TypeError as error:
            return jsonify(error=str(error)), 400

    @blueprint.delete("/records/<set_name>/<key>")
    def delete_record(set_name: str, key: str) -> tuple[str, int]:
        if set_name not in LISTS:
            raise LookupError(set_name)
        utility.remove(set_name, key)
        return "", 204

    @blueprint.post("/registrations/<set_name>/<key>")
    def register(set_name: str, key: str) -> tuple[str, int]:
        """Let the exchange plan think that a record changed."""
        if set_name not in ENTITY_SETS:
            raise LookupError(set_name)
        utility.plan.register(set_name, key)
        return "", 204

    @blueprint.get("/sessions")
    def count_sessions() -> Response:
        return jsonify(living=sessions.living, started=sessions.started)

    @blueprint.delete("/sessions")
    def kill_sessions() -> tuple[str, int]:
        sessions.kill()
        return "", 204

    @blueprint.post("/switches")
    def throw_switches() -> tuple[Response, int]:
        try:
            switches.change(request.get_json())
        except ValueError as error:
            return jsonify(error=str(error)), 400
        return jsonify(ok=True), 200

    blueprint.register_error_handler(LookupError, lambda _: (jsonify(error="no such set or record"), 404))
    return blueprint
