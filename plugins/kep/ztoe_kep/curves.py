"""The curves of DSTU 4145-2002, y² + xy = x³ + Ax² + B over GF(2^m), and their points.

The ten recommended ones stand in data/dstu4145_curves.json, by object identifier. Points are computed in
López-Dahab coordinates, x = X/Z and y = Y/Z² (Guide to Elliptic Curve Cryptography, 3.2.3).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, cached_property
from importlib.resources import files

from .gf2m import Field, product, window_of

Point = tuple[int, int]  # affine; the point at infinity is None where it may occur
Projective = tuple[int, int, int]

INFINITY: Projective = (1, 0, 0)
_BASE_WINDOW, _KEY_WINDOW = 8, 5


class Curve:
    """One curve with its base point P of order n."""

    def __init__(self, *, m: int, middle_terms: tuple[int, ...], a: int, b: int, n: int, base: Point) -> None:
        """A is 0 or 1 in this standard."""
        self.field = Field(m, middle_terms)
        self.a, self.b, self.n, self.base = a, b, n, base

    @cached_property
    def _times_b(self) -> Callable[[int], int]:
        return self.field.multiplier(self.b)

    @cached_property
    def _base_multiples(self) -> list[Point]:
        return self._odd_multiples(self.base, _BASE_WINDOW)

    def holds(self, point: Point) -> bool:
        """Whether `point` lies on the curve."""
        x, y = point
        field = self.field
        square = field.square(x)
        left = field.square(y) ^ field.multiply(x, y)
        return left == field.multiply(square, x) ^ (square if self.a else 0) ^ self.b

    def decompress(self, octets: int) -> Point:
        """The point that a compressed key stands for (DSTU 4145, 6.10). Raises ValueError when there is none."""
        field = self.field
        if octets >> field.m:
            raise ValueError("a point outside the field")
        if not octets:
            return 0, field.square_root(self.b)
        bit, x = octets & 1, octets & ~1
        if field.trace(x) != self.a:
            x ^= 1
        if not x:
            raise ValueError("not a point of the curve")
        w = x ^ self.a ^ field.multiply(self.b, field.inverse(field.square(x)))
        if field.trace(w):
            raise ValueError("not a point of the curve")
        z = field.half_trace(w)
        if field.trace(z) != bit:
            z ^= 1
        point = x, field.multiply(x, z)
        if not self.holds(point):
            raise ValueError("not a point of the curve")
        return point

    def compress(self, point: Point) -> int:
        """The integer that `decompress` takes."""
        x, y = point
        if not x:
            return 0
        return x & ~1 | self.field.trace(self.field.multiply(y, self.field.inverse(x)))

    def combined_x(self, s: int, r: int, point: Point) -> int | None:
        """The x of sP + rQ, or None for the point at infinity. Both sums run through one chain of doublings."""
        terms = _signed_digits(s, _BASE_WINDOW, self._base_multiples)
        terms += _signed_digits(r, _KEY_WINDOW, self._odd_multiples(point, _KEY_WINDOW))
        by_position: dict[int, list[Point]] = {}
        for position, term in terms:
            by_position.setdefault(position, []).append(term)
        total = INFINITY
        for position in range(max(by_position, default=-1), -1, -1):
            total = self._double(total)
            for term in by_position.get(position, ()):
                total = self._add(total, term)
        affine = self._affine(total)
        return None if affine is None else affine[0]

    def multiple(self, k: int, point: Point) -> Point | None:
        """The point k times, for tests and for the base point's table; slower than `combined_x`."""
        total = INFINITY
        for bit in f"{k:b}":
            total = self._double(total)
            if bit == "1":
                total = self._add(total, point)
        return self._affine(total)

    def _odd_multiples(self, point: Point, window: int) -> list[Point]:
        """1, 3, 5.. times the point. A point of tiny order has no such table: ValueError."""
        double = self._affine(self._double((point[0], point[1], 1)))
        found = [point]
        for _ in range(2 ** (window - 2) - 1):
            following = None if double is None else self._affine(self._add((*found[-1], 1), double))
            if following is None:
                raise ValueError("a point of tiny order")
            found.append(following)
        return found

    def _affine(self, point: Projective) -> Point | None:
        x, y, z = point
        if not z:
            return None
        field = self.field
        inverse = field.inverse(z)
        return field.multiply(x, inverse), field.multiply(y, field.square(inverse))

    def _double(self, point: Projective) -> Projective:
        x, y, z = point
        if not z or not x:
            return INFINITY
        field = self.field
        square, multiply = field.square, field.multiply
        z_squared, x_squared = square(z), square(x)
        b_term = self._times_b(square(z_squared))
        new_z = multiply(x_squared, z_squared)
        new_x = square(x_squared) ^ b_term
        inner = square(y) ^ b_term ^ (new_z if self.a else 0)
        return new_x, multiply(b_term, new_z) ^ multiply(new_x, inner), new_z

    def _add(self, point: Projective, other: Point) -> Projective:
        """A point in projective coordinates and one in affine ones."""
        x, y, z = point
        if not z:
            return *other, 1
        field = self.field
        square, reduce, multiply = field.square, field.reduce, field.multiply
        z_window = window_of(z)
        z_squared = square(z)
        a_term = multiply(other[1], z_squared) ^ y
        b_term = reduce(product(other[0], z_window)) ^ x
        if not b_term:
            return INFINITY if a_term else self._double((*other, 1))
        c_term = reduce(product(b_term, z_window))
        d_term = multiply(square(b_term), c_term ^ (z_squared if self.a else 0))
        new_z = square(c_term)
        e_term = multiply(a_term, c_term)
        new_x = square(a_term) ^ d_term ^ e_term
        new_z_window = window_of(new_z)
        f_term = new_x ^ reduce(product(other[0], new_z_window))
        g_term = multiply(other[0] ^ other[1], square(new_z))
        return new_x, multiply(e_term ^ new_z, f_term) ^ g_term, new_z


def _signed_digits(k: int, window: int, multiples: list[Point]) -> list[tuple[int, Point]]:
    """k as a sum of few ±odd multiples (width-w NAF): positions and points. -(x, y) is (x, x + y)."""
    found: list[tuple[int, Point]] = []
    position, full = 0, 1 << window
    while k:
        zeros = (k & -k).bit_length() - 1
        k >>= zeros
        position += zeros
        digit = k & full - 1
        if digit >= full >> 1:
            digit -= full
        x, y = multiples[abs(digit) >> 1]
        found.append((position, (x, y) if digit > 0 else (x, x ^ y)))
        k -= digit
    return found


@cache
def standard_curves() -> dict[str, Curve]:
    """The ten curves by object identifier."""
    table = json.loads((files("ztoe_kep") / "data" / "dstu4145_curves.json").read_bytes())
    return {
        oid: Curve(
            m=entry["m"],
            middle_terms=tuple(sorted(entry["poly_middle_terms"])),
            a=entry["a"],
            b=int(entry["b"], 16),
            n=int(entry["n"], 16),
            base=(int(entry["base_x"], 16), int(entry["base_y"], 16)),
        )
        for oid, entry in table.items()
    }
