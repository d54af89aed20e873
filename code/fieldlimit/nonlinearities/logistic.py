"""The logistic nonlinearity and its hyperbolic-tangent form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import ArrayLike

from fieldlimit.checks import Array, positive_integer
from fieldlimit.nonlinearities.base import (
    check_parameters,
    largest_value,
    sup_of_increasing,
)


@dataclass(frozen=True)
class Logistic:
    """phi(h) = rate / (1 + exp(-gain (h - threshold))). Bounded, infinitely differentiable.

    With s the logistic function, s^(m) = P_m(s) where P_0 = s and P_{m+1} = P_m' s (1 - s).
    """

    rate: float = 1.0
    gain: float = 1.0
    threshold: float = 0.0
    smoothness = math.inf
    bounded = True

    def __post_init__(self) -> None:
        check_parameters(self.rate, self.gain, self.threshold)

    def __call__(self, h: ArrayLike) -> Array:
        """phi(h), in (0, rate)."""
        return self.rate * _logistic(self.gain * (np.asarray(h) - self.threshold))

    def inverse(self, u: ArrayLike) -> Array:
        """The h with phi(h) = u >= 0: -inf for u = 0, inf for u >= rate, which phi does not reach."""
        u = np.asarray(u, dtype=float)
        with np.errstate(divide="ignore"):
            return self.threshold + np.log(u / np.maximum(self.rate - u, 0.0)) / self.gain

    def derivative(self, h: ArrayLike, m: int) -> Array:
        """phi^(m)(h) = rate gain^m P_m(s), for m >= 1 through s^(m)(-t) = (-1)^(m+1) s^(m)(t).

        The symmetry keeps the relative accuracy in both tails, where P_m(s) near s = 1 cancels.
        """
        m = positive_integer("m", m, least=0)
        if m == 0:
            return self(h)
        t = self.gain * (np.asarray(h, dtype=float) - self.threshold)
        values = _logistic_polynomial(m)(_logistic(-np.abs(t)))
        if m % 2 == 0:
            values = np.where(t > 0, -values, values)
        return self.rate * self.gain**m * values

    def sup(self, m: int, radius: float = math.inf) -> float:
        """sup of |phi^(m)| over |s| <= radius: the largest value at critical points and ends.

        The critical points are s = logit(z)/gain + threshold with z a root of P_{m+1} in (0, 1).
        """
        m = positive_integer("m", m, least=0)
        if m == 0:
            return sup_of_increasing(self, self.rate, radius)
        roots = _logistic_critical(m)
        points = self.threshold + np.log(roots / (1 - roots)) / self.gain
        return largest_value(self, m, points, radius)


def tanh_rate(rate: float = 1.0, gain: float = 1.0, threshold: float = 0.0) -> Logistic:
    """phi(h) = rate (1 + tanh(gain (h - threshold))) / 2, the logistic with twice the gain."""
    return Logistic(rate, 2 * gain, threshold)


def _logistic(t: Array) -> Array:
    """1 / (1 + exp(-t)); below t = -700, where exp overflows, the value at -700 (about 1e-304)."""
    return 1 / (1 + np.exp(np.minimum(-t, 700.0)))


@lru_cache(maxsize=32)
def _logistic_polynomial(m: int) -> Polynomial:
    """P_m with s^(m) = P_m(s)."""
    if m == 0:
        return Polynomial([0.0, 1.0])
    return _logistic_polynomial(m - 1).deriv() * Polynomial([0.0, 1.0, -1.0])


@lru_cache(maxsize=32)
def _logistic_critical(m: int) -> Array:
    """The m roots of P_{m+1} in (0, 1): where |s^(m)| may be largest. All are real and simple.

    They are the roots of the Eulerian polynomial in z / (z - 1); an error e in a root changes the
    value there by O(e^2) only.
    """
    quotient, _ = divmod(_logistic_polynomial(m + 1), Polynomial([0.0, 1.0, -1.0]))
    roots = np.sort(np.real(quotient.roots()))
    return (roots + 1 - roots[::-1]) / 2  # the set is symmetric about 1/2; rounding is not
