"""The operator's pages of reading sheets, and the same acts as JSON for scripts."""

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from .sheet_store import Sheet, SheetState, SheetStore
from .sheets import REASONS, STATES, SheetRefused, decide

Answer = AnyResponse | str | tuple[AnyResponse | str, int]


def sheet_blueprint(store: SheetStore) -> Blueprint:
    blueprint = Blueprint("sheets", __name__, template_folder="templates")
    pages = _Pages(store)
    blueprint.add_url_rule("/sheets", "list_sheets", pages.list_sheets)
    blueprint.add_url_rule("/sheets/<key>/<int:revision>", "show_sheet", pages.show_sheet)
    blueprint.add_url_rule("/sheets/<key>/<int:revision>/accept", "accept", pages.accept, methods=["POST"])
    blueprint.add_url_rule("/sheets/<key>/<int:revision>/refuse", "refuse", pages.refuse, methods=["POST"])
    blueprint.add_url_rule("/sandbox/sheets", "list_json", pages.list_json)
    blueprint.add_url_rule(
        "/sandbox/sheets/<key>/<int:revision>", "decide_json", pages.decide_json, methods=["POST"]
    )
    blueprint.register_error_handler(LookupError, lambda _: (render_template("missing.html"), 404))
    blueprint.add_app_template_filter(lambda sheet: STATES[sheet.state], "sheet_state")
    return blueprint


class _Pages:
    def __init__(self, store: SheetStore) -> None:
        self._store = store

    def _sheet(self, key: str, revision: int) -> Sheet:
        found = next((each for each in self._store.revisions(key) if each.revision == revision), None)
        if found is None:
            raise LookupError(key)
        return found

    def list_sheets(self) -> Answer:
        return render_template("sheets.html", sheets=self._store.sheets())

    def show_sheet(self, key: str, revision: int) -> Answer:
        return self._page(self._sheet(key, revision))

    def _page(self, sheet: Sheet, problem: str = "") -> str:
        waits = sheet.state is SheetState.WAITING
        return render_template("sheet.html", sheet=sheet, waits=waits, reasons=REASONS, problem=problem)

    def accept(self, key: str, revision: int) -> Answer:
        return self._decided(key, revision, [])

    def refuse(self, key: str, revision: int) -> Answer:
        """The form has a reason and a value for each line; a line without a reason is in order."""
        sheet = self._sheet(key, revision)
        refusals = [
            {
                "metering_point_key": line["metering_point_key"],
                "reason": request.form.get(f"reason-{place}", ""),
                "sent": line["current_value"],
                "known": request.form.get(f"known-{place}", ""),
            }
            for place, line in enumerate(sheet.body["lines"])
            if request.form.get(f"reason-{place}")
        ]
        if not refusals:
            return self._page(sheet, "Вкажіть причину хоча б для однієї точки."), 422
        return self._decided(key, revision, refusals)

    def _decided(self, key: str, revision: int, refusals: list[dict[str, str]]) -> Answer:
        try:
            decide(self._store, key, revision, refusals)
        except SheetRefused as error:
            return self._page(self._sheet(key, revision), str(error)), 409
        return redirect(url_for("sheets.show_sheet", key=key, revision=revision), 303)

    def list_json(self) -> Answer:
        sheets = [
            {"key": each.key, "revision": each.revision, "state": each.state.value, "body": each.body}
            for each in self._store.sheets()
        ]
        return jsonify(sheets=sheets)

    def decide_json(self, key: str, revision: int) -> Answer:
        """{"refusals": []} accepts."""
        body: Any = request.get_json(silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("refusals"), list):
            return jsonify(error={"code": "bad_details"}), 400
        try:
            decide(self._store, key, revision, body["refusals"])
        except LookupError:
            return jsonify(error={"code": "not_found"}), 404
        except SheetRefused as error:
            return jsonify(error={"code": error.code, "message": str(error)}), 409
        return jsonify(ok=True)
