"""What was found in a signed container, in words that promise nothing which was not checked.

None means "not checked". No combination of parts is summed up as "the signature is valid": that is
for the Central Certification Authority's own service to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from .formatting import moment
from .texts import _, _l

FORMATS = {
    "cms-attached": _l("CMS (p7s), документ усередині"),
    "cms-detached": _l("CMS (p7s), документ окремо"),
    "asic-e": "ASiC-E",
    "pades": "PAdES (PDF)",
    "unknown": _l("невідомий"),
}
#: A part's name, and what it is called when it holds and when it does not.
CHECKS = {
    "digest_ok": (_l("цілісність документа"), _l("збігається"), _l("не збігається")),
    "signature_ok": (_l("підпис"), _l("відповідає документу"), _l("не відповідає документу")),
    "chain_ok": (
        _l("ланцюжок сертифікатів"),
        _l("веде до довіреного кореня"),
        _l("не веде до довіреного кореня"),
    ),
    "time_ok": (_l("час підпису"), _l("у межах дії сертифіката"), _l("поза межами дії сертифіката")),
}
WORDS = {True: "yes", False: "no", None: "unchecked"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One named part: `tone` is yes, no or unchecked."""

    label: str
    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class SignerFacts:
    """One signature: who, and the parts that were or were not checked."""

    subject: str
    facts: Sequence[tuple[str, str]]
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict ready for a page."""

    format: str
    findings: Sequence[Finding]
    signers: Sequence[SignerFacts]
    problems: Sequence[str]


def read_verdict(raw: Mapping[str, object]) -> Verdict:
    """From the hub's record; a part that is missing counts as not checked."""
    signers = raw.get("signers")
    problems = raw.get("problems")
    yes, no = _("так"), _("ні")
    return Verdict(
        format=str(FORMATS.get(str(raw.get("format")), raw.get("format") or FORMATS["unknown"])),
        findings=[
            _finding(_("документ той самий, що було надіслано"), yes, no, value=raw.get("same_document")),
            _finding(_("код підписувача — код споживача"), yes, no, value=raw.get("matches_customer")),
        ],
        signers=[_signer(each) for each in signers] if isinstance(signers, list) else [],
        problems=[str(each) for each in problems] if isinstance(problems, list) else [],
    )


def _signer(raw: Mapping[str, object]) -> SignerFacts:
    seal = raw.get("seal")
    facts = [
        (_("Організація"), raw.get("organisation")),
        (_("Код ЄДРПОУ"), raw.get("edrpou")),
        (_("РНОКПП"), raw.get("rnokpp")),
        (_("Надавач"), raw.get("issuer")),
        (_("Вид"), None if seal is None else _("печатка") if seal else _("підпис")),
        (_("Час"), _signed_at(raw)),
    ]
    return SignerFacts(
        subject=str(raw.get("subject") or "—"),
        facts=[(label, str(value)) for label, value in facts if value],
        findings=[
            *(_finding(*map(str, words), value=raw.get(key)) for key, words in CHECKS.items()),
            # Revocation is told by the issuer's online service alone, which the hub never asks.
            _finding(_("відкликання сертифіката"), "", "", value=None),
        ],
    )


def _signed_at(raw: Mapping[str, object]) -> str | None:
    text = raw.get("signed_at")
    if not text:
        return None
    try:
        shown = moment(datetime.fromisoformat(str(text)))
    except ValueError:
        shown = str(text)
    source = _("за позначкою часу") if raw.get("time_source") == "timestamp" else _("за словами підписувача")
    return f"{shown} ({source})"


def _finding(label: str, yes: str, no: str, *, value: object) -> Finding:
    found = value if isinstance(value, bool) else None
    text = {True: yes, False: no, None: _("не перевірялось")}[found]
    return Finding(label, text, WORDS[found])
