"""The hash functions against the vectors of their standards, and the fast Kupyna against the slow one."""
# ruff: noqa: S311  a test has to come out the same every time

from __future__ import annotations

import random
import time

import pytest

from ztoe_kep.gost34311 import DEFAULT_DKE, gost34311
from ztoe_kep.hashes import HASHES, KUPYNA_256, name_of_hash
from ztoe_kep.kupyna import accelerator, kupyna, kupyna_in_python
from ztoe_kep.work import TooMuchWork, Work

COUNTED = bytes(range(256))  # DSTU 7564, annex B: the bytes 00 01 02 .. of a given length


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (
            b"12345678901234567890123456789011",
            "7686f3f4b113aadc97bca9ea054f41821f0676c5c28ffb987e41797a568e1ed4",
        ),
        (b"123123", "34d4da2c04e9c1ceb933282069c864617d94ed7cc5c0a9840c0c1a99629df637"),
        (b"", "da37bdf41145e39e34111775b40646e8059c2e969c1460bb98abccb26f0f76a5"),
    ],
)
def test_gost_34311_fits_its_vectors(message: bytes, digest: str) -> None:
    assert gost34311(message).hex() == digest


@pytest.mark.parametrize(
    ("bits", "message", "begins", "ends"),
    [
        (256, b"", "cd5101d1ccdf0d1d1f4ada56e888cd724ca1a0838a3521e7131d4fb78d0f5eb6", ""),
        (384, b"", "e445d452", "89198538"),
        (512, b"", "656b2f4cd71462388b64a37043ea55dbe445d452", "89198538"),
        (256, COUNTED[:64], "08f4ee6f1be6903b324c4e27990cb24ef69dd58dbe84813ee0a52f6631239875", ""),
        (256, COUNTED[:128], "0a9474e645a7d25e255e9e89fff42ec7eb31349007059284f0b182e452bda882", ""),
        (256, COUNTED, "d305a32b963d149dc765f68594505d4077024f836c1bf03806e1624ce176c08f", ""),
        (
            512,
            COUNTED[:64],
            "3813e2109118cdfb5a6d5e72f7208dccc80a2dfb3afdfb02f46992b5edbe536b3",
            "efffc13de62a",
        ),
    ],
)
def test_kupyna_fits_its_vectors(bits: int, message: bytes, begins: str, ends: str) -> None:
    digest = kupyna_in_python(message, bits).hex()

    assert len(digest) == bits // 4
    assert digest.startswith(begins)
    assert digest.endswith(ends)


def test_the_accelerator_computes_the_same_when_it_is_installed() -> None:
    chance = random.Random(7564)

    for length in (0, 1, 51, 52, 63, 64, 65, 127, 128, 1000):
        data = chance.randbytes(length)
        for bits in (256, 384, 512):
            assert kupyna(data, bits) == kupyna_in_python(data, bits)
    assert accelerator() is None or accelerator().__name__ == "dstu_core"  # type: ignore[union-attr]


def test_another_s_box_gives_another_hash() -> None:
    turned = DEFAULT_DKE[8:] + DEFAULT_DKE[:8]

    assert gost34311(b"123123", turned) != gost34311(b"123123")
    with pytest.raises(ValueError, match="S-box"):
        gost34311(b"123123", DEFAULT_DKE[1:])


def test_a_hundred_kilobytes_of_kupyna_take_less_than_half_a_second() -> None:
    data = random.Random(1).randbytes(100_000)
    kupyna_in_python(b"", 256)
    begun = time.process_time()

    kupyna_in_python(data, 256)

    assert time.process_time() - begun < 0.5


def test_nothing_is_hashed_twice_and_work_ends() -> None:
    work = Work(steps=2000)

    first = work.hash(HASHES[KUPYNA_256], bytes(1000))

    assert work.hash(HASHES[KUPYNA_256], bytes(1000)) is first
    with pytest.raises(TooMuchWork):
        work.spend(2000)


def test_hashes_have_names() -> None:
    assert [name_of_hash(oid) for oid in ("1.2.804.2.1.1.1.1.2.2.3", "1.3.14.3.2.26", "1.2.3")] == [
        "Kupyna-512",
        "SHA-1",
        "1.2.3",
    ]
