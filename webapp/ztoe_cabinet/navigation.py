"""The menu: the account's entries appear once an account is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from .context import the_account, the_hub, the_user, titled, visitor
from .texts import _


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the menu. `count` is shown beside it when it is not 0."""

    label: str
    url: str
    current: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading of the manual's menu; no heading when they stand alone."""

    heading: str
    entries: tuple[Entry, ...]


def menu() -> list[Group]:
    """The groups for this request; empty for nobody."""
    if visitor() is None:
        return []
    account = the_account()
    unread = the_hub().messages.unread(the_user())
    groups = [_alone(_("Особові рахунки"), "accounts.listing")]
    if account is not None:
        statement = _entry(_("Стан розрахунків"), "statements.page", account_id=account.id)
        invoices = _entry(_("Рахунки"), "invoices.listing", account_id=account.id)
        services = _entry(_("Послуги комерційного обліку"), "orders.listing", account_id=account.id)
        groups += [Group(_("Розрахунки"), (statement, invoices)), Group(_("Послуги"), (services,))]
    groups.append(_alone(_("Повідомлення"), "inbox.listing", count=unread))
    if account is not None:
        groups.append(_alone(signing_title(), "documents.listing", account_id=account.id))
    return groups


def signing_title() -> str:
    """The only document service's own name, as in the manual's menu; «Документи» when there are several."""
    services = list(the_hub().instances.signing.values())
    return titled(services[0].title) if len(services) == 1 else _("Документи")


def _alone(label: str, endpoint: str, *, count: int = 0, account_id: int | None = None) -> Group:
    values = {} if account_id is None else {"account_id": account_id}
    entry = _entry(label, endpoint, **values)
    return Group("", (Entry(entry.label, entry.url, entry.current, count),))


def _entry(label: str, endpoint: str, **values: Any) -> Entry:
    return Entry(label, url_for(endpoint, **values), request.blueprint == endpoint.partition(".")[0])
