"""Interval arithmetic in double precision: results that contain the exact ones, rounding included.

A sum, difference, product, quotient or square root of two floating-point numbers is the exact one
rounded to a neighbour (IEEE 754), so the next number outwards is a bound. A product of matrices is
enclosed by the a-priori bound gamma_n |A| |B|, gamma_n = n u/(1 - n u), u = 2^-53, which holds in
every order of summation, with or without fused operations. No rounding mode is switched, and no
accuracy of a library's exp is assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import Array

_UNIT = 2.0**-53
_TINY = 1e-300  # covers what underflow loses in sums of fewer than 1e20 terms
_DEGREE = 17  # of the exponential series on |r| <= 0.36: the remainder is below 1e-22
_REMAINDER = 1e-22
_LARGEST = 700.0  # exponent: e^700 and e^-700 are far from overflow and underflow


@dataclass(frozen=True, eq=False)
class Interval:
    """All arrays between lo and hi, entry by entry; lo, hi of one shape."""

    lo: Array
    hi: Array

    def __neg__(self) -> Interval:
        return Interval(-self.hi, -self.lo)

    def __add__(self, other: Interval) -> Interval:
        return Interval(down(self.lo + other.lo), up(self.hi + other.hi))

    def __sub__(self, other: Interval) -> Interval:
        return self + (-other)

    def __mul__(self, other: Interval) -> Interval:
        ends = [a * b for a in (self.lo, self.hi) for b in (other.lo, other.hi)]
        return Interval(down(np.minimum.reduce(ends)), up(np.maximum.reduce(ends)))

    def __truediv__(self, other: Interval) -> Interval:
        if ((other.lo <= 0) & (other.hi >= 0)).any():
            raise ZeroDivisionError("a divisor excludes 0, but the interval contains it")
        ends = [a / b for a in (self.lo, self.hi) for b in (other.lo, other.hi)]
        return Interval(down(np.minimum.reduce(ends)), up(np.maximum.reduce(ends)))

    def __matmul__(self, other: Interval) -> Interval:
        """The product of two matrices, (m, n) and (n, l)."""
        a, b = self.middle, other.middle
        ra, rb = self.radius_around(a), other.radius_around(b)
        terms = a.shape[-1]
        gamma = 1.1 * (terms + 2) * _UNIT
        size = np.abs(a) @ (gamma * np.abs(b) + rb) + ra @ (np.abs(b) + rb)
        # `size` is a sum of nonnegative terms: its own rounding is relative, below 4 (terms + 10) u;
        # ra, rb are at least twice the least positive number, more than an underflow of gamma |b|.
        size = size * (1 + 4 * (terms + 10) * _UNIT) + _TINY
        centre = a @ b
        return Interval(down(centre - size), up(centre + size))

    @property
    def transposed(self) -> Interval:
        """Rows and columns exchanged."""
        return Interval(self.lo.T, self.hi.T)

    @property
    def middle(self) -> Array:
        """A floating-point array inside or next to the interval."""
        return self.lo / 2 + self.hi / 2

    def radius_around(self, centre: Array) -> Array:
        """r with lo >= centre - r and hi <= centre + r."""
        return up(np.maximum(up(self.hi - centre), up(centre - self.lo)))

    @property
    def magnitude(self) -> Array:
        """The largest modulus."""
        return np.maximum(np.abs(self.lo), np.abs(self.hi))

    def contains(self, other: ArrayLike) -> bool:
        """True when every entry of `other` lies inside."""
        values = np.asarray(other, dtype=float)
        return bool(((self.lo <= values) & (values <= self.hi)).all())


def exactly(value: ArrayLike) -> Interval:
    """The interval of one floating-point array."""
    array = np.asarray(value, dtype=float)
    return Interval(array, array)


def around(value: ArrayLike) -> Interval:
    """The array with its two neighbours: contains what rounded to it."""
    array = np.asarray(value, dtype=float)
    return Interval(down(array), up(array))


def down(value: Array) -> Array:
    """The next floating-point number below."""
    return np.nextafter(value, -np.inf)


def up(value: Array) -> Array:
    """The next floating-point number above."""
    return np.nextafter(value, np.inf)


def exponential(t: Interval) -> Interval:
    """exp: 2^k times the Taylor series of t - k log 2, with its remainder.

    Where |t| > 700 only that exp lies between 0 and e^-700, or above e^700.
    """
    lo, hi = (_exp_at(np.clip(end, -_LARGEST, _LARGEST)) for end in (t.lo, t.hi))
    return Interval(
        np.where(t.lo < -_LARGEST, 0.0, lo.lo), np.where(t.hi > _LARGEST, np.inf, hi.hi)
    )


def norm_bound(x: Interval) -> float:
    """An upper bound of the Euclidean (for a matrix: Frobenius) norm."""
    squares = x.magnitude.ravel() ** 2
    total = float(squares.sum()) * (1 + 4 * (len(squares) + 10) * _UNIT) + _TINY
    return math.nextafter(math.sqrt(math.nextafter(total, math.inf)), math.inf)


def row_norms(x: Interval) -> Array:
    """Upper bounds of the Euclidean norms of the rows, (m, n) -> (m,)."""
    n = x.lo.shape[1]
    total = (x.magnitude**2).sum(axis=1) * (1 + 4 * (n + 10) * _UNIT) + _TINY
    return up(np.sqrt(up(total)))


def row_sum_bound(x: Interval) -> float:
    """An upper bound of the largest row sum of moduli: of the norm of a symmetric matrix."""
    n = x.lo.shape[1]
    return float((x.magnitude.sum(axis=1) * (1 + 4 * (n + 10) * _UNIT) + _TINY).max())


def symmetric_norm_bound(K: Interval) -> float:
    """An upper bound of the spectral norm of a symmetric (r, r) matrix inside K.

    Q from a numerical eigendecomposition: ||K|| <= ||Q^T K Q|| / (1 - ||Q^T Q - Id||), whatever the
    accuracy of Q.
    """
    Q = exactly(np.linalg.eigh(K.middle)[1])
    rotated = Q.transposed @ K @ Q
    defect = row_sum_bound(Q.transposed @ Q - exactly(np.eye(len(K.lo))))
    if defect >= 0.5:
        raise ArithmeticError(f"the eigenvectors are orthogonal, but their defect is {defect}")
    return row_sum_bound(rotated) / (1 - defect) * (1 + 8 * _UNIT)


def _exp_at(t: Array) -> Interval:
    k = np.rint(t / math.log(2.0))
    r = exactly(t) - exactly(k) * around(math.log(2.0))
    value = _inverse_factorial(_DEGREE)
    for j in range(_DEGREE - 1, -1, -1):
        value = value * r + _inverse_factorial(j)
    value = value + Interval(np.array(-_REMAINDER), np.array(_REMAINDER))
    exponent = k.astype(int)  # a power of two scales without rounding, unless it underflows
    return Interval(down(np.ldexp(value.lo, exponent)), up(np.ldexp(value.hi, exponent)))


def _inverse_factorial(j: int) -> Interval:
    return exactly(1.0) / exactly(float(math.factorial(j)))  # j! < 2^53 for j <= 18
