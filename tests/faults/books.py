"""The bookkeeping: what each counterparty received, against the hub's tables. Nothing lost, nothing doubled."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from ztoe_demo.story import STATES
from ztoe_hub.files import files_of
from ztoe_hub.storage.blobs import BlobStore
from ztoe_hub.storage.states import DocumentState, OrderState, WorkState
from ztoe_hub.storage.tables import AuditLine, CabinetUser, Document, Message, ServiceOrder, Work

from .world import RECURRING, World

SIGNED_SHARE = 3
MOVES = ("submit", "accept", "register", "invoice", "pay", "schedule", "complete")
HANDED_OVER = {"certificate", "extract", "application", "application_signed"}


def check_books(world: World) -> None:
    """After the end of the story: every order once, in every book."""
    with world.hub.database.read() as session:
        ours = col(ServiceOrder.id) > world.last_order
        orders = session.exec(select(ServiceOrder).where(ours).order_by(col(ServiceOrder.id))).all()
        theirs = col(Document.subject_id) > world.last_order
        documents = session.exec(select(Document).where(theirs).order_by(col(Document.id))).all()
        assert {order.state for order in orders} == {OrderState.COMPLETED}
        assert [document.subject_id for document in documents] == [order.id for order in orders]
        _check_outbox(session)
        _check_paperless(world, session, documents)
        _check_base(world, session, orders)
        _check_audit(session, orders, documents)
        _check_inbox(session, orders)
        _check_mail(world, session, orders)
    world.is_in_order = True


def repeats(world: World) -> int:
    """How many e-mails came more than once."""
    summary = world.mail.get("summary")
    return int(summary["deliveries"]) - int(summary["distinct_message_ids"])


def _check_outbox(session: Session) -> None:
    left = session.exec(
        select(Work).where(col(Work.state) != WorkState.DONE, col(Work.kind).not_in(RECURRING))
    )
    assert left.all() == []
    recurring = session.exec(select(Work.state).where(col(Work.kind).in_(RECURRING)))
    assert WorkState.PARKED not in recurring.all()


def _check_paperless(world: World, session: Session, documents: Any) -> None:
    """One remote document for each of ours, with our bytes, sent once to the right person and signed by them."""
    blobs = BlobStore(world.hub.settings.hub.files)
    theirs = {document["id"]: document for document in world.documents()}
    assert len(theirs) == len(documents), [each["name"] for each in theirs.values()]
    for document in documents:
        assert document.state is DocumentState.COMPLETED
        assert document.remote_ref is not None
        remote = theirs.pop(json.loads(document.remote_ref)["id"])
        files = files_of(session, "document", document.id)
        assert remote["sha256"] == files["original"].sha256
        shares = [(share["email"], share["status"]) for share in remote["shares"]]
        assert shares == [(document.recipient_email, SIGNED_SHARE)]
        assert remote["signatures"] == [document.recipient_email]
        assert blobs.get(files["signed"].sha256)  # get() compares content and SHA-256
        assert document.verdict is not None
        assert document.verdict["same_document"] is True
    assert not theirs


def _check_base(world: World, session: Session, orders: Any) -> None:
    """One order in 1C for each of ours, with our files, and what 1C made of it in our tables."""
    theirs = world.orders_at_base()
    assert sorted(each["order_id"] for each in theirs) == sorted(f"hub-{order.id}" for order in orders)
    for order in orders:
        remote = next(each for each in theirs if each["order_id"] == f"hub-{order.id}")
        assert remote["state"] == "completed"
        assert order.registration_number == remote["registration_number"]
        assert str(order.work_date) == remote["work_date"]
        assert order.paid_at is not None
        ours = files_of(session, "order", order.id)
        signed = files_of(session, "document", _document_of(session, order))["signed"]
        expected = {**ours, "application_signed": signed}
        got = {file["role"]: file["sha256"] for file in remote["order"]["files"]}
        assert got == {role: expected[role].sha256 for role in HANDED_OVER}
        assert ours["invoice"].media_type == "application/pdf"


def _check_audit(session: Session, orders: Any, documents: Any) -> None:
    """Every move was made once, and none besides."""
    for order in orders:
        assert _moves(session, "service_order", order.id) == list(MOVES)
    for document in documents:
        moves = _moves(session, "document", document.id)
        assert [move for move in moves if move != "view"] == ["submit", "sign", "archive"]


def _check_inbox(session: Session, orders: Any) -> None:
    """One message for each change of status, in order."""
    for order in orders:
        key = f"order-{order.id}-%"
        subjects = session.exec(
            select(Message.subject).where(col(Message.key).like(key)).order_by(col(Message.id))
        )
        assert subjects.all() == [f"Замовлення № {order.id}: {state}" for state in STATES]


def _check_mail(world: World, session: Session, orders: Any) -> None:
    """Every inbox message came by e-mail at least once, to its owner, every repeat the same to the byte."""
    keys = [col(Message.key).like(f"order-{order.id}-%") for order in orders]
    messages = session.exec(
        select(Message.key, Message.subject, CabinetUser.email).where(
            col(Message.user_id) == col(CabinetUser.id), sa.or_(*keys)
        )
    ).all()
    expected = {f"<{key}@example.com>": (subject, [email]) for key, subject, email in messages}
    received: dict[str, tuple[str, list[str]]] = {}
    contents: dict[str, set[str]] = {}
    for mail in world.mail.get("messages"):
        received[mail["message_id"]] = (mail["subject"], mail["to"])
        same = {name: mail[name] for name in ("from", "to", "subject", "text", "html", "headers")}
        contents.setdefault(mail["message_id"], set()).add(json.dumps(same, sort_keys=True))
    assert received == expected
    assert {message_id: len(kinds) for message_id, kinds in contents.items() if len(kinds) > 1} == {}
    assert world.mail.get("summary")["distinct_message_ids"] == len(messages)


def _moves(session: Session, table: str, number: int) -> list[str]:
    actions = session.exec(
        select(AuditLine.action)
        .where(AuditLine.subject == f"{table}:{number}", col(AuditLine.action).like(f"{table}.%"))
        .order_by(col(AuditLine.id))
    )
    return [action.partition(".")[2] for action in actions]


def _document_of(session: Session, order: ServiceOrder) -> int:
    found = session.exec(select(Document.id).where(Document.subject_id == order.id)).one()
    assert found is not None
    return found
