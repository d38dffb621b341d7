"""The hash function Kupyna (DSTU 7564:2014): 256, 384 and 512 bits, in tables.

The S-boxes stand in data/kupyna_sbox.txt; the rest follows the standard as Oliynykov et al. published it
(IACR ePrint 2015/885). `dstu-core`, when it is installed, computes the same a hundred times faster (extra
`ztoe-kep[fast]`); the tests compare both.
"""

from __future__ import annotations

import struct
from functools import cache
from importlib import import_module
from importlib.resources import files
from types import ModuleType

_MDS_ROW = (0x01, 0x01, 0x05, 0x01, 0x08, 0x06, 0x07, 0x04)
_POLYNOMIAL = 0x11D
_LANE = (1 << 64) - 1
_SHORT = 8  # columns of the state for hashes of up to 256 bits; 16 for longer ones


def kupyna(data: bytes, bits: int) -> bytes:
    """The hash of `data` in 256, 384 or 512 bits, by the fastest means there is."""
    fast = accelerator()
    if fast is None or bits not in (256, 512):
        return kupyna_in_python(data, bits)
    return bytes(fast.kupyna256(data) if bits == 256 else fast.kupyna512(data))


@cache
def accelerator() -> ModuleType | None:
    """The module `dstu_core`, when the extra is installed."""
    try:
        return import_module("dstu_core")
    except ImportError:
        return None


def kupyna_in_python(data: bytes, bits: int) -> bytes:
    """The same, in pure Python always."""
    rounds = _rounds(_SHORT if bits <= 256 else 2 * _SHORT)
    block = rounds.block
    state = block  # the initial value: the block's length in bytes, in the first byte
    padded = data + _padding(len(data), block)
    for begin in range(0, len(padded), block):
        piece = int.from_bytes(padded[begin : begin + block], "little")
        state ^= rounds.permute_xor(state ^ piece) ^ rounds.permute_add(piece)
    return (state ^ rounds.permute_xor(state)).to_bytes(block, "little")[-bits // 8 :]


def _padding(length: int, block: int) -> bytes:
    """One bit, zeros, and the length in bits as a number of 96 bits."""
    zeros = -(length + 1 + 12) % block
    return b"\x80" + bytes(zeros) + (8 * length).to_bytes(12, "little")


class _Rounds:
    """The two permutations over 8 or 16 columns: they differ in how a round's constants go in."""

    def __init__(self, columns: int) -> None:
        self.block = 8 * columns
        lanes = struct.Struct(f"<{columns}Q")
        self._pack, self._unpack = lanes.pack, lanes.unpack
        shifts = [0, 1, 2, 3, 4, 5, 6, 7 if columns == _SHORT else 11]
        begins = [8 * (columns - shift) + row for row, shift in enumerate(shifts)]
        self._rows = [slice(begin, begin + self.block, 8) for begin in begins]
        numbers, places = range(10 if columns == _SHORT else 14), range(columns)
        self._xored = [[place << 4 ^ number for place in places] for number in numbers]
        self._added = [
            [0xF0F0F0F0F0F0F3 + ((columns - 1 - place << 4) + number << 56) & _LANE for place in places]
            for number in numbers
        ]

    def permute_xor(self, state: int) -> int:
        """T⊕: constants go in by XOR."""
        columns = self._unpack(state.to_bytes(self.block, "little"))
        for constants in self._xored:
            columns = self._mix([c ^ constant for c, constant in zip(columns, constants, strict=True)])
        return int.from_bytes(self._pack(*columns), "little")

    def permute_add(self, state: int) -> int:
        """T+: constants are added modulo 2^64."""
        columns = self._unpack(state.to_bytes(self.block, "little"))
        for constants in self._added:
            columns = self._mix(
                [c + constant & _LANE for c, constant in zip(columns, constants, strict=True)]
            )
        return int.from_bytes(self._pack(*columns), "little")

    def _mix(self, columns: list[int]) -> tuple[int, ...]:
        """Substitution, shift of the rows and mixing of the columns at once: eight look-ups a column."""
        t0, t1, t2, t3, t4, t5, t6, t7 = _tables()
        octets = self._pack(*columns) * 2
        return tuple(
            [
                t0[a] ^ t1[b] ^ t2[c] ^ t3[d] ^ t4[e] ^ t5[f] ^ t6[g] ^ t7[h]
                for a, b, c, d, e, f, g, h in zip(*[octets[row] for row in self._rows], strict=True)
            ]
        )


@cache
def _rounds(columns: int) -> _Rounds:
    return _Rounds(columns)


@cache
def _tables() -> tuple[tuple[int, ...], ...]:
    """What a byte in each of the eight rows adds to its column."""
    boxes = [bytes.fromhex(line.split()[2]) for line in _box_lines()]
    return tuple(tuple(_column(row, boxes[row % 4][octet]) for octet in range(256)) for row in range(8))


def _box_lines() -> list[str]:
    return (files("ztoe_kep") / "data" / "kupyna_sbox.txt").read_text("ascii").splitlines()


def _column(row: int, value: int) -> int:
    """Column `row` of the circulant matrix, times `value`."""
    return sum(_multiply(_MDS_ROW[(row - place) % 8], value) << 8 * place for place in range(8))


def _multiply(a: int, b: int) -> int:
    """The product in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1."""
    total = 0
    while a:
        if a & 1:
            total ^= b
        a >>= 1
        b <<= 1
        if b & 0x100:
            b ^= _POLYNOMIAL
    return total
