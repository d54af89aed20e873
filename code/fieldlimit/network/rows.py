"""Arithmetic of many short rows, as fast as NumPy allows."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from fieldlimit.checks import Array, readonly

SHORT = 8  # numbers in a row: below, a loop along the row costs more than the numbers
STRIPS = 4_000  # numbers: below, a plain cumulative sum is faster than one by strips
STRIP = 16  # rows
TRIANGLE = np.tri(STRIP)


def running(a: Array) -> Array:
    """The sums of the numbers or rows up to each, (n,) or (n, r). May overwrite its argument.

    In strips, by a product with a triangle of ones, which is faster than one after the other; without
    a copy when n is a multiple of STRIP. Off from sums one by one by rounding.
    """
    n = len(a)
    if a.size < STRIPS or (1 < a.ndim and a.shape[1] < SHORT):
        return np.add.accumulate(a, axis=0, out=a)
    if n % STRIP:
        a = np.concatenate([a, np.zeros((-n % STRIP, *a.shape[1:]))])
    strips = a.reshape(-1, STRIP, *a.shape[1:])
    strips = TRIANGLE @ strips if a.ndim > 1 else strips @ TRIANGLE.T
    strips[1:] += strips[:-1, -1].cumsum(axis=0)[:, None]
    return strips.reshape(a.shape)[:n]


def dots(a: Array, b: Array) -> Array:
    """<a_i, b_i> of the rows, (n, r) -> (n,)."""
    if a.shape[1] < SHORT:
        products: Array = (a * b) @ _ones(a.shape[1])
        return products
    return np.vecdot(a, b)


@lru_cache(maxsize=8)
def _ones(r: int) -> Array:
    return readonly(np.ones(r))


def norms(a: Array) -> Array:
    """Lengths of the rows, (n, r) -> (n,)."""
    return np.sqrt(dots(a, a))


def norm(v: Array) -> float:
    """Length of a vector."""
    return math.sqrt(v @ v)
