"""The moments of D^2, exactly, and the guarantees that they give (thm-moments)."""

from __future__ import annotations

import math
from typing import NamedTuple

from fieldlimit.checks import nonnegative, positive_integer, probability
from fieldlimit.statements import states

# Rounding of a computed bound, relative: added so that a returned number errs above, not below.
_ROUNDING = 1e-12


class Moments(NamedTuple):
    """m_p = E D^(2p) for p = 1, 2, 3."""

    m1: float
    m2: float
    m3: float


def moments_of_square(
    N: int,
    *,
    s: tuple[float, float, float],
    e4: float,
    e6: float,
    a: float,
    b: float,
    c: float,
) -> Moments:
    """E D^2, E D^4, E D^6 of D = ||(1/N) sum_j xi_j||, exactly, for i.i.d. centred xi_j.

    s_j = tr Sigma^j, e_p = E||xi||^p, a = E||xi||^2 <xi, Sigma xi>, b = ||E||xi||^2 xi||^2,
    c = E<xi, xi'>^3. D^6 is a sum over six indices in three pairs; only those partitions count
    in which no index stands alone: one block of six (1), a block of four and one of two (3 own
    pairs, 12 mixed), two of three (6 with a pair inside, 4 without), three of two (1, 6, 8).
    """
    N = positive_integer("N", N)
    s1, s2, s3 = s
    m1 = s1 / N
    m2 = (e4 + (N - 1) * (s1**2 + 2.0 * s2)) / N**3
    fours = 3.0 * s1 * e4 + 12.0 * a + 6.0 * b + 4.0 * c
    twos = s1**3 + 6.0 * s1 * s2 + 8.0 * s3
    m3 = (e6 + (N - 1) * fours + (N - 1) * (N - 2) * twos) / N**5
    return Moments(m1, m2, m3)


def cantelli_deviation(delta: float, *, m1: float, m2: float) -> float:
    """D^2 <= m_1 + sqrt((1/delta - 1)(m_2 - m_1^2)) with probability >= 1 - delta; returns D.

    The bound grows with m_1 at fixed variance: to err above, raise m_1 and m_2.
    """
    probability("delta", delta)
    nonnegative("m1", m1)
    variance = max(0.0, nonnegative("m2", m2) - m1**2)
    return math.sqrt(m1 + math.sqrt((1.0 / delta - 1.0) * variance)) * (1.0 + _ROUNDING)


def cubic_tail(square: float, *, m1: float, m2: float, m3: float) -> float:
    """P(D^2 >= t) <= min over al < t of (m_3 - 2 al m_2 + al^2 m_1)/(t (t - al)^2).

    1{y >= t} <= y (y - al)^2/(t (t - al)^2) for all y >= 0 and every al < t, of either sign. With
    mu = m_2/m_1 and v = m_3/m_1 - mu^2, the mean and variance of the size-biased D^2, it is
    Cantelli's inequality for that law: the minimum is at al = mu - v/(t - mu) and equals
    (m_1/t) v/(v + (t - mu)^2) when t > mu, and Markov's m_1/t (al to -infinity) when t <= mu.
    `square` is t.
    """
    if not square > 0.0:
        raise ValueError(f"the level of D^2 is positive, but square = {square}")
    markov = m1 / square
    if m1 == 0.0 or square <= m2 / m1:
        return min(1.0, markov)
    mu = m2 / m1
    v = max(0.0, m3 / m1 - mu**2)
    beyond = square - mu
    return min(
        1.0, markov * v / (v + beyond * beyond)
    )  # a power would raise where this is infinite


def cubic_deviation(delta: float, *, m1: float, m2: float, m3: float) -> float:
    """The least D whose `cubic_tail` is <= delta; D^2 < m_1/delta + rounding always.

    The tail bound decreases in t, so bisection keeps the upper end on the safe side. At fixed
    al >= 0 the bound grows with m_1 and m_3 and falls with m_2: to err above, move them so.
    """
    probability("delta", delta)
    nonnegative("m1", m1)
    if m1 == 0.0:
        return 0.0
    lower, upper = 0.0, m1 / delta
    while upper - lower > _ROUNDING * upper:
        middle = 0.5 * (lower + upper)
        if cubic_tail(middle, m1=m1, m2=m2, m3=m3) <= delta:
            upper = middle
        else:
            lower = middle
    return math.sqrt(upper) * (1.0 + _ROUNDING)


@states("thm-moments")
def moments_deviation(delta: float, *, m1: float, m2: float, m3: float) -> float:
    """The lesser of the Cantelli and the cubic guarantee for D (thm-moments).

    Both are numbers fixed before the locations are drawn, so the lesser holds with
    probability >= 1 - delta.
    """
    return min(
        cantelli_deviation(delta, m1=m1, m2=m2),
        cubic_deviation(delta, m1=m1, m2=m2, m3=m3),
    )
