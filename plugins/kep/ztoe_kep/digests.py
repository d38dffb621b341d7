"""Compares what a signer says was signed with the bytes at hand."""

from __future__ import annotations

import hmac

from .algorithms import TOO_MUCH
from .containers import SignerInfo
from .gost34311 import DEFAULT_DKE
from .hashes import HASHES, name_of_hash
from .tlv import OCTET_STRING
from .work import Finding, TooMuchWork, Work

MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
NO_ATTRIBUTES = (
    "no signed attributes: the digest stands inside the signature, which does not hold or is not checked"
)
UNFIT = "the digest does not fit: these are not the signed bytes"
ORIGINAL_NEEDED = "the signature is apart from its document: the original is needed"


def compare(algorithm: str, data: bytes, digest: bytes, work: Work, dke: bytes = DEFAULT_DKE) -> Finding:
    """Whether `digest` is that of `data`. GOST 34.311 counts with the signer's own S-box or the standard one."""
    function = HASHES.get(algorithm)
    if function is None:
        return Finding(None, f"not checked: digest algorithm {name_of_hash(algorithm)}")
    boxes = {dke, DEFAULT_DKE} if function.takes_dke else {DEFAULT_DKE}
    try:
        # The usual box first: the second costs as much again, and only a forged or foreign digest needs it.
        for box in sorted(boxes, key=lambda box: box != dke):
            if hmac.compare_digest(work.hash(function, data, box), digest):
                return Finding(True)
    except TooMuchWork:
        return Finding(None, TOO_MUCH)
    return Finding(False, UNFIT)


def digest_finding(
    signer: SignerInfo, content: bytes | None, work: Work, dke: bytes = DEFAULT_DKE
) -> Finding:
    """The verdict on the message digest of one signer who has signed attributes."""
    if signer.signed is None:
        return Finding(None, NO_ATTRIBUTES)
    values = signer.signed.get(MESSAGE_DIGEST, [])
    if len(values) != 1 or values[0].tag != OCTET_STRING:
        return Finding(False, "not exactly one message digest")
    if content is None:
        return Finding(None, ORIGINAL_NEEDED)
    return compare(signer.digest_algorithm, content, values[0].contents, work, dke)
