"""Reads whose certificate it is: only what is needed, each part by itself, so that one bad part hides no other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .names import MALFORMED, MOST_VALUES, Name, legible, name_of, text_of, time_of
from .tlv import CONTEXT, OCTET_STRING, SEQUENCE, Value, bits_of, dotted, integer, read_value

__all__ = ["MALFORMED", "Certificate", "certificates_keyed", "certificates_named", "read_certificate"]

LARGEST = 64 * 1024
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
_KEY_USAGE, _BASIC_CONSTRAINTS, _AUTHORITY_KEY_IDENTIFIER = "2.5.29.15", "2.5.29.19", "2.5.29.35"
_BOOLEAN, _KEY_IDENTIFIER_PART = 0x01, 0x80
_EKU_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_DIGITAL_SIGNATURE, _NON_REPUDIATION, _KEY_CERT_SIGN = 0x80, 0x40, 0x04  # bits of the first byte of keyUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The facts of one certificate. None means that it does not say, or says it illegibly."""

    raw: bytes = field(repr=False)
    signed: bytes = field(repr=False)  # TBSCertificate as received
    algorithm: bytes = field(repr=False)  # AlgorithmIdentifier
    signature: bytes = field(repr=False)
    key_info: bytes = field(repr=False)  # SubjectPublicKeyInfo
    issuer_name: Name
    subject_name: Name
    serial_number: int
    key_identifier: bytes | None
    issuer_key_identifier: bytes | None
    not_before: datetime | None
    not_after: datetime | None
    subject: str | None
    organisation: str | None
    edrpou: str | None
    rnokpp: str | None
    issuer: str | None
    seal: bool
    authority: bool  # says that it may issue certificates: CA flag, and keyCertSign where usages are listed
    path_length: int | None  # how many authorities may follow below it
    may_sign: bool  # documents: digitalSignature or nonRepudiation, or no usage listed
    may_stamp: bool  # time: extended usage timeStamping

    @property
    def sha256(self) -> str:
        """The fingerprint by which roots are pinned."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def self_issued(self) -> bool:
        """Whether it names itself as its issuer."""
        return self.issuer_name == self.subject_name


def read_certificate(raw: bytes) -> Certificate:
    """The facts of an X.509 certificate. Raises ValueError when it is none.

    The public key is stepped over: asn1crypto knows no DSTU keys and raises as soon as it meets one.
    """
    if len(raw) > LARGEST:
        raise ValueError("the certificate is too large")
    to_be_signed, algorithm, signature = read_value(raw).expect(SEQUENCE).members(3)
    fields = to_be_signed.expect(SEQUENCE).members(10)
    if fields[0].tag == CONTEXT | 0:  # the version, which old certificates leave out
        del fields[0]
    serial_number, _, issuer, validity, subject, key_info, *rest = fields
    issuer_name, subject_name = name_of(issuer), name_of(subject)
    names = dict(reversed(subject_name))
    extensions = legible(lambda: _extensions(rest)) or {}
    codes = legible(lambda: _directory_attributes(extensions)) or {}
    usage = _usage(extensions)
    authority, path_length = legible(lambda: _constraints(extensions)) or (False, None)
    return Certificate(
        raw=raw,
        signed=to_be_signed.raw,
        algorithm=algorithm.raw,
        signature=_signature_octets(signature),
        key_info=key_info.raw,
        issuer_name=issuer_name,
        subject_name=subject_name,
        serial_number=integer(serial_number),
        key_identifier=legible(lambda: extensions[_SUBJECT_KEY_IDENTIFIER].expect(OCTET_STRING).contents),
        issuer_key_identifier=legible(lambda: _issuer_key(extensions)),
        not_before=legible(lambda: time_of(validity.members(2)[0])),
        not_after=legible(lambda: time_of(validity.members(2)[1])),
        subject=_person(names),
        organisation=names.get(_ORGANISATION),
        edrpou=codes.get(_SDA_EDRPOU) or _code(r"NTRUA-(\d{8})", names.get(_ORGANISATION_IDENTIFIER)),
        rnokpp=codes.get(_SDA_RNOKPP) or _code(r"TINUA-(\w+)", names.get(_SERIAL_NUMBER)),
        issuer=dict(reversed(issuer_name)).get(_COMMON_NAME),
        seal=_EKU_SEAL in _extended_usages(extensions)
        or bool(legible(lambda: _is_seal_type(extensions[_QC_STATEMENTS]))),
        authority=authority and (usage is None or bool(usage & _KEY_CERT_SIGN)),
        path_length=path_length,
        may_sign=usage is None or bool(usage & (_DIGITAL_SIGNATURE | _NON_REPUDIATION)),
        may_stamp=_EKU_TIME_STAMPING in _extended_usages(extensions),
    )


def certificates_named(
    certificates: Sequence[Certificate], issuer: Name, serial_number: int
) -> set[Certificate]:
    """The certificates that an issuer's name and a serial number stand for: one, unless somebody cheats."""
    return {c for c in certificates if c.serial_number == serial_number and c.issuer_name == issuer}


def certificates_keyed(certificates: Sequence[Certificate], key_identifier: bytes) -> set[Certificate]:
    """The certificates with this subject key identifier."""
    return {c for c in certificates if c.key_identifier == key_identifier}


def _extensions(rest: Sequence[Value]) -> dict[str, Value]:
    """The value inside each legible extension, by object identifier.

    Others are left out: PrivateKeyUsagePeriod is malformed in many certificates of the 2010s.
    """
    [wrapped] = [value for value in rest if value.tag == CONTEXT | 3]
    [extensions] = wrapped.members(1)
    found: dict[str, Value] = {}
    for extension in extensions.expect(SEQUENCE).members(MOST_VALUES):
        kind, *_, value = extension.expect(SEQUENCE).members(3)
        inner = legible(lambda value=value: read_value(value.expect(OCTET_STRING).contents))  # type: ignore[misc]
        if inner is not None:
            found.setdefault(dotted(kind), inner)
    return found


def _directory_attributes(extensions: dict[str, Value]) -> dict[str, str]:
    """Codes of person and company; dashes and zeros, which stand for "has none", are left out."""
    found: dict[str, str] = {}
    for attribute in extensions[_SUBJECT_DIRECTORY_ATTRIBUTES].members(MOST_VALUES):
        kind, values = attribute.expect(SEQUENCE).members(2)
        text = legible(lambda values=values: text_of(values.members(MOST_VALUES)[0]))  # type: ignore[misc]
        if text and re.search(r"[1-9]", text):
            found.setdefault(dotted(kind), text)
    return found


def _extended_usages(extensions: dict[str, Value]) -> list[str]:
    return legible(lambda: [dotted(v) for v in extensions[_EXTENDED_KEY_USAGE].members(MOST_VALUES)]) or []


def _usage(extensions: dict[str, Value]) -> int | None:
    """The first byte of keyUsage; None without one. An illegible one allows nothing."""
    value = extensions.get(_KEY_USAGE)
    if value is None:
        return None
    return int.from_bytes((legible(lambda: bits_of(value)) or b"\0")[:1], "big")


def _constraints(extensions: dict[str, Value]) -> tuple[bool, int | None]:
    """Whether it is an authority's, and how many authorities may follow."""
    members = extensions[_BASIC_CONSTRAINTS].expect(SEQUENCE).members(2)
    if not members or members[0].tag != _BOOLEAN or members[0].contents in (b"", b"\0"):
        return False, None
    return True, integer(members[1]) if len(members) > 1 else None


def _issuer_key(extensions: dict[str, Value]) -> bytes | None:
    for part in extensions[_AUTHORITY_KEY_IDENTIFIER].expect(SEQUENCE).members(3):
        if part.tag == _KEY_IDENTIFIER_PART:
            return part.contents
    return None


def _signature_octets(value: Value) -> bytes:
    """DSTU signatures stand in an OCTET STRING inside the BIT STRING; others directly in the latter."""
    bits = bits_of(value)
    inner = legible(lambda: read_value(bits))
    is_wrapped = inner is not None and inner.tag == OCTET_STRING and inner.end == len(bits)
    return inner.contents if inner is not None and is_wrapped else bits


def _is_seal_type(statements: Value) -> bool:
    for statement in statements.expect(SEQUENCE).members(MOST_VALUES):
        kind, *information = statement.expect(SEQUENCE).members(2)
        if dotted(kind) == _QC_TYPE and information:
            return _QC_TYPE_SEAL in [dotted(value) for value in information[0].members(MOST_VALUES)]
    return False


def _person(subject: dict[str, str]) -> str | None:
    """The common name, else surname and given name, else the organisation."""
    full_name = " ".join(filter(None, (subject.get(_SURNAME), subject.get(_GIVEN_NAME))))
    return subject.get(_COMMON_NAME) or full_name or subject.get(_ORGANISATION)


def _code(pattern: str, text: str | None) -> str | None:
    found = re.fullmatch(pattern, text or "")
    return found[1] if found else None
