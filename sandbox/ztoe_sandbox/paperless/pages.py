"""The customer's pages: log in, the list of documents, one document with its signatures, signing."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from ztoe_sandbox.downloads import attachment
from ztoe_sandbox.paperless.accounts import Customer
from ztoe_sandbox.paperless.desk import AlreadySigned, Received
from ztoe_sandbox.paperless.documents import signed_container
from ztoe_sandbox.paperless.service import Paperless
from ztoe_sandbox.paperless.signers import signer_of
from ztoe_sandbox.paperless.store import Document

KYIV = ZoneInfo("Europe/Kyiv")
STATES = {0: "Новий", 1: "Новий", 2: "Переглянутий", 3: "Підписаний"}
ACCESS = {0: "надіслано", 1: "надіслано", 2: "переглянуто", 3: "підписано"}
Page = str | BaseResponse | tuple[str, int]


def install(app: Flask, service: Paperless) -> None:
    """Add the pages to `app`. The cookie's name is our own: cookies of 127.0.0.1 are shared by all ports."""
    app.secret_key = secrets.token_hex(32)
    app.config.update(SESSION_COOKIE_NAME="paperless_sandbox", SESSION_COOKIE_SAMESITE="Lax")
    app.add_template_filter(_kyiv_time, "kyiv_time")
    app.add_template_filter(lambda status: STATES[status % 10], "state")
    app.add_template_filter(lambda status: ACCESS[status % 10], "access")
    app.register_blueprint(page_routes(service))
    app.register_blueprint(file_routes(service))


def page_routes(service: Paperless) -> Blueprint:
    """The pages themselves."""
    routes = Blueprint("pages", __name__)
    desk = service.desk

    @routes.get("/")
    def login() -> Page:
        if _current(service):
            return redirect(url_for("pages.documents"))
        return render_template("login.html", email="", failed=False)

    @routes.post("/")
    def log_in() -> Page:
        email = request.form.get("email", "")
        customer = service.accounts.log_in(email, request.form.get("password", ""))
        if customer is None:
            return render_template("login.html", email=email, failed=True), 403
        session["email"] = customer.email
        return redirect(url_for("pages.documents"))

    @routes.post("/logout")
    def log_out() -> Page:
        session.clear()
        return redirect(url_for("pages.login"))

    @routes.get("/documents")
    @_for_customer(service)
    def documents(customer: Customer) -> Page:
        received = desk.received(customer)
        in_trash = request.args.get("folder") == "trash"
        query = request.args.get("query", "").strip()
        shown = [
            each
            for each in received
            if each.in_trash == in_trash and query.casefold() in each.document.name.casefold()
        ]
        return render_template(
            "documents.html",
            customer=customer,
            shown=shown,
            in_trash=in_trash,
            query=query,
            received=received,
        )

    @routes.post("/documents")
    @_for_customer(service)
    def act_on_marked(customer: Customer) -> Page:
        acts = {"sign": desk.sign, "trash": desk.trash, "restore": desk.restore}
        act = acts.get(request.form.get("act", ""))
        if act is None:
            abort(400)
        for document_id in request.form.getlist("document", type=int):
            if desk.find(customer, document_id):
                _do(act, customer, document_id)
        return redirect(url_for("pages.documents"))

    @routes.get("/documents/<int:document_id>")
    @_for_customer(service)
    def document(customer: Customer, document_id: int) -> Page:
        _received_or_404(service, customer, document_id)
        desk.view(customer, document_id)
        received = _received_or_404(service, customer, document_id)
        signatures = [(each, signer_of(each.cms)) for each in service.store.signatures(document_id)]
        return render_template("document.html", customer=customer, received=received, signatures=signatures)

    @routes.post("/documents/<int:document_id>/sign")
    @_for_customer(service)
    def sign(customer: Customer, document_id: int) -> Page:
        _received_or_404(service, customer, document_id)
        _do(desk.sign, customer, document_id)
        return redirect(url_for("pages.document", document_id=document_id))

    return routes


def file_routes(service: Paperless) -> Blueprint:
    """The files behind the pages, and the public view by link."""
    routes = Blueprint("files", __name__)

    @routes.get("/documents/<int:document_id>/original.pdf")
    @_for_customer(service)
    def original(customer: Customer, document_id: int) -> Page:
        received = _received_or_404(service, customer, document_id)
        service.desk.view(customer, document_id)
        return _pdf(service, received.document)

    @routes.get("/documents/<int:document_id>/signed")
    @_for_customer(service)
    def signed(customer: Customer, document_id: int) -> Page:
        document = _received_or_404(service, customer, document_id).document
        headers = attachment(f"Підписаний_{document.name}.p7s")
        return Response(
            signed_container(service.store, document), 200, headers, mimetype="application/pkcs7-mime"
        )

    @routes.get("/share/<key>")
    @routes.get("/uk/share/<key>")
    def public(key: str) -> Page:
        return render_template("public.html", document=_public_or_404(service, key), key=key)

    @routes.get("/share/<key>/original.pdf")
    def public_original(key: str) -> Page:
        return _pdf(service, _public_or_404(service, key))

    return routes


def _for_customer(service: Paperless) -> Callable[[Callable[..., Page]], Callable[..., Page]]:
    """Give the page its customer; send everybody else to the login."""

    def decorate(page: Callable[..., Page]) -> Callable[..., Page]:
        @wraps(page)
        def guarded(**values: int) -> Page:
            customer = _current(service)
            return page(customer, **values) if customer else redirect(url_for("pages.login"))

        return guarded

    return decorate


def _current(service: Paperless) -> Customer | None:
    return service.accounts.customer(session.get("email", ""))


def _received_or_404(service: Paperless, customer: Customer, document_id: int) -> Received:
    received = service.desk.find(customer, document_id)
    if received is None:
        abort(404)
    return received


def _public_or_404(service: Paperless, key: str) -> Document:
    """The document of a public link: its hash (43 characters) and its id in one word."""
    digest, number = key[:43], key[43:]
    document = service.store.document(int(number)) if number.isdecimal() else None
    if document is None or not document.public or document.hash != digest:
        abort(404)
    return document


def _do(act: Callable[[Customer, int], None], customer: Customer, document_id: int) -> None:
    """Act; a second click on «Підписати» changes nothing."""
    try:
        act(customer, document_id)
    except AlreadySigned:
        return


def _pdf(service: Paperless, document: Document) -> Response:
    return Response(service.store.content(document.id), mimetype="application/pdf")


def _kyiv_time(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(KYIV).strftime("%d.%m.%Y %H:%M")
