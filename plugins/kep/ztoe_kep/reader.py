"""The signature reader: what a container says, without the cryptography.

Signatures and chains are not checked yet: `signature_ok` and `chain_ok` are None in every report.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ztoe_hub import AdapterContext
from ztoe_hub.values import ContainerFormat, ContainerReport, Signer

from .certificates import (
    MALFORMED,
    Certificate,
    certificates_keyed,
    certificates_named,
    name_of,
    read_certificate,
)
from .containers import Layer, Opened, SignerInfo, open_layers
from .digests import digest_verdict
from .settings import KepSettings
from .sniffing import Kind, binary_form, kind_of
from .times import signing_time, within_validity
from .tlv import SEQUENCE, integer

log = logging.getLogger(__name__)

LARGEST = 64 * 1024 * 1024
NOT_OPENED = "this kind of container is not opened yet"
SUBJECT_KEY_IDENTIFIER = 0x80  # [0], implicit and primitive
UNKNOWN_SUBJECT = "(невідомий підписувач)"

UNOPENED: dict[Kind, tuple[ContainerFormat, str]] = {
    Kind.ASIC_E: (ContainerFormat.ASIC_E, NOT_OPENED),
    Kind.ASIC_S: (ContainerFormat.UNKNOWN, f"{NOT_OPENED} (ASiC-S)"),
    Kind.SIGNED_PDF: (ContainerFormat.PADES, NOT_OPENED),
    Kind.OTHER: (ContainerFormat.UNKNOWN, "not a signature container"),
}


class KepReader:
    """Opens CMS containers in DER, base64 and PEM; names ASiC-E and signed PDF without opening them."""

    def __init__(self, _settings: KepSettings, _context: AdapterContext) -> None:
        """Nothing to keep: the reader is a function of the bytes."""

    def read(self, container: bytes, original: bytes | None) -> ContainerReport:
        """Everything that the bytes say; `original` serves signatures that are apart from their document."""
        if max(len(container), len(original or b"")) > LARGEST:
            return _unknown(f"more than {LARGEST // 1024 // 1024} MB")
        try:
            return _read(container, original)
        except Exception:
            # The port promises an answer for any bytes, and their worst is not foreseen.
            log.exception("a signature container could not be read")
            return _unknown("the container cannot be read")


def _read(container: bytes, original: bytes | None) -> ContainerReport:
    binary = binary_form(container)
    kind = kind_of(binary)
    if kind is not Kind.CMS:
        form, problem = UNOPENED[kind]
        return ContainerReport(format=form, signers=(), problems=(problem,))
    try:
        opened = open_layers(binary)
    except ValueError as error:
        return _unknown(f"the container is damaged: {error}")
    return _report(opened, original)


def _report(opened: Opened, original: bytes | None) -> ContainerReport:
    """The signers of all layers, outermost first, each against the content of its own layer."""
    signers: list[Signer] = []
    problems = list(opened.problems)
    for layer in opened.layers:
        certificates = _certificates(layer, problems)
        content = original if layer.content is None else layer.content
        for info in layer.signers:
            signer, found = _signer(info, certificates, content)
            signers.append(signer)
            problems += [f"signer {len(signers)}: {problem}" for problem in found]
    if not signers:
        problems.append("nobody has signed")
    detached = opened.layers[-1].content is None
    return ContainerReport(
        format=ContainerFormat.CMS_DETACHED if detached else ContainerFormat.CMS_ATTACHED,
        signers=tuple(signers),
        problems=tuple(problems),
        content=opened.content,
    )


def _signer(
    info: SignerInfo, certificates: Sequence[Certificate], content: bytes | None
) -> tuple[Signer, list[str]]:
    """One signature and its problems."""
    certificate, certificate_problem = _certificate_of(info, certificates)
    digest_ok, digest_problem = digest_verdict(info, content)
    time = signing_time(info)
    signer = Signer(
        subject=(certificate.subject if certificate else None) or UNKNOWN_SUBJECT,
        organisation=certificate.organisation if certificate else None,
        edrpou=certificate.edrpou if certificate else None,
        rnokpp=certificate.rnokpp if certificate else None,
        issuer=certificate.issuer if certificate else None,
        signed_at=time.at,
        time_source=time.source,
        seal=certificate.seal if certificate else None,
        digest_ok=digest_ok,
        signature_ok=None,
        chain_ok=None,
        time_ok=within_validity(time.at, certificate),
    )
    return signer, [problem for problem in (certificate_problem, digest_problem, time.problem) if problem]


def _certificates(layer: Layer, problems: list[str]) -> list[Certificate]:
    found: list[Certificate] = []
    for raw in layer.certificates:
        try:
            found.append(read_certificate(raw))
        except MALFORMED:
            problems.append("an embedded certificate is illegible")
    return found


def _certificate_of(
    info: SignerInfo, certificates: Sequence[Certificate]
) -> tuple[Certificate | None, str | None]:
    """The certificate that the signer names, or why there is none."""
    identifier = info.identifier
    try:
        if identifier.tag == SEQUENCE:
            issuer, serial_number = identifier.members(2)
            found = certificates_named(certificates, name_of(issuer), integer(serial_number))
        else:
            found = certificates_keyed(certificates, identifier.expect(SUBJECT_KEY_IDENTIFIER).contents)
    except ValueError:
        return None, "the signer is named illegibly"
    if len(found) > 1:
        return None, "several different certificates answer to the signer's name"
    return (found.pop(), None) if found else (None, "the signer's certificate is not inside")


def _unknown(problem: str) -> ContainerReport:
    return ContainerReport(format=ContainerFormat.UNKNOWN, signers=(), problems=(problem,))
