"""The hash function GOST 34.311-95 (GOST R 34.11-94, RFC 5831) with a Ukrainian S-box, in tables.

The S-box ("ДКЕ") comes packed in 64 bytes: eight rows of sixteen, high half first; row 0 substitutes the least
significant half-byte of a word. The cipher inside is GOST 28147-89 (RFC 5830).
"""

from __future__ import annotations

import struct
from functools import lru_cache

#: ДКЕ № 1, which applies where a key names no other (Ukrainian order 114 of 2006; Bouncy Castle's default).
DEFAULT_DKE = bytes.fromhex(
    "a9d6eb45f13c708280c4967b231f5eadf658eba4c037291d38d96bf025ca4e17"
    "f8e9720dc615b43a28975f0bc1dea36438b564ea2c179fd0123e6db8fac57904"
)
_C3 = int.from_bytes(bytes.fromhex("ff00ffff000000ffff0000ff00ffff0000ff00ff00ff00ffff00ff00ff00ff00"), "big")
_ALL = (1 << 256) - 1
_WORD = 0xFFFFFFFF
_LOW = (1 << 64) - 1
_WORDS = struct.Struct("<8I")

Substitution = tuple[list[int], list[int]]
LinearMap = tuple[tuple[int, ...], ...]


def gost34311(data: bytes, dke: bytes = DEFAULT_DKE) -> bytes:
    """The hash of `data`, 32 bytes. Raises ValueError when `dke` is no packed S-box."""
    substitution = _substitution(dke)
    state = checksum = 0
    for begin in range(0, len(data), 32):
        piece = int.from_bytes(data[begin : begin + 32], "little")
        state = _step(state, piece, substitution)
        checksum = checksum + piece & _ALL
    state = _step(state, 8 * len(data), substitution)
    return _step(state, checksum, substitution).to_bytes(32, "little")


def _step(state: int, piece: int, substitution: Substitution) -> int:
    """The step function: ψ^61(H ⊕ ψ(M ⊕ ψ^12(S))), taken apart because ψ is linear."""
    low, high = substitution
    encrypted = shift = 0
    for keys in _keys(state, piece):
        block = state >> shift & _LOW
        encrypted |= _encrypt(block, keys, low, high) << shift
        shift += 64
    after_12, after_61 = _shuffles()
    inner = piece ^ _apply(after_12, encrypted)
    outer = state ^ _shuffle_once(inner)
    return _apply(after_61, outer)


def _keys(state: int, piece: int) -> list[tuple[int, ...]]:
    """Four keys of the cipher, eight words each."""
    u, v = state, piece
    found = [_transposed(u ^ v)]
    for number in range(3):
        u = _mixed(u) ^ (_C3 if number == 1 else 0)
        v = _mixed(_mixed(v))
        found.append(_transposed(u ^ v))
    return found


def _mixed(value: int) -> int:
    """The transformation A: y4‖y3‖y2‖y1 becomes (y1⊕y2)‖y4‖y3‖y2."""
    return value >> 64 | ((value ^ value >> 64) & _LOW) << 192


def _transposed(value: int) -> tuple[int, ...]:
    """The transformation P: byte i of quarter k goes to place 4i + k."""
    octets = value.to_bytes(32, "little")
    moved = bytearray(32)
    moved[0::4], moved[1::4], moved[2::4], moved[3::4] = octets[:8], octets[8:16], octets[16:24], octets[24:]
    return _WORDS.unpack(moved)


def _encrypt(block: int, keys: tuple[int, ...], low: list[int], high: list[int]) -> int:
    """GOST 28147-89, simple substitution: keys forward three times, then backward."""
    left, right = block & _WORD, block >> 32
    k0, k1, k2, k3, k4, k5, k6, k7 = keys
    forward = ((k0, k1), (k2, k3), (k4, k5), (k6, k7))
    for one, two in (*forward, *forward, *forward, (k7, k6), (k5, k4), (k3, k2), (k1, k0)):
        total = left + one
        right ^= low[total & 0xFFFF] ^ high[total >> 16 & 0xFFFF]
        total = right + two
        left ^= low[total & 0xFFFF] ^ high[total >> 16 & 0xFFFF]
    return left << 32 | right


@lru_cache(maxsize=8)
def _substitution(dke: bytes) -> Substitution:
    """What the lower and the upper 16 bits of a word become, the rotation by 11 included."""
    if len(dke) != 64:
        raise ValueError("not a packed S-box")
    rows = [
        [half for octet in dke[8 * row : 8 * row + 8] for half in (octet >> 4, octet & 15)]
        for row in range(8)
    ]
    pairs = [[rows[row + 1][n >> 4] << 4 | rows[row][n & 15] for n in range(256)] for row in (0, 2, 4, 6)]
    halves = [[upper << 8 | lower for upper in pairs[n + 1] for lower in pairs[n]] for n in (0, 2)]
    low = [(n << 11 | n >> 21) & _WORD for n in halves[0]]
    high = [(n << 27 | n >> 5) & _WORD for n in halves[1]]
    return low, high


def _shuffle_once(value: int) -> int:
    """The transformation ψ: sixteen 16-bit words move down, their mixture enters on top."""
    mixture = value ^ value >> 16 ^ value >> 32 ^ value >> 48 ^ value >> 192 ^ value >> 240
    return value >> 16 | (mixture & 0xFFFF) << 240


@lru_cache(maxsize=1)
def _shuffles() -> tuple[LinearMap, LinearMap]:
    """ψ^12 and ψ^61 as tables, by byte."""
    return _table_of(12), _table_of(61)


def _table_of(times: int) -> LinearMap:
    table = []
    for octet in range(32):
        row = [0]
        for bit in range(8):
            image = 1 << 8 * octet + bit
            for _ in range(times):
                image = _shuffle_once(image)
            row += [image ^ other for other in row]
        table.append(tuple(row))
    return tuple(table)


def _apply(table: LinearMap, value: int) -> int:
    total = 0
    for row, octet in zip(table, value.to_bytes(32, "little"), strict=True):
        total ^= row[octet]
    return total
