"""«Заява»: the PDF that the consumer signs, made with typst from an order's facts.

The facts go in as JSON through `sys_inputs`, so that nothing in them can be markup. The same facts and
date give the same bytes.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import typst

TEMPLATE = Path(__file__).parent / "application.typ"
MONTHS = [
    "січня",
    "лютого",
    "березня",
    "квітня",
    "травня",
    "червня",
    "липня",
    "серпня",
    "вересня",
    "жовтня",
    "листопада",
    "грудня",
]

_local = threading.local()  # a Compiler serves one thread at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What an application says. Everything is text as it is to be printed."""

    number: str
    utility: str
    consumer: str
    tax_code: str
    address: str
    email: str
    contact: str
    phone: str
    account_number: str
    consumer_code: str
    district: str
    request: str
    point_name: str
    point_address: str
    eic: str
    meter_number: str
    device_count: str
    voltage_class: str
    date: str
    attachments: list[str]


def make_application(application: Application, *, at: datetime) -> bytes:
    """The PDF (PDF/A-2b, tagged, embedded fonts)."""
    if not hasattr(_local, "compiler"):
        _local.compiler = typst.Compiler(str(TEMPLATE), ignore_system_fonts=True)
    facts = json.dumps(asdict(application), ensure_ascii=False)
    pdf = _local.compiler.compile(
        format="pdf", sys_inputs={"facts": facts}, pdf_standards="a-2b", timestamp=int(at.timestamp())
    )
    if not isinstance(pdf, bytes):
        raise TypeError("an application fits one PDF")
    return pdf


def in_words(at: datetime) -> str:
    """«24 листопада 2026 року»."""
    return f"{at.day} {MONTHS[at.month - 1]} {at.year} року"
