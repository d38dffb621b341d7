"""Who uses the simulated Paperless: the utility behind the API, and customers with a login and a signing key."""

from dataclasses import dataclass
from typing import Self

from ztoe_sandbox.faults import HTTP_FAULTS

CLIENT_ID = "00000000-0000-4000-8000-000000000001"
CLIENT_SECRET = "demo"  # noqa: S105 - published: there is nothing to protect
UTILITY_EMAIL = "promcalccab@example.com"
# Beside what HTTP can do wrong, a customer may sign as somebody else (that ЄДРПОУ), or sign another PDF.
PAPERLESS_FAULTS = {**HTTP_FAULTS, "wrong-signer": r"\d{8,10}", "wrong-content": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A registered customer; `email` in lower case, as the service compares addresses."""

    email: str
    password: str
    edrpou: str
    organisation: str
    full_name: str = "Тестовий Підписувач Іванович"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The customer written as EMAIL:PASSWORD:EDRPOU:ORGANISATION."""
        parts = text.split(":", 3)
        if len(parts) != 4 or not all(parts):
            raise ValueError(f"a customer is written EMAIL:PASSWORD:EDRPOU:ORGANISATION, not {text!r}")
        email, password, edrpou, organisation = parts
        return cls(email=email.lower(), password=password, edrpou=edrpou, organisation=organisation)


DEMO_CUSTOMER = Customer(
    email="clienttst@meta.ua",
    password="demo",  # noqa: S106 - published: there is nothing to protect
    edrpou="12500015",
    organisation='ТОВ "Тестовий споживач"',
    full_name="Тестовий Споживач Іванович",
)


class Accounts:
    """All who are known to the service."""

    def __init__(self, customers: list[Customer]) -> None:
        self._customers = {customer.email: customer for customer in [DEMO_CUSTOMER, *customers]}

    def knows(self, email: str) -> bool:
        """True when the address has an account."""
        return email == UTILITY_EMAIL or email in self._customers

    def customer(self, email: str) -> Customer | None:
        """The customer with this address, in any case."""
        return self._customers.get(email.lower())

    def log_in(self, email: str, password: str) -> Customer | None:
        """The customer, when the password is right."""
        customer = self.customer(email.strip())
        return customer if customer and customer.password == password else None
