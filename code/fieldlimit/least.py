"""The least number of neurons for which something holds."""

from __future__ import annotations

from collections.abc import Callable

from fieldlimit.checks import positive_integer


def least_number(good: Callable[[int], bool], most: int, why: Callable[[int], str]) -> int:
    """The least N >= 1 with good(N), where good stays true once it is: by doubling and bisection.

    ValueError, with why(most), when good(most) is false.
    """
    most = positive_integer("most", most)
    high = 1
    while not good(high):
        if high >= most:
            raise ValueError(f"N <= {most} is needed to certify, but at N = {most}: {why(most)}")
        high = min(2 * high, most)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if good(middle) else (middle, high)
    return high
