"""Compares what a signer says was signed with the bytes at hand."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from .containers import SignerInfo
from .tlv import OCTET_STRING

MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
NOT_COMPUTED = "digest algorithm not computed yet"

# SHA-1 and MD5 are left out on purpose: an equal digest would prove little. GOST 34.311 and Kupyna are to come.
DIGESTS: dict[str, Callable[[bytes], Any]] = {
    "2.16.840.1.101.3.4.2.4": hashlib.sha224,
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}
NAMES = {
    "1.2.804.2.1.1.1.1.2.1": "GOST 34.311",
    "1.2.804.2.1.1.1.1.2.2.1": "Kupyna-256",
    "1.2.804.2.1.1.1.1.2.2.2": "Kupyna-384",
    "1.2.804.2.1.1.1.1.2.2.3": "Kupyna-512",
    "1.3.14.3.2.26": "SHA-1",
    "1.2.840.113549.2.5": "MD5",
}


def matches(algorithm: str, data: bytes, digest: bytes) -> bool | None:
    """Whether `digest` is that of `data`; None for an algorithm that is not computed here."""
    compute = DIGESTS.get(algorithm)
    return None if compute is None else hmac.compare_digest(compute(data).digest(), digest)


def digest_verdict(signer: SignerInfo, content: bytes | None) -> tuple[bool | None, str | None]:
    """The verdict on the message digest of one signer, and the problem that explains any but True."""
    if signer.signed is None:
        return None, "no signed attributes: the digest stands inside the signature, which is not checked yet"
    values = signer.signed.get(MESSAGE_DIGEST, [])
    if len(values) != 1 or values[0].tag != OCTET_STRING:
        return False, "not exactly one message digest"
    if content is None:
        return None, "the signature is apart from its document: the original is needed"
    verdict = matches(signer.digest_algorithm, content, values[0].contents)
    if verdict is None:
        name = NAMES.get(signer.digest_algorithm, signer.digest_algorithm)
        return None, f"{NOT_COMPUTED} ({name})"
    return verdict, None if verdict else "the digest does not fit: these are not the signed bytes"
