"""DSTU 4145: the field, the curves, keys, and signatures that hold until one bit changes."""
# ruff: noqa: S311  a test has to come out the same every time

from __future__ import annotations

import random
import time

import pytest

from ztoe_kep.curves import Curve, standard_curves
from ztoe_kep.dstu4145 import verify
from ztoe_kep.gost34311 import DEFAULT_DKE
from ztoe_kep.public_keys import DstuKey, UnknownKey, read_public_key
from ztoe_kep.testing import TestKey
from ztoe_kep.testing.keys import NUMBERS, oid
from ztoe_kep.tlv import BIT_STRING, OCTET_STRING, SEQUENCE, der

CURVES = list(standard_curves().values())


def named(curve: Curve) -> str:
    return f"m={curve.field.m}"


@pytest.mark.parametrize("curve", CURVES, ids=named)
def test_the_field_is_a_field(curve: Curve) -> None:
    field = curve.field
    chance = random.Random(field.m)
    for _ in range(20):
        a, b, c = (chance.randrange(1, 1 << field.m) for _ in range(3))
        assert field.multiply(a, b ^ c) == field.multiply(a, b) ^ field.multiply(a, c)
        assert field.multiply(a, field.inverse(a)) == 1
        assert field.square(a) == field.multiply(a, a)
        assert field.square_root(field.square(a)) == a
        assert field.multiplier(b)(a) == field.multiply(a, b)
        solvable = a ^ field.square(a)
        assert field.trace(solvable) == 0
        assert field.half_trace(solvable) in (a, a ^ 1)
    with pytest.raises(ZeroDivisionError):
        field.inverse(0)


@pytest.mark.parametrize("curve", CURVES, ids=named)
def test_the_base_point_has_its_order(curve: Curve) -> None:
    assert curve.holds(curve.base)
    assert curve.multiple(curve.n, curve.base) is None
    assert curve.decompress(curve.compress(curve.base)) == curve.base


@pytest.mark.parametrize("m", sorted(NUMBERS))
def test_what_is_signed_holds(m: int) -> None:
    key = TestKey(m, m=m)
    digest = random.Random(m).randbytes(32)

    assert verify(key.curve, key.point, digest, key.sign(digest))


@pytest.mark.parametrize("m", [257, 431])
@pytest.mark.parametrize("seed", range(12))
def test_one_flipped_bit_refutes_a_signature(m: int, seed: int) -> None:
    chance = random.Random(f"{m} {seed}")
    key = TestKey(seed, m=m)
    digest = chance.randbytes(chance.choice([32, 48, 64]))
    signature = key.sign(digest, chance=seed)

    assert verify(key.curve, key.point, digest, signature)
    assert not verify(key.curve, key.point, digest, flipped(signature, chance))
    # Only the lowest m bits of a digest enter a signature, by the standard.
    assert not verify(key.curve, key.point, flipped(digest[:32], chance) + digest[32:], signature)
    other = TestKey(seed + 100, m=m)
    assert not verify(other.curve, other.point, digest, signature)


def flipped(data: bytes, chance: random.Random) -> bytes:
    bit = chance.randrange(8 * len(data))
    return (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big")


def test_r_and_s_have_to_lie_between_zero_and_the_order() -> None:
    key, digest = TestKey(5), bytes(range(32))
    curve, signature = key.curve, key.sign(digest)
    r, s = (int.from_bytes(half, "little") for half in (signature[:32], signature[32:]))

    def pair(r: int, s: int) -> bytes:
        return r.to_bytes(40, "little") + s.to_bytes(40, "little")

    assert verify(curve, key.point, digest, pair(r, s))  # longer halves are the same numbers
    for wrong in ((0, s), (r, 0), (0, 0), (r + curve.n, s), (r, s + curve.n), (curve.n, s), (r, curve.n)):
        assert not verify(curve, key.point, digest, pair(*wrong))
    for odd in (b"", b"\1", signature[:-1], signature + b"\0", signature[:32]):
        assert not verify(curve, key.point, digest, odd)


def test_a_digest_of_zeros_counts_as_one() -> None:
    key = TestKey(6)

    assert verify(key.curve, key.point, bytes(32), key.sign(bytes(32)))


def test_the_points_of_tiny_order_verify_nothing() -> None:
    key, digest = TestKey(7), bytes(range(32))
    curve = key.curve
    tiny = curve.decompress(0)

    assert curve.holds(tiny)
    assert not verify(curve, tiny, digest, key.sign(digest))


@pytest.mark.parametrize("m", [163, 257, 431])
@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("explicit", [False, True])
def test_keys_are_read_in_every_form(m: int, big_endian: bool, explicit: bool) -> None:
    key = TestKey(8, m=m, big_endian=big_endian, explicit=explicit)

    found = read_public_key(key.info())

    assert found == DstuKey(key.curve, key.point, DEFAULT_DKE)


def test_a_key_without_an_s_box_has_the_standard_one() -> None:
    found = read_public_key(TestKey(9, dke=None).info())

    assert isinstance(found, DstuKey)
    assert found.dke == DEFAULT_DKE


def test_a_curve_of_ones_own_is_refused() -> None:
    info = TestKey(10, explicit=True).info()
    curve = TestKey(10).curve
    base = curve.compress(curve.base).to_bytes(33, "little")
    other = curve.compress(TestKey(11).point).to_bytes(33, "little")

    for odd in (info.replace(base, other), info.replace(b"\x02\x01\x0c", b"\x02\x01\x0d")):
        assert odd != info
        with pytest.raises(ValueError, match="none of the standard's"):
            read_public_key(odd)


@pytest.mark.parametrize(
    ("parameters", "key", "words"),
    [
        (oid("1.2.804.2.1.1.1.1.3.1.1.2.10"), bytes(33), "none of the standard's"),
        (oid("1.2.804.2.1.1.1.1.3.1.1.2.6"), b"\xff" * 33, "outside the field"),
        (oid("1.2.804.2.1.1.1.1.3.1.1.2.6"), b"\xff" * 65, "outside every field"),
        (oid("1.2.804.2.1.1.1.1.3.1.1.2.6") + der(OCTET_STRING, b"\1"), bytes(33), "S-box"),
    ],
)
def test_odd_keys_are_refused(parameters: bytes, key: bytes, words: str) -> None:
    algorithm = der(SEQUENCE, oid("1.2.804.2.1.1.1.1.3.1.1") + der(SEQUENCE, parameters))
    info = der(SEQUENCE, algorithm + der(BIT_STRING, b"\0" + der(OCTET_STRING, key)))

    with pytest.raises(ValueError, match=words):
        read_public_key(info)


def test_half_of_all_x_are_on_no_curve() -> None:
    curve = TestKey(1).curve
    refused = 0
    for x in range(2, 42):
        try:
            curve.decompress(x)
        except ValueError:
            refused += 1

    assert 5 < refused < 35


def test_other_kinds_of_key_are_not_checked() -> None:
    ed25519 = bytes.fromhex("302a300506032b6570032100") + bytes(32)

    with pytest.raises(UnknownKey):
        read_public_key(ed25519)


def test_a_signature_takes_less_than_forty_milliseconds() -> None:
    key, digest = TestKey(1), bytes(range(32))
    signature = key.sign(digest)
    verify(key.curve, key.point, digest, signature)  # fills the base point's table
    begun = time.process_time()

    for _ in range(10):
        verify(key.curve, key.point, digest, signature)

    assert (time.process_time() - begun) / 10 < 0.04
