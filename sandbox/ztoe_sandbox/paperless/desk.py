"""What a customer does with the documents sent to them: look, sign, throw away."""

from dataclasses import dataclass

from ztoe_sandbox.faults import Faults
from ztoe_sandbox.paperless import containers
from ztoe_sandbox.paperless.accounts import Customer
from ztoe_sandbox.paperless.keys import KeyChest
from ztoe_sandbox.paperless.store import GONE, TRASHED, Document, Store

VIEWED, SIGNED = 2, 3
OTHER_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


class AlreadySigned(Exception):
    """This customer has signed this document before."""


@dataclass(frozen=True, slots=True)
class Received:
    """A document as one recipient has it; `status` is their share's, without the +10 of the trash."""

    document: Document
    status: int
    in_trash: bool

    @property
    def is_signed(self) -> bool:
        """True when this recipient has signed."""
        return self.status == SIGNED


class CustomerDesk:
    """The acts of customers, the same from the pages and from /sandbox/."""

    def __init__(self, store: Store, keys: KeyChest, faults: Faults) -> None:
        self._store = store
        self._keys = keys
        self._faults = faults

    def received(self, customer: Customer) -> list[Received]:
        """All documents sent to the customer, trash included, newest first."""
        sql = "trash < ? AND id IN (SELECT document FROM share WHERE email = ?)"
        return [_as_received(found, customer) for found in self._store.documents(sql, GONE, customer.email)]

    def find(self, customer: Customer, key: int | str) -> Received | None:
        """One received document by its id or its name; the newest of several with that name."""
        if isinstance(key, int):
            found = self._store.document(key)
            return _as_received(found, customer) if found and customer.email in found.shares else None
        sql = "name = ? AND trash < ? AND id IN (SELECT document FROM share WHERE email = ?)"
        named = self._store.documents(sql, key, GONE, customer.email)
        return _as_received(named[0], customer) if named else None

    def view(self, customer: Customer, document_id: int) -> None:
        """Note that the customer has opened the document; a signed one stays signed."""
        sql = "UPDATE share SET status = status - status % 10 + ? WHERE document = ? AND email = ? AND status % 10 < ?"
        self._store.run(sql, VIEWED, document_id, customer.email, VIEWED)

    def sign(self, customer: Customer, document_id: int) -> None:
        """Sign with the customer's key, unless a fault gives the key or the file of somebody else."""
        with self._store.write():
            received = self.find(customer, document_id)
            if received is None or received.is_signed:
                raise AlreadySigned
            subject = f"{customer.email} {received.document.name}"
            signer = self._keys.identity_of(customer, self._faults.take("wrong-signer", subject))
            wrong = self._faults.take("wrong-content", subject)
            content = OTHER_PDF if wrong else self._store.content(document_id)
            self._store.add_signature(document_id, customer.email, containers.sign(content, signer))
            self._store.set_share_status(document_id, customer.email, SIGNED)

    def trash(self, customer: Customer, document_id: int) -> None:
        """Move the document to the customer's trash: +10."""
        sql = "UPDATE share SET status = status + ? WHERE document = ? AND email = ? AND status < ?"
        self._store.run(sql, TRASHED, document_id, customer.email, TRASHED)

    def restore(self, customer: Customer, document_id: int) -> None:
        """Take the document out of the customer's trash."""
        sql = "UPDATE share SET status = status - ? WHERE document = ? AND email = ? AND status >= ?"
        self._store.run(sql, TRASHED, document_id, customer.email, TRASHED)


def _as_received(document: Document, customer: Customer) -> Received:
    status = document.shares[customer.email]
    return Received(document, status % TRASHED, status >= TRASHED)
