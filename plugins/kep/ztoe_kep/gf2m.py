"""Arithmetic in GF(2^m) on Python integers: bit i is the coefficient of x^i.

Everything here works on public values (verification only), so nothing is constant-time. Methods: Hankerson,
Menezes, Vanstone, Guide to Elliptic Curve Cryptography, chapter 2.3 (windowed multiplication, squaring by
spreading bits, reduction by a sparse polynomial, inversion by extended Euclid).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

#: A byte's low and high half with a zero between any two bits: squaring is nothing but that.
_SPREAD = [sum((n >> bit & 1) << 2 * bit for bit in range(4)) for n in range(16)]
_SPREAD_LOW = bytes(_SPREAD[n & 15] for n in range(256))
_SPREAD_HIGH = bytes(_SPREAD[n >> 4] for n in range(256))


class Field:
    """GF(2^m) modulo x^m + x^t.. + 1. Elements are integers below 2^m; the sum is XOR."""

    def __init__(self, m: int, middle_terms: Sequence[int]) -> None:
        """`middle_terms` are the exponents between m and 0."""
        self.m = m
        self.middle_terms = tuple(sorted(middle_terms))
        self.modulus = 1 << m | 1 | sum(1 << term for term in middle_terms)
        self._mask = (1 << m) - 1
        self._octets = (m + 7) // 8
        self._trace_mask = self._find_trace_mask()

    def reduce(self, value: int) -> int:
        """The remainder of `value`, of any length."""
        m, mask = self.m, self._mask
        while high := value >> m:
            value = value & mask ^ high
            for term in self.middle_terms:
                value ^= high << term
        return value

    def multiply(self, a: int, b: int) -> int:
        """The product of two elements."""
        return self.reduce(product(a, window_of(b)))

    def multiplier(self, constant: int) -> Callable[[int], int]:
        """A function that multiplies by `constant` fast: its table costs about ten multiplications."""
        table = [0] * 256
        for n in range(1, 256):
            table[n] = table[n >> 1] << 1 ^ (constant if n & 1 else 0)
        octets, reduce = self._octets, self.reduce

        def multiply(value: int) -> int:
            total = 0
            for octet in value.to_bytes(octets, "big"):
                total = total << 8 ^ table[octet]
            return reduce(total)

        return multiply

    def square(self, a: int) -> int:
        """The square of an element."""
        octets = a.to_bytes(self._octets, "little")
        spread = bytearray(2 * self._octets)
        spread[::2] = octets.translate(_SPREAD_LOW)
        spread[1::2] = octets.translate(_SPREAD_HIGH)
        return self.reduce(int.from_bytes(spread, "little"))

    def square_root(self, a: int) -> int:
        """The one element whose square is `a`."""
        for _ in range(self.m - 1):
            a = self.square(a)
        return a

    def inverse(self, a: int) -> int:
        """The element b with ab = 1. Raises ZeroDivisionError for 0."""
        if not a:
            raise ZeroDivisionError("zero has no inverse")
        u, v, g, h = a, self.modulus, 1, 0
        while u != 1:
            shift = u.bit_length() - v.bit_length()
            if shift < 0:
                u, v, g, h, shift = v, u, h, g, -shift
            u ^= v << shift
            g ^= h << shift
        return self.reduce(g)

    def trace(self, a: int) -> int:
        """0 or 1: whether z² + z = a has a solution (0) or not."""
        return (a & self._trace_mask).bit_count() & 1

    def half_trace(self, a: int) -> int:
        """A solution z of z² + z = a for odd m, where the trace of `a` is 0."""
        total = a
        for _ in range((self.m - 1) // 2):
            total = self.square(self.square(total)) ^ a
        return total

    def _find_trace_mask(self) -> int:
        """The trace is linear: the powers of x whose trace is 1, by Newton's identities for power sums."""
        taps = [self.m - term for term in self.middle_terms]
        sums = [self.m & 1]
        for power in range(1, self.m):
            own = power & 1 if power in taps else 0
            sums.append((own + sum(sums[power - tap] for tap in taps if tap < power)) & 1)
        return sum(bit << power for power, bit in enumerate(sums))


def window_of(b: int) -> dict[str, int]:
    """The multiples of `b` by every polynomial of degree below 4, keyed by hexadecimal digit."""
    two, four, eight = b << 1, b << 2, b << 3
    three, twelve = two ^ b, eight ^ four
    return {
        "0": 0,
        "1": b,
        "2": two,
        "3": three,
        "4": four,
        "5": four ^ b,
        "6": four ^ two,
        "7": four ^ three,
        "8": eight,
        "9": eight ^ b,
        "a": eight ^ two,
        "b": eight ^ three,
        "c": twelve,
        "d": twelve ^ b,
        "e": twelve ^ two,
        "f": twelve ^ three,
    }


def product(a: int, window: dict[str, int]) -> int:
    """The product of `a` and the number whose window it is, not reduced."""
    total = 0
    for digit in f"{a:x}":
        total = total << 4 ^ window[digit]
    return total
