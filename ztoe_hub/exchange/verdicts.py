"""What the hub makes of a signed container: the findings in named parts, and whether they settle the matter."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime

from ztoe_hub.texts import msg
from ztoe_hub.values import ContainerFormat, ContainerReport, Signer

SUFFIXES = {
    ContainerFormat.CMS_ATTACHED: (".p7s", "application/pkcs7-mime"),
    ContainerFormat.CMS_DETACHED: (".p7s", "application/pkcs7-signature"),
    ContainerFormat.ASIC_E: (".asice", "application/vnd.etsi.asic-e+zip"),
    ContainerFormat.PADES: (".pdf", "application/pdf"),
    ContainerFormat.UNKNOWN: (".bin", "application/octet-stream"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`problem` is None when the document may count as signed, else a msgid that says why a person must look."""

    same_document: bool
    matches_customer: bool
    problem: str | None
    facts: dict[str, object]
    signer_tax_codes: tuple[str, ...]


def judge(
    report: ContainerReport, *, original_sha256: str, tax_code: str | None, require_verified: bool
) -> Verdict:
    """Compare what a reader found with the document that was sent and the consumer it was sent to.

    A part that failed sends the document to a person. With `require_verified` a part of the consumer's own
    signature that was not checked (None) does too: anybody can make a certificate with somebody's code.
    """
    same = _is_same(report, original_sha256)
    codes = tuple(code for signer in report.signers for code in (signer.edrpou, signer.rnokpp) if code)
    theirs = [signer for signer in report.signers if tax_code and tax_code in (signer.edrpou, signer.rnokpp)]
    return Verdict(
        same_document=same,
        matches_customer=bool(theirs),
        problem=_problem(report, same=same, theirs=theirs, require_verified=require_verified),
        facts={
            "format": report.format.value,
            "problems": list(report.problems),
            "same_document": same,
            "matches_customer": bool(theirs),
            "signers": [_facts(signer) for signer in report.signers],
        },
        signer_tax_codes=codes,
    )


def _is_same(report: ContainerReport, original_sha256: str) -> bool:
    if report.content is not None:
        return hashlib.sha256(report.content).hexdigest() == original_sha256
    # Detached: the reader was given our original, so a digest that holds proves that it is the one.
    return bool(report.signers) and all(signer.digest_ok is True for signer in report.signers)


def _problem(
    report: ContainerReport, *, same: bool, theirs: list[Signer], require_verified: bool
) -> str | None:
    if not report.signers:
        return msg("У завантаженому файлі не знайдено підпису.")
    if not same:
        return msg("Підписано інший документ, а не той, що було надіслано.")
    failed = [
        name
        for signer in report.signers
        for name in ("digest_ok", "signature_ok", "chain_ok", "time_ok")
        if getattr(signer, name) is False
    ]
    if failed:
        return msg("Перевірка підпису виявила невідповідність.")
    if not theirs:
        return msg("Підписав хтось інший: код у сертифікаті не збігається з кодом споживача.")
    if require_verified and not any(_is_verified(signer) for signer in theirs):
        return msg("Підпис або ланцюжок сертифікатів споживача не вдалося перевірити повністю.")
    return None


def _is_verified(signer: Signer) -> bool:
    return signer.digest_ok is True and signer.signature_ok is True and signer.chain_ok is True


def _facts(signer: Signer) -> dict[str, object]:
    facts = asdict(signer)
    signed_at = facts["signed_at"]
    return {**facts, "signed_at": signed_at.isoformat() if isinstance(signed_at, datetime) else None}
