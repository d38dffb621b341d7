"""The inbox page and its JSON."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, abort, jsonify, render_template, request

from ztoe_sandbox.downloads import attachment as attachment_header
from ztoe_sandbox.faults import Faults
from ztoe_sandbox.faulty_app import install_control
from ztoe_sandbox.mail.store import Delivery, Mailbox

KYIV = ZoneInfo("Europe/Kyiv")
# What a message brings must neither run nor call home.
UNTRUSTED = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def create_app(mailbox: Mailbox, faults: Faults) -> Flask:
    """The pages, /sandbox/messages, /sandbox/summary and /sandbox/faults. SMTP faults do not touch these pages."""
    app = Flask(__name__)
    app.add_template_filter(_kyiv_time, "kyiv_time")
    app.register_blueprint(_pages(mailbox))
    app.register_blueprint(_control(mailbox))
    install_control(app, faults)
    return app


def _pages(mailbox: Mailbox) -> Blueprint:
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    def inbox() -> str:
        to = request.args.get("to") or None
        return render_template(
            "inbox.html", to=to, deliveries=mailbox.deliveries(to), recipients=mailbox.recipients()
        )

    @routes.get("/messages/<int:number>")
    def message(number: int) -> str:
        return render_template("message.html", delivery=_found(mailbox, number))

    @routes.get("/messages/<int:number>/html")
    def html(number: int) -> Response:
        response = Response(_found(mailbox, number).body("html"), mimetype="text/html")
        response.headers["Content-Security-Policy"] = UNTRUSTED
        return response

    @routes.get("/messages/<int:number>/raw")
    def raw(number: int) -> Response:
        return Response(_found(mailbox, number).raw, mimetype="text/plain")

    @routes.get("/messages/<int:number>/attachments/<int:index>")
    def attachment(number: int, index: int) -> Response:
        attachments = _found(mailbox, number).attachments
        if index >= len(attachments):
            abort(404)
        each = attachments[index]
        headers = {**attachment_header(each.name or "file"), "Content-Security-Policy": UNTRUSTED}
        return Response(each.content, 200, headers, mimetype=each.content_type)

    return routes


def _control(mailbox: Mailbox) -> Blueprint:
    routes = Blueprint("sandbox", __name__, url_prefix="/sandbox")

    @routes.get("/messages")
    def messages() -> Response:
        return jsonify([delivery.as_json() for delivery in mailbox.deliveries(request.args.get("to"))])

    @routes.delete("/messages")
    def forget() -> tuple[str, int]:
        mailbox.forget()
        return "", 204

    @routes.get("/summary")
    def summary() -> Response:
        return jsonify(mailbox.summary())

    return routes


def _found(mailbox: Mailbox, number: int) -> Delivery:
    delivery = mailbox.delivery(number)
    if delivery is None:
        abort(404)
    return delivery


def _kyiv_time(iso: str) -> str:
    return datetime.fromisoformat(iso).astimezone(KYIV).strftime("%d.%m.%Y %H:%M:%S")
