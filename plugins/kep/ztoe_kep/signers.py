"""Turns one signature, of whatever format, into the report's Signer with its problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ztoe_hub.values import Signer

from .certificates import Certificate
from .times import signing_time, within_validity
from .trust import TrustStore
from .work import Finding, Work

UNKNOWN_SUBJECT = "(невідомий підписувач)"
NOT_FOR_SIGNING = "chain: the signer's certificate is not for signing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One signature as it was found. `stamped` are the octets that its time stamps have to be over."""

    certificate: Certificate | None
    digest: Finding
    signature: Finding
    claimed_at: datetime | None
    tokens: Sequence[bytes]
    stamped: bytes
    embedded: Sequence[Certificate]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """What signatures are judged by: trust, and the work that may be spent."""

    trust: TrustStore
    work: Work

    def judge(self, claim: Claim) -> tuple[Signer, list[str]]:
        """The signer and everything that there is to say beside the verdicts."""
        time = signing_time(claim.claimed_at, claim.tokens, claim.stamped, self.trust, self.work)
        chain = self._chain(claim, time.at)
        certificate = claim.certificate
        signer = Signer(
            subject=(certificate.subject if certificate else None) or UNKNOWN_SUBJECT,
            organisation=certificate.organisation if certificate else None,
            edrpou=certificate.edrpou if certificate else None,
            rnokpp=certificate.rnokpp if certificate else None,
            issuer=certificate.issuer if certificate else None,
            signed_at=time.at,
            time_source=time.source,
            seal=certificate.seal if certificate else None,
            digest_ok=claim.digest.verdict,
            signature_ok=claim.signature.verdict,
            chain_ok=chain.verdict,
            time_ok=within_validity(time.at, certificate),
        )
        problems = [claim.problem, claim.digest.problem, claim.signature.problem, chain.problem, time.problem]
        return signer, list(dict.fromkeys(problem for problem in problems if problem))

    def _chain(self, claim: Claim, at: datetime | None) -> Finding:
        certificate = claim.certificate
        if certificate is None:
            return Finding(None)
        if not certificate.may_sign:
            return Finding(False, NOT_FOR_SIGNING)
        return self.trust.follow(certificate, claim.embedded, at, self.work)
