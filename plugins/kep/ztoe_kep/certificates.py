"""Reads whose certificate it is: only what is needed, each part by itself, so that one bad part hides no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from asn1crypto import core

from .tlv import CONTEXT, OCTET_STRING, SEQUENCE, Value, dotted, integer, read_value

Part = TypeVar("Part")
Name = tuple[tuple[str, str], ...]  # object identifier and text, in the order in which they stand

LARGEST = 64 * 1024
#: What asn1crypto and the walks here raise for values that make no sense.
MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)

_SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
_SUBJECT_DIRECTORY_ATTRIBUTES = "2.5.29.9"
_EXTENDED_KEY_USAGE = "2.5.29.37"
_QC_STATEMENTS = "1.3.6.1.5.5.7.1.3"
_SDA_EDRPOU = "1.2.804.2.1.1.1.11.1.4.2.1"
_SDA_RNOKPP = "1.2.804.2.1.1.1.11.1.4.1.1"
_EKU_SEAL = "1.2.804.2.1.1.1.3.9"
_QC_TYPE, _QC_TYPE_SEAL = "0.4.0.1862.1.6", "0.4.0.1862.1.6.2"
_COMMON_NAME, _SURNAME, _GIVEN_NAME = "2.5.4.3", "2.5.4.4", "2.5.4.42"
_SERIAL_NUMBER, _ORGANISATION, _ORGANISATION_IDENTIFIER = "2.5.4.5", "2.5.4.10", "2.5.4.97"

_MOST_VALUES = 50
_LONGEST_TEXT = 256
_ENCODINGS = {0x0C: "utf-8", 0x12: "ascii", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The facts of one certificate. None means that it does not say, or says it illegibly."""

    issuer_name: Name
    serial_number: int
    key_identifier: bytes | None
    not_before: datetime | None
    not_after: datetime | None
    subject: str | None
    organisation: str | None
    edrpou: str | None
    rnokpp: str | None
    issuer: str | None
    seal: bool


def read_certificate(raw: bytes) -> Certificate:
    """The facts of an X.509 certificate. Raises ValueError when it is none.

    The public key is stepped over: asn1crypto knows no DSTU keys and raises as soon as it meets one.
    """
    if len(raw) > LARGEST:
        raise ValueError("the certificate is too large")
    to_be_signed, *_ = read_value(raw).expect(SEQUENCE).members(3)
    fields = to_be_signed.expect(SEQUENCE).members(10)
    if fields[0].tag == CONTEXT | 0:  # the version, which old certificates leave out
        del fields[0]
    serial_number, _, issuer, validity, subject, _, *rest = fields
    issuer_name, subject_name = name_of(issuer), dict(reversed(name_of(subject)))
    extensions = legible(lambda: _extensions(rest)) or {}
    codes = legible(lambda: _directory_attributes(extensions)) or {}
    return Certificate(
        issuer_name=issuer_name,
        serial_number=integer(serial_number),
        key_identifier=legible(lambda: extensions[_SUBJECT_KEY_IDENTIFIER].expect(OCTET_STRING).contents),
        not_before=legible(lambda: time_of(validity.members(2)[0])),
        not_after=legible(lambda: time_of(validity.members(2)[1])),
        subject=_person(subject_name),
        organisation=subject_name.get(_ORGANISATION),
        edrpou=codes.get(_SDA_EDRPOU) or _code(r"NTRUA-(\d{8})", subject_name.get(_ORGANISATION_IDENTIFIER)),
        rnokpp=codes.get(_SDA_RNOKPP) or _code(r"TINUA-(\w+)", subject_name.get(_SERIAL_NUMBER)),
        issuer=dict(reversed(issuer_name)).get(_COMMON_NAME),
        seal=_says_seal(extensions),
    )


def certificates_named(
    certificates: Sequence[Certificate], issuer: Name, serial_number: int
) -> set[Certificate]:
    """The certificates that an issuer's name and a serial number stand for: one, unless somebody cheats."""
    return {c for c in certificates if c.serial_number == serial_number and c.issuer_name == issuer}


def certificates_keyed(certificates: Sequence[Certificate], key_identifier: bytes) -> set[Certificate]:
    """The certificates with this subject key identifier."""
    return {c for c in certificates if c.key_identifier == key_identifier}


def legible(read: Callable[[], Part]) -> Part | None:
    """What `read` finds, or None when that part is missing or malformed."""
    try:
        return read()
    except MALFORMED:
        return None


def name_of(name: Value) -> Name:
    """The parts of a distinguished name. Raises ValueError for what is none."""
    return tuple(
        (dotted(kind), _text(text))
        for parts in name.expect(SEQUENCE).members(_MOST_VALUES)
        for part in parts.members(_MOST_VALUES)
        for kind, text in [part.expect(SEQUENCE).members(2)]
    )


def time_of(value: Value) -> datetime:
    """A UTCTime or GeneralizedTime, aware. Raises ValueError for one without a zone."""
    kind = core.UTCTime if value.tag == core.UTCTime.tag else core.GeneralizedTime
    time = kind.load(value.raw).native
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time


def _extensions(rest: Sequence[Value]) -> dict[str, Value]:
    """The value inside each legible extension, by object identifier.

    Others are left out: PrivateKeyUsagePeriod is malformed in many certificates of the 2010s.
    """
    [wrapped] = [value for value in rest if value.tag == CONTEXT | 3]
    [extensions] = wrapped.members(1)
    found: dict[str, Value] = {}
    for extension in extensions.expect(SEQUENCE).members(_MOST_VALUES):
        kind, *_, value = extension.expect(SEQUENCE).members(3)
        inner = legible(lambda value=value: read_value(value.expect(OCTET_STRING).contents))  # type: ignore[misc]
        if inner is not None:
            found.setdefault(dotted(kind), inner)
    return found


def _directory_attributes(extensions: dict[str, Value]) -> dict[str, str]:
    """Codes of person and company; dashes and zeros, which stand for "has none", are left out."""
    found: dict[str, str] = {}
    for attribute in extensions[_SUBJECT_DIRECTORY_ATTRIBUTES].members(_MOST_VALUES):
        kind, values = attribute.expect(SEQUENCE).members(2)
        text = legible(lambda values=values: _text(values.members(_MOST_VALUES)[0]))  # type: ignore[misc]
        if text and re.search(r"[1-9]", text):
            found.setdefault(dotted(kind), text)
    return found


def _says_seal(extensions: dict[str, Value]) -> bool:
    """Whether it is a company's seal: by Ukrainian key usage, or by the European kind of certificate."""
    usages = legible(lambda: [dotted(v) for v in extensions[_EXTENDED_KEY_USAGE].members(_MOST_VALUES)])
    return _EKU_SEAL in (usages or ()) or bool(legible(lambda: _is_seal_type(extensions[_QC_STATEMENTS])))


def _is_seal_type(statements: Value) -> bool:
    for statement in statements.expect(SEQUENCE).members(_MOST_VALUES):
        kind, *information = statement.expect(SEQUENCE).members(2)
        if dotted(kind) == _QC_TYPE and information:
            return _QC_TYPE_SEAL in [dotted(value) for value in information[0].members(_MOST_VALUES)]
    return False


def _person(subject: dict[str, str]) -> str | None:
    """The common name, else surname and given name, else the organisation."""
    full_name = " ".join(filter(None, (subject.get(_SURNAME), subject.get(_GIVEN_NAME))))
    return subject.get(_COMMON_NAME) or full_name or subject.get(_ORGANISATION)


def _code(pattern: str, text: str | None) -> str | None:
    found = re.fullmatch(pattern, text or "")
    return found[1] if found else None


def _text(value: Value) -> str:
    """A directory string on one line. What cannot be read becomes a replacement character, control codes blanks."""
    encoding = _ENCODINGS.get(value.tag)
    if encoding is None:
        raise ValueError("not a text")
    text = value.contents[: _LONGEST_TEXT * 4].decode(encoding, "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_TEXT]
