"""Verifies signatures by the object identifiers that stand beside them.

DSTU 4145 is computed here, RSA and ECDSA by `cryptography`. What is in no table is not checked (None), never fine.
"""

from __future__ import annotations

from dataclasses import dataclass

from asn1crypto import algos
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes as openssl
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from . import dstu4145
from .hashes import (
    GOST_34311,
    HASHES,
    KUPYNA_256,
    KUPYNA_384,
    KUPYNA_512,
    SHA_224,
    SHA_256,
    SHA_384,
    SHA_512,
    name_of_hash,
)
from .public_keys import DstuKey, PublicKey, UnknownKey, read_public_key
from .tlv import SEQUENCE, Value, dotted
from .work import Finding, TooMuchWork, Work

DSTU, RSA, PSS, ECDSA = "DSTU 4145", "RSA", "RSA-PSS", "ECDSA"
_DSTU, _RSA, _ECDSA = "1.2.804.2.1.1.1.1.3", "1.2.840.113549.1.1", "1.2.840.10045.4.3"

#: Kind of signature and hash; None: the hash is named beside it.
SCHEMES: dict[str, tuple[str, str | None]] = {
    f"{_DSTU}.1.1": (DSTU, GOST_34311),
    f"{_DSTU}.6.1": (DSTU, KUPYNA_256),
    f"{_DSTU}.6.1.1": (DSTU, KUPYNA_256),
    f"{_DSTU}.6.2.1": (DSTU, KUPYNA_384),
    f"{_DSTU}.6.3.1": (DSTU, KUPYNA_512),
    f"{_RSA}.1": (RSA, None),
    f"{_RSA}.10": (PSS, None),
    f"{_RSA}.14": (RSA, SHA_224),
    f"{_RSA}.11": (RSA, SHA_256),
    f"{_RSA}.12": (RSA, SHA_384),
    f"{_RSA}.13": (RSA, SHA_512),
    "1.2.840.10045.2.1": (ECDSA, None),
    f"{_ECDSA}.1": (ECDSA, SHA_224),
    f"{_ECDSA}.2": (ECDSA, SHA_256),
    f"{_ECDSA}.3": (ECDSA, SHA_384),
    f"{_ECDSA}.4": (ECDSA, SHA_512),
}
_OPENSSL: dict[str, type[openssl.HashAlgorithm]] = {
    SHA_224: openssl.SHA224,
    SHA_256: openssl.SHA256,
    SHA_384: openssl.SHA384,
    SHA_512: openssl.SHA512,
}
_PSS_NAMES = {"sha224": SHA_224, "sha256": SHA_256, "sha384": SHA_384, "sha512": SHA_512}
_STEPS_OF_OTHERS = 500

TOO_MUCH = "not checked: the container asks for too much computing"
UNFIT = "the kind of signature does not fit the key"


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a signature is to be checked. `hash` is an object identifier; `salt` is for PSS."""

    kind: str
    hash: str
    salt: int | None = None


def scheme_of(algorithm: Value, digest_algorithm: str | None = None) -> Scheme:
    """What an AlgorithmIdentifier asks for. Raises ValueError, with a problem as its text, for what is not checked."""
    kind, *parameters = algorithm.expect(SEQUENCE).members(2)
    oid = dotted(kind)
    name, fixed = SCHEMES.get(oid, (None, None))
    if name is None:
        raise ValueError(f"not checked: signature algorithm {oid}")
    if name == PSS:
        return _pss_scheme(parameters)
    digest = fixed or digest_algorithm
    if digest is None:
        raise ValueError("not checked: the signature names no hash")
    return Scheme(name, digest)


def check(scheme: Scheme, key_info: bytes, message: bytes, signature: bytes, work: Work) -> Finding:
    """Whether `signature` over `message` was made with the key of a SubjectPublicKeyInfo."""
    try:
        key = read_public_key(key_info)
        return _check(scheme, key, message, signature, work)
    except UnknownKey as error:
        return Finding(None, f"not checked: {error}")
    except UnsupportedAlgorithm:
        return Finding(None, "not checked: this curve or hash is not computed here")
    except TooMuchWork:
        return Finding(None, TOO_MUCH)
    except ValueError as error:
        return Finding(False, f"the key is not accepted: {error}")


def _check(scheme: Scheme, key: PublicKey, message: bytes, signature: bytes, work: Work) -> Finding:
    if scheme.hash not in HASHES:
        return Finding(None, f"not checked: hash {name_of_hash(scheme.hash)}")
    if isinstance(key, DstuKey):
        return Finding(False, UNFIT) if scheme.kind != DSTU else _dstu(scheme, key, message, signature, work)
    if scheme.kind == DSTU:
        return Finding(False, UNFIT)
    if scheme.hash not in _OPENSSL:
        return Finding(None, f"not checked: {scheme.kind} with {name_of_hash(scheme.hash)}")
    if isinstance(key, RSAPublicKey) == (scheme.kind == ECDSA):
        return Finding(False, UNFIT)
    work.spend(_STEPS_OF_OTHERS + len(message) // 100)
    return _other(scheme, key, message, signature)


def _dstu(scheme: Scheme, key: DstuKey, message: bytes, signature: bytes, work: Work) -> Finding:
    digest = work.hash(HASHES[scheme.hash], message, key.dke)
    work.spend(key.curve.field.m**2 // 6)
    holds = dstu4145.verify(key.curve, key.point, digest, signature)
    return Finding(True) if holds else Finding(False, "the signature does not hold")


def _other(
    scheme: Scheme, key: RSAPublicKey | ec.EllipticCurvePublicKey, message: bytes, signature: bytes
) -> Finding:
    hash_ = _OPENSSL[scheme.hash]()
    try:
        if not isinstance(key, RSAPublicKey):
            key.verify(signature, message, ec.ECDSA(hash_))
        elif scheme.salt is not None:
            key.verify(signature, message, padding.PSS(padding.MGF1(hash_), scheme.salt), hash_)
        else:
            key.verify(signature, message, padding.PKCS1v15(), hash_)
    except InvalidSignature:
        return Finding(False, "the signature does not hold")
    return Finding(True)


def _pss_scheme(parameters: list[Value]) -> Scheme:
    """RFC 8017 A.2.3: hash and salt; a mask of another hash is not checked."""
    try:
        native = algos.RSASSAPSSParams.load(parameters[0].raw).native
        hash_name, salt = native["hash_algorithm"]["algorithm"], native["salt_length"]
        mask = native["mask_gen_algorithm"]["parameters"]["algorithm"]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise ValueError("not checked: RSA-PSS parameters that make no sense") from error
    if hash_name != mask or hash_name not in _PSS_NAMES or not 0 <= salt <= 64:
        raise ValueError(f"not checked: RSA-PSS with {hash_name}, {mask}, {salt}")
    return Scheme(PSS, _PSS_NAMES[hash_name], salt)
