"""What follows when a document ends: for an application, its order moves on or comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from ztoe_hub import outbox
from ztoe_hub.announcements import Announcer
from ztoe_hub.documents import OWNER as DOCUMENT
from ztoe_hub.documents import SIGNED, newest_document
from ztoe_hub.files import files_of
from ztoe_hub.lifecycle import OrderEvent
from ztoe_hub.order_moves import OrderMoves, order_by_id
from ztoe_hub.order_views import APPLICATION
from ztoe_hub.storage.states import OrderState
from ztoe_hub.storage.tables import CabinetUser, Document
from ztoe_hub.texts import DOCUMENT_STATES, say
from ztoe_hub.values import DocumentCompleted

SEND_ORDER = "send_order"


class Outcomes:
    """Called in the transaction in which the document ended."""

    def __init__(self, moves: OrderMoves, announcer: Announcer, *, clock: Callable[[], datetime]) -> None:
        self._moves = moves
        self._announcer = announcer
        self._clock = clock

    def completed(self, session: Session, document: Document) -> None:
        """It is signed and archived."""
        now = self._clock()
        signers = (document.verdict or {}).get("signers")
        codes = [
            str(code)
            for signer in (signers if isinstance(signers, list) else [])
            for code in (signer.get("edrpou"), signer.get("rnokpp"))
            if code
        ]
        event = DocumentCompleted(
            event_id=f"document-{document.id}-{document.version}",
            at=now,
            document_id=document.id or 0,
            origin=document.origin,
            subject_id=document.subject_id,
            signed_sha256=files_of(session, DOCUMENT, document.id or 0)[SIGNED].sha256,
            signer_tax_codes=codes,
        )
        self._announcer.broadcast(session, "document_completed", event, now=now)
        if document.origin == APPLICATION and self._is_newest(session, document):
            order = order_by_id(session, document.subject_id, lock=True)
            if order.state is OrderState.AWAITING_SIGNATURE:
                self._moves.move(session, order, OrderEvent.ACCEPT, actor="hub")
                outbox.add_work(session, SEND_ORDER, order.id, now=now)

    def ended(self, session: Session, document: Document) -> None:
        """It will not be signed."""
        if document.origin == APPLICATION and self._is_newest(session, document):
            order = order_by_id(session, document.subject_id, lock=True)
            if order.state is OrderState.AWAITING_SIGNATURE:
                user = session.get_one(CabinetUser, order.user_id)
                reason = say(user.language, DOCUMENT_STATES[document.state]).lower()
                self._moves.move(session, order, OrderEvent.RETURN, actor="hub", words={"reason": reason})

    def _is_newest(self, session: Session, document: Document) -> bool:
        newest = newest_document(session, document.origin, document.subject_id)
        return newest is not None and newest.id == document.id
