"""«Заява»: the PDF that the consumer signs, made with typst from an order's facts.

The facts go in as JSON through `sys_inputs`, so that nothing in them can be markup. The same facts and
date give the same bytes.
"""

from __future__ import annotations

import json
import threading
import unicodedata
from collections.abc import Mapping
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
    """The PDF (PDF/A-2b, tagged, embedded fonts). A character that the font cannot draw becomes «?»."""
    facts = asdict(application)
    try:
        return _compile(facts, at)
    except typst.TypstError:  # PDF/A admits no empty boxes
        return _compile({name: _drawable(value) for name, value in facts.items()}, at)


def _compile(facts: Mapping[str, str | list[str]], at: datetime) -> bytes:
    if not hasattr(_local, "compiler"):
        _local.compiler = typst.Compiler(str(TEMPLATE), ignore_system_fonts=True)
    text = json.dumps(facts, ensure_ascii=False)
    pdf = _local.compiler.compile(
        format="pdf", sys_inputs={"facts": text}, pdf_standards="a-2b", timestamp=int(at.timestamp())
    )
    if not isinstance(pdf, bytes):
        raise TypeError("an application fits one PDF")
    return pdf


def _drawable(value: str | list[str]) -> str | list[str]:
    """Latin, Greek and Cyrillic letters and usual signs as they are, others simplified or replaced."""
    if isinstance(value, list):
        return ["".join(map(_drawn, text)) for text in value]
    return "".join(map(_drawn, value))


def _drawn(mark: str) -> str:
    if _is_usual(mark):
        return mark
    simple = unicodedata.normalize("NFKC", mark)
    return simple if all(map(_is_usual, simple)) else "?"


def _is_usual(mark: str) -> bool:
    return mark < "\u0530" or mark in "‐‑–—‘’‚“”„•…′″№₴€™"


def in_words(at: datetime) -> str:
    """«24 листопада 2026 року»."""
    return f"{at.day} {MONTHS[at.month - 1]} {at.year} року"
