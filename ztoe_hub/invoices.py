"""Рахунки: imported invoices, and their PDFs, which are fetched from billing once and then kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import col, select

from .accounts import AccountView, own_account
from .errors import ItemRejected, NotFound, UnexpectedAnswer
from .files import FileContent, files_of, read_file, store_file
from .plugin_manager import Instance
from .ports import BillingSource, InvoiceFiles
from .storage.blobs import BlobStore
from .storage.database import Database
from .storage.tables import Invoice
from .users import User
from .values import InvoiceKind

OWNER = "invoice"
PDF_MARK = b"%PDF-"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceView:
    """A row of the list of chapter 5. `formed_at` is the source's wall clock, without a zone."""

    id: int
    number: str
    period: date
    formed_at: datetime
    kind: InvoiceKind
    amount_uah: Decimal


class Invoices:
    """The invoices of one user's accounts."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        sources: Mapping[str, Instance[BillingSource]],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._sources = sources
        self._clock = clock

    def months(self, user: User, account_id: int) -> Sequence[date]:
        """The settlement months there are invoices for, newest first."""
        with self._database.read() as session:
            account = own_account(session, user, account_id)
            months = sa.select(col(Invoice.period)).where(*_of(account)).distinct()
            return list(session.execute(months.order_by(col(Invoice.period).desc())).scalars())

    def of_month(self, user: User, account_id: int, period: date) -> Sequence[InvoiceView]:
        """The invoices of one month, by date and number; empty when there are none."""
        with self._database.read() as session:
            account = own_account(session, user, account_id)
            rows = session.exec(
                select(Invoice)
                .where(*_of(account), col(Invoice.period) == period)
                .order_by(col(Invoice.formed_at), col(Invoice.id))
            )
            return [_view(row) for row in rows]

    def has_pdf(self, user: User, account_id: int) -> bool:
        """Whether the account's billing source gives invoices as PDF."""
        with self._database.read() as session:
            source = self._sources.get(own_account(session, user, account_id).source)
        return source is not None and source.adapter.capabilities.invoice_files

    def pdf(self, user: User, account_id: int, invoice_id: int) -> FileContent:
        """The invoice's PDF, from the store or else from billing.

        Raises NotFound; TransientError when billing does not answer now.
        """
        with self._database.read() as session:
            account = own_account(session, user, account_id)
            invoice = session.exec(
                select(Invoice).where(*_of(account), Invoice.id == invoice_id)
            ).one_or_none()
            if invoice is None:
                raise NotFound("Такого рахунка немає.")
            kept = files_of(session, OWNER, invoice_id).get(_role(invoice))
        if kept is not None:
            return read_file(self._blobs, kept)
        return self._fetch(account, invoice)

    def _fetch(self, account: AccountView, invoice: Invoice) -> FileContent:
        source = self._sources.get(account.source)
        adapter = source.adapter if source else None
        if adapter is None or not adapter.capabilities.invoice_files or not isinstance(adapter, InvoiceFiles):
            raise NotFound("Файлу цього рахунка немає.")
        try:
            content = adapter.invoice_file(invoice.key).content
        except ItemRejected as error:
            raise NotFound("Файлу цього рахунка немає.") from error
        if not content.startswith(PDF_MARK):
            raise UnexpectedAnswer(f"billing.{account.source} gave an invoice that is no PDF")
        name = f"Рахунок_{_plain(invoice.number)}_{invoice.period:%m.%Y}.pdf"
        sha256 = self._blobs.put(content)
        with self._database.write() as session:
            store_file(
                session,
                owner=OWNER,
                owner_id=invoice.id or 0,
                role=_role(invoice),
                name=name,
                media_type="application/pdf",
                sha256=sha256,
                size=len(content),
                now=self._clock(),
            )
        return FileContent(name=name, media_type="application/pdf", content=content)


def _of(account: AccountView) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Invoice.source) == account.source,
        col(Invoice.account_key) == account.key,
        col(Invoice.vanished_at).is_(None),
    )


def _role(invoice: Invoice) -> str:
    """The PDF of the invoice as it is now: one that billing corrected is fetched anew."""
    return f"pdf-{invoice.fingerprint}"


def _plain(number: str) -> str:
    return "".join(mark for mark in number if mark.isalnum() or mark in "-_")


def _view(row: Invoice) -> InvoiceView:
    return InvoiceView(
        id=row.id or 0,
        number=row.number,
        period=row.period,
        formed_at=row.formed_at,
        kind=row.kind,
        amount_uah=row.amount_uah,
    )
