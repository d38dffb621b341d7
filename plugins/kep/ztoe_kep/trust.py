"""Follows a certificate up to a root that is pinned, or named by the operator. Revocation is never asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from .algorithms import TOO_MUCH, check, scheme_of
from .bundles import Bundle, bundle_date
from .certificates import Certificate
from .roots import is_test_root, pinned_roots
from .tlv import read_value
from .work import Finding, TooMuchWork, Work

LONGEST = 4  # authorities above a signer, the root among them
_MOST_LINKS = 100_000
_STEPS_OF_A_LINK = 500
_MOST_CANDIDATES = 8  # issuers of one name; a forger may offer more

NO_BUNDLE = "chain not checked: no CA bundle"
UNKNOWN_ISSUER = "chain: the issuer is not in the CA bundle"
UNKNOWN_ROOT = "chain: it ends in an unknown root"
TEST_ROOT = "chain: it ends in the root of a test authority"
EXTRA_ROOT = "chain: it ends in an extra root that was named here, not in a root of ЦЗО or НБУ"
NO_TIME = "chain not checked: no signing time"
#: Of several ways up, the one that went wrong last says most.
_ORDER = (NO_BUNDLE, UNKNOWN_ISSUER)


@dataclass(frozen=True, slots=True)
class TrustStore:
    """What is trusted: the pinned roots, extra roots (for test authorities), and known intermediate authorities."""

    bundles: tuple[Bundle, ...] = ()
    extra_roots: tuple[Certificate, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for an extra root that is a public test authority's."""
        for root in self.extra_roots:
            if is_test_root(root):
                raise ValueError(f"{root.subject} is a test authority and is never trusted")

    def bundle_date(self) -> datetime | None:
        """When the newest certificate of the bundles begins; None without bundles."""
        return bundle_date(self.bundles)

    def certificates(self) -> Iterator[Certificate]:
        """Every certificate known here."""
        yield from pinned_roots()
        yield from self.extra_roots
        for bundle in self.bundles:
            yield from bundle.certificates

    def follow(
        self, certificate: Certificate, embedded: Sequence[Certificate], at: datetime | None, work: Work
    ) -> Finding:
        """Whether `certificate` leads to a trusted root, by authorities that were valid `at` that time.

        `embedded` are the container's certificates: they may help, and are trusted in nothing. The
        certificate's own term is not judged here.
        """
        try:
            finding = _Climb(self, embedded, at, work).up(certificate, below=0)
        except TooMuchWork:
            return Finding(None, f"chain {TOO_MUCH}")
        if finding.verdict and at is None:
            return Finding(None, NO_TIME)
        return finding


@dataclass(frozen=True, slots=True)
class _Climb:
    """One search for a root."""

    store: TrustStore
    embedded: Sequence[Certificate]
    at: datetime | None
    work: Work

    def up(self, certificate: Certificate, below: int) -> Finding:
        """The best finding over all issuers; `below` is how many authorities stand below, the signer apart."""
        if certificate in self.store.extra_roots or certificate in pinned_roots():
            return self._anchored(certificate)
        if certificate.self_issued:
            return self._at_the_end(certificate)
        if below == LONGEST:
            return Finding(False, "chain: too long")
        worst = self._no_issuer()
        for issuer in self._issuers(certificate):
            finding = self._through(certificate, issuer, below)
            if finding.verdict:
                return finding
            if worst.problem in _ORDER or finding.verdict is False:
                worst = finding
        return worst

    def _through(self, certificate: Certificate, issuer: Certificate, below: int) -> Finding:
        self.work.spend(_STEPS_OF_A_LINK)
        problem = self._unfit(issuer, below)
        if problem:
            return Finding(False, f"chain: {problem}")
        link = link_holds(certificate, issuer, self.work)
        if not link.verdict:
            return Finding(link.verdict, f"chain: {link.problem}")
        return self.up(issuer, below + 1)

    def _unfit(self, issuer: Certificate, below: int) -> str | None:
        if not issuer.authority:
            return "the issuer is not a certification authority"
        if issuer.path_length is not None and below > issuer.path_length:
            return "more authorities than the issuer allows"
        if self.at is None:
            return None
        begins, ends = issuer.not_before, issuer.not_after
        if begins is None or ends is None or not begins <= self.at <= ends:
            return "an authority's certificate was not valid at the time of signing"
        return None

    def _issuers(self, certificate: Certificate) -> Iterator[Certificate]:
        """Certificates that may have issued this one, trusted sources first."""
        seen: set[Certificate] = set()
        for candidate in (*self.store.certificates(), *self.embedded):
            if candidate.subject_name != certificate.issuer_name or candidate in seen:
                continue
            wanted, own = certificate.issuer_key_identifier, candidate.key_identifier
            if wanted and own and wanted != own:
                continue
            seen.add(candidate)
            yield candidate
            if len(seen) == _MOST_CANDIDATES:
                return

    def _no_issuer(self) -> Finding:
        if self.store.bundles:
            return Finding(False, UNKNOWN_ISSUER)
        return Finding(None, NO_BUNDLE)

    def _at_the_end(self, root: Certificate) -> Finding:
        """A root that is not trusted: it came with the container, or stands in a bundle among others."""
        if is_test_root(root):
            return Finding(False, TEST_ROOT)
        return Finding(False, UNKNOWN_ROOT) if self.store.bundles else Finding(None, NO_BUNDLE)

    def _anchored(self, root: Certificate) -> Finding:
        return Finding(True, None if root in pinned_roots() else EXTRA_ROOT)


def link_holds(certificate: Certificate, issuer: Certificate, work: Work) -> Finding:
    """Whether `issuer` signed `certificate`. Links that were found to hold are remembered."""
    link = certificate.sha256, issuer.sha256
    if link in _good_links():
        return Finding(True)
    if link not in work.links:
        work.links[link] = _examine(certificate, issuer, work)
        if work.links[link].verdict and len(_good_links()) < _MOST_LINKS:
            _good_links().add(link)
    return work.links[link]


def _examine(certificate: Certificate, issuer: Certificate, work: Work) -> Finding:
    try:
        scheme = scheme_of(read_value(certificate.algorithm))
    except ValueError as error:
        return Finding(None, str(error))
    return check(scheme, issuer.key_info, certificate.signed, certificate.signature, work)


@cache
def _good_links() -> set[tuple[str, str]]:
    return set()


def root_in(bundle: Bundle) -> Certificate | None:
    """The one certificate of a bundle that holds nothing but a self-issued authority's; None otherwise."""
    if len(bundle.certificates) != 1:
        return None
    [certificate] = bundle.certificates
    return certificate if certificate.self_issued and certificate.authority else None
