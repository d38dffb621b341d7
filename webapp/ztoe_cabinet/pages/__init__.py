"""A blueprint a noun."""

from __future__ import annotations

from . import accounts, documents, health, home, inbox, invoices, login, orders, statements
from . import order_steps as order_steps  # adds its pages to those of orders

BLUEPRINTS = (
    home.pages,
    login.pages,
    accounts.pages,
    statements.pages,
    invoices.pages,
    orders.pages,
    documents.pages,
    inbox.pages,
    health.pages,
)
