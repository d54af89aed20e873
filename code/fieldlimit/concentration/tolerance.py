"""Guarantees from simulated copies of the locations: order statistics (thm-tolerance)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import positive_integer, probability
from fieldlimit.statements import states


def fewer_than(j: int, n: int, delta: float) -> float:
    """P(Bin(n, delta) < j), summed from its at most j terms."""
    log_delta, log_rest = math.log(delta), math.log1p(-delta)
    terms = (
        math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
        + i * log_delta + (n - i) * log_rest
        for i in range(min(j, n + 1))
    )  # fmt: skip
    return math.fsum(math.exp(term) for term in terms)


def tolerance_copies(j: int, *, delta: float, gamma: float) -> int:
    """The least n with P(Bin(n, delta) >= j) >= 1 - gamma: copies to draw for the j-th largest."""
    j = positive_integer("j", j)
    probability("delta", delta)
    probability("gamma", gamma)
    lower, upper = j - 1, 2 * j
    while fewer_than(j, upper, delta) > gamma:
        lower, upper = upper, 2 * upper
    while upper - lower > 1:
        middle = (lower + upper) // 2
        if fewer_than(j, middle, delta) > gamma:
            lower = middle
        else:
            upper = middle
    return upper


def tolerance_rank(n: int, *, delta: float, gamma: float) -> int:
    """The largest j with P(Bin(n, delta) >= j) >= 1 - gamma; 0 when n copies are too few."""
    n = positive_integer("n", n)
    probability("delta", delta)
    probability("gamma", gamma)
    j = 0
    while j < n and fewer_than(j + 1, n, delta) <= gamma:
        j += 1
    return j


@states("thm-tolerance")
def tolerance_bound(
    statistics: ArrayLike, *, delta: float, gamma: float, j: int | None = None
) -> float:
    """U, the j-th largest of n independent copies of a statistic T with values in [0, inf].

    With probability >= 1 - gamma over the copies, P(T_new <= U | copies) >= 1 - delta, whatever
    the law of T; and P(T_new > U) <= j/(n + 1) over copies and T_new together. j must be fixed
    before the copies are seen; j = None takes the largest that n, delta and gamma admit.

    Raises ValueError when n is too small for (j, delta, gamma), or a statistic is NaN or negative.
    """
    values = np.asarray(statistics, dtype=float)  # (n,)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"statistics has shape (n,) with n >= 1, but its shape is {values.shape}")
    if np.isnan(values).any() or (values < 0.0).any():
        raise ValueError("a statistic lies in [0, inf], but some are NaN or negative")
    n = values.size
    rank = tolerance_rank(n, delta=delta, gamma=gamma)
    j = rank if j is None else positive_integer("j", j)
    if not 1 <= j <= rank:
        needed = tolerance_copies(max(j, 1), delta=delta, gamma=gamma)
        raise ValueError(
            f"delta = {delta} and gamma = {gamma} with j = {max(j, 1)} "
            f"need n >= {needed} copies, but n = {n}"
        )
    return float(np.partition(values, n - j)[n - j])
