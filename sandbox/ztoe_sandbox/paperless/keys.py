"""The test КНЕДП: one authority, and a signing identity for each customer, kept over a restart."""

import threading

from ztoe_sandbox.certificates import Identity, issue_to_signer, make_authority
from ztoe_sandbox.paperless.accounts import Customer
from ztoe_sandbox.paperless.store import Store

AUTHORITY_NAME = "Тестовий КНЕДП ztoe-sandbox"


class KeyChest:
    """Makes keys when they are first needed and stores them beside the documents."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.authority = self._load("authority") or self._keep(
            "authority", make_authority(AUTHORITY_NAME, AUTHORITY_NAME)
        )

    def identity_of(self, customer: Customer, edrpou: str | None = None) -> Identity:
        """The customer's key; with `edrpou`, one that names another organisation's code."""
        code = edrpou or customer.edrpou
        name = f"{customer.email} {code}"
        with self._lock:
            return self._load(name) or self._keep(
                name,
                issue_to_signer(
                    self.authority,
                    organisation=customer.organisation,
                    edrpou=code,
                    full_name=customer.full_name,
                ),
            )

    def _load(self, name: str) -> Identity | None:
        rows = self._store.rows("SELECT pem FROM identity WHERE name = ?", name)
        return Identity.from_pem(rows[0]["pem"]) if rows else None

    def _keep(self, name: str, identity: Identity) -> Identity:
        self._store.run("INSERT INTO identity (name, pem) VALUES (?, ?)", name, identity.to_pem())
        return identity
