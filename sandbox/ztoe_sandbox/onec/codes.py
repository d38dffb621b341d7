"""Check characters of the codes a Ukrainian utility uses, and stable keys for everything in the base."""

import uuid

NAMESPACE = uuid.UUID("6d0f3c0e-7f0b-5d43-9c55-1c0000000001")
ZERO_KEY = "00000000-0000-0000-0000-000000000000"
EIC_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"


def key_of(kind: str, code: str) -> str:
    """The same GUID for the same thing in every run."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}:{code}"))


def eic_check(body: str) -> str:
    """The 16th character of an EIC code, by ENTSO-E's rule; "-" means that the body may not be issued."""
    total = sum((16 - place) * EIC_ALPHABET.index(char) for place, char in enumerate(body))
    return EIC_ALPHABET[36 - (total - 1) % 37]


def eic_of(number: int) -> str:
    """A valid code of a metering point (62Z…); distinct for distinct numbers below 10**10."""
    for series in ("77", "78", "79"):
        body = f"62Z{series}{number:010d}"
        check = eic_check(body)
        if check != "-":
            return body + check
    raise ValueError(number)


def spoiled(eic: str) -> str:
    """The same code with a wrong check character."""
    return eic[:-1] + ("0" if eic[-1] != "0" else "1")


def edrpou_check(body: str) -> str:
    """The 8th digit of an EDRPOU code, by the register's two rounds of weights."""
    weights = [7, 1, 2, 3, 4, 5, 6] if body[0] in "345" else [1, 2, 3, 4, 5, 6, 7]
    for extra in (0, 2):
        rest = sum((weight + extra) * int(digit) for weight, digit in zip(weights, body, strict=True)) % 11
        if rest < 10:
            return str(rest)
    return "0"


def edrpou_of(number: int) -> str:
    """A valid code of a legal entity; the 99 series is not issued, so it belongs to nobody."""
    body = f"99{number:05d}"
    return body + edrpou_check(body)
