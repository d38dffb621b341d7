"""Describes a report to a person, in words that promise nothing which was not checked."""

from __future__ import annotations

from collections.abc import Iterator

from ztoe_hub.values import ContainerReport, Signer

from .trust import TrustStore

_NOT_CHECKED = "not checked"
#: A part's name, and what is said when it holds and when it does not.
_PARTS = (
    ("digest_ok", "digest", "these are the signed bytes", "these are NOT the signed bytes"),
    ("signature_ok", "signature", "holds mathematically", "does NOT hold"),
    ("chain_ok", "chain", "leads to a trusted root", "does NOT lead to a trusted root"),
    ("time_ok", "time", "within the term of the certificate", "OUTSIDE the term of the certificate"),
)
_SOURCES = {"timestamp": "by a time stamp of a КНЕДП", "claimed": "by the signer's own computer"}
_FAREWELL = "This is no official validation; for that see https://czo.gov.ua/verify"


def describe(report: ContainerReport, trust: TrustStore) -> str:
    """The report in lines of text."""
    return "\n".join(_lines(report, trust))


def _lines(report: ContainerReport, trust: TrustStore) -> Iterator[str]:
    yield f"container: {report.format.value}"
    date = trust.bundle_date()
    yield f"CA bundle: {f'as of {date:%Y-%m-%d}' if date else 'none'}"
    for number, signer in enumerate(report.signers, start=1):
        yield ""
        yield f"signer {number}: {signer.subject}"
        yield from (f"  {label:<13} {text}" for label, text in _facts(signer))
    if report.problems:
        yield ""
        yield "problems:"
        yield from (f"  - {problem}" for problem in report.problems)
    yield ""
    yield _FAREWELL


def _facts(signer: Signer) -> Iterator[tuple[str, str]]:
    stated = {
        "organisation": signer.organisation,
        "ЄДРПОУ": signer.edrpou,
        "РНОКПП": signer.rnokpp,
        "issuer": signer.issuer,
        "kind": {True: "seal", False: "signature", None: None}[signer.seal],
    }
    yield from ((label, text) for label, text in stated.items() if text)
    if signer.signed_at:
        at = f"{signer.signed_at:%Y-%m-%d %H:%M:%S} UTC"
        yield "signed at", f"{at}, {_SOURCES.get(signer.time_source or '', _NOT_CHECKED)}"
    for name, label, holds, fails in _PARTS:
        yield label, {True: holds, False: fails, None: _NOT_CHECKED}[getattr(signer, name)]
    yield "revocation", _NOT_CHECKED
