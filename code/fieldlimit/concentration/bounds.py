"""The classical guarantees for D = ||D^m F_N(h) - D^m F(h)||, from hypotheses to number.

Letters: xi = Y - EY the fluctuation of one neuron, trace = s_1 = E||xi||^2, top = ||Sigma|| the
largest eigenvalue of its covariance, sup = ess sup ||Y||, sup_xi = ess sup ||xi||. D is a distance
in H (or between Hilbert-Schmidt tensors); each guarantee holds with probability >= 1 - delta.
"""

from __future__ import annotations

import math

from fieldlimit.checks import nonnegative, positive_integer, probability
from fieldlimit.statements import states


@states("thm-mean-square")
def mean_square(N: int, *, trace: float) -> float:
    """E D^2 = s_1 / N, an equality (thm-mean-square)."""
    return nonnegative("trace", trace) / positive_integer("N", N)


@states("prop-lower")
def paley_zygmund_lower(theta: float, *, m1: float, m2: float) -> float:
    """P(D^2 > theta m_1) >= (1 - theta)^2 m_1^2 / m_2: the rate N^(-1/2) is right (prop-lower).

    m1 = E D^2 = s_1/N and m2 = E D^4 come from `moments_of_square`. Raises ValueError unless
    0 <= theta < 1 and m1^2 <= m2, which every law satisfies.
    """
    if not 0.0 <= theta < 1.0:
        raise ValueError(f"theta is at least 0 and below 1, but theta = {theta}")
    if not 0.0 < m1**2 <= m2 * (1.0 + 1e-12):
        raise ValueError(f"moments satisfy 0 < m1^2 <= m2, but m1 = {m1} and m2 = {m2}")
    return (1.0 - theta) ** 2 * m1**2 / m2


@states("thm-mcdiarmid")
def mcdiarmid_deviation(N: int, delta: float, *, trace: float, sup: float) -> float:
    """D <= sqrt(s_1/N) + M_Y sqrt(2L/N), L = log(1/delta), M_Y = ess sup ||Y|| (thm-mcdiarmid).

    Moving one neuron moves D by at most 2 M_Y/N. Half the diameter of the values of Y may stand
    for M_Y: the proof uses nothing else.
    """
    L = -math.log(probability("delta", delta))
    mean = math.sqrt(mean_square(N, trace=trace))
    return mean + nonnegative("sup", sup) * math.sqrt(2.0 * L / N)


@states("thm-pinelis")
def pinelis_deviation(N: int, delta: float, *, trace: float, sup_xi: float) -> float:
    """D <= sqrt(2 s_1 L'/N) + M L'/(3N), L' = log(2/delta), M = ess sup ||xi|| (thm-pinelis).

    Bennett's inequality in H, inverted by psi(u) >= 9 (1 + u/3 - sqrt(1 + 2u/3)); through the
    better known psi(u) >= u^2/(2 + 2u/3) the second term would be twice as large.
    """
    L = math.log(2.0 / probability("delta", delta))
    M = nonnegative("sup_xi", sup_xi)
    return math.sqrt(2.0 * L * mean_square(N, trace=trace)) + M * L / (3.0 * N)


@states("thm-concentration")
def concentration_deviation(
    N: int, delta: float, *, trace: float, top: float, sup_xi: float
) -> float:
    """D <= sqrt(s_1/N) + sqrt(2L(||Sigma||/N + 2M sqrt(s_1) N^(-3/2))) + ML/(3N).

    L = log(1/delta). The mean pays the trace, the fluctuation around it only the top eigenvalue
    (thm-concentration, from Bousquet's inequality for D as a supremum over the unit ball).
    """
    L = -math.log(probability("delta", delta))
    mean = math.sqrt(mean_square(N, trace=trace))
    M = nonnegative("sup_xi", sup_xi)
    variance = (nonnegative("top", top) + 2.0 * M * mean) / N
    return mean + math.sqrt(2.0 * L * variance) + M * L / (3.0 * N)
