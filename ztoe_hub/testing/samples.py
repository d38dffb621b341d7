"""Documents, orders and notices that any adapter can carry."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from ..values import Notice, OrderFile, OutgoingDocument, OutgoingOrder, Recipient

CUSTOMER = "clienttst@meta.ua"
A_PDF = b"%PDF-1.4\n%%EOF\n"
UKRAINIAN = "Заяву № 876-SA прийнято: ґанок, їжак, єнот, об’єкт «Полісся» — ₴ 1 744,48"

_numbers = itertools.count(1)


def a_pdf(text: str) -> bytes:
    """A real PDF of one page that says `text` (ASCII); equal texts give equal bytes."""
    drawing = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    parts = ["%PDF-1.4\n", *(f"{n} 0 obj\n{body}\nendobj\n" for n, body in enumerate(objects, 1))]
    starts = list(itertools.accumulate(map(len, parts)))
    table = "".join(f"{start:010} 00000 n \n" for start in starts[:-1])
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return "".join([*parts, end, f"startxref\n{starts[-1]}\n%%EOF\n"]).encode("ascii")


def a_document(
    *,
    key: str | None = None,
    file_name: str | None = None,
    content: bytes | None = None,
    media_type: str = "application/pdf",
    emails: Sequence[str] = (CUSTOMER,),
) -> OutgoingDocument:
    """A document that any service can carry; key, name and bytes are unique unless given."""
    key = key or uuid.uuid4().hex
    content = a_pdf(f"Document {key}") if content is None else content
    return OutgoingDocument(
        key=key,
        file_name=file_name or f"Заява_td53_{key}.pdf",
        title="Заява на послугу комерційного обліку",
        media_type=media_type,
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        recipients=[Recipient(email=email) for email in emails],
    )


def an_order(key: str = "order-1", **changes: object) -> OutgoingOrder:
    """An order with a certificate and a signed application; `changes` are fields of OutgoingOrder."""
    order = OutgoingOrder(
        key=key,
        service_code="53",
        service_name="Експертиза лічильника",
        account_number="186",
        consumer_code="125000186",
        metering_point_key="00000000-0000-4000-8000-000000000186",
        eic="62Z8102184873135",
        voltage_class_kv=Decimal("0.4"),
        device_count=1,
        contact_name="Зразкова Особа",
        contact_phone="+380410000015",
        ordered_at=datetime(2024, 3, 18, 13, 12, tzinfo=UTC),
        files=[
            an_order_file("certificate", "свідоцтво.pdf", A_PDF),
            an_order_file("application_signed", "заява.p7s", b"\x30\x80signed"),
        ],
    )
    return replace(order, **changes)  # type: ignore[arg-type]  # the caller names the fields


def an_order_file(role: str, name: str, content: bytes, media_type: str = "application/pdf") -> OrderFile:
    """A file that goes with an order, with its hash."""
    digest = hashlib.sha256(content).hexdigest()
    return OrderFile(role=role, name=name, media_type=media_type, sha256=digest, content=content)


def a_notice(
    *,
    key: str | None = None,
    to: str = "bukhgalter@polissia.example",
    language: str = "uk",
    subject: str = "Замовлення послуги: статус змінено",
    text: str = "Доброго дня!\n\nСтатус Вашого замовлення змінено на «Прийнято».\n",
    html: str | None = "<p>Доброго дня!</p><p>Статус Вашого замовлення змінено на «Прийнято».</p>",
    created_at: datetime = datetime(2026, 11, 2, 8, 15, 30, tzinfo=UTC),
) -> Notice:
    """A notice that any channel can carry; its key is unique in the process unless given."""
    return Notice(
        key=key or f"notice-{next(_numbers)}",
        to=to,
        language=language,
        subject=subject,
        text=text,
        html=html,
        created_at=created_at,
    )
