"""The signature reader: opens a container, whatever its format, and judges every signature in it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ztoe_hub import AdapterContext
from ztoe_hub.values import ContainerFormat, ContainerReport

from . import asic, cms, pades
from .bundles import Bundle
from .containers import open_layers
from .settings import KepSettings
from .signers import Judge
from .sniffing import Kind, binary_form, kind_of
from .trust import TrustStore
from .work import MOST_STEPS, Work

log = logging.getLogger(__name__)

LARGEST = 64 * 1024 * 1024


class KepReader:
    """Opens CMS in DER, base64 and PEM, ASiC-E and signed PDF, and checks what can be checked offline."""

    def __init__(self, settings: KepSettings, _context: AdapterContext) -> None:
        """Reads the CA bundles. Raises ConfigurationError naming a file that cannot be used."""
        self.trust = settings.trust()

    def read(self, container: bytes, original: bytes | None) -> ContainerReport:
        """Everything that can be known offline; `original` serves signatures that are apart from their document."""
        return read_with(self.trust, container, original)


def read_file(
    container: bytes, original: bytes | None = None, bundles: Sequence[Bundle] = ()
) -> ContainerReport:
    """The report on `container` without settings or database; `bundles` come from `read_bundle`."""
    return read_with(TrustStore(tuple(bundles)), container, original)


def read_with(
    trust: TrustStore, container: bytes, original: bytes | None, *, steps: int = MOST_STEPS
) -> ContainerReport:
    """The report on `container`; `steps` bound the computing, in microseconds of pure Python. Never raises."""
    if max(len(container), len(original or b"")) > LARGEST:
        return _unknown(f"more than {LARGEST // 1024 // 1024} MB")
    try:
        return _read(container, original, Judge(trust, Work(steps)))
    except Exception:
        # The port promises an answer for any bytes, and their worst is not foreseen.
        log.exception("a signature container could not be read")
        return _unknown("the container cannot be read")


def _read(container: bytes, original: bytes | None, judge: Judge) -> ContainerReport:
    binary = binary_form(container)
    kind = kind_of(binary)
    try:
        if kind is Kind.CMS:
            return cms.report_on(open_layers(binary), original, judge)
        if kind is Kind.ASIC:
            return asic.report_on(binary, judge)
        if kind is Kind.SIGNED_PDF:
            return pades.report_on(binary, original, judge)
    except ValueError as error:
        return _unknown(f"the container is damaged: {error}")
    return _unknown("not a signature container")


def _unknown(problem: str) -> ContainerReport:
    return ContainerReport(format=ContainerFormat.UNKNOWN, signers=(), problems=(problem,))
