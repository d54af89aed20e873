"""The error function as a nonlinearity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import Array, positive_integer
from fieldlimit.nonlinearities.base import (
    check_parameters,
    largest_value,
    sup_of_increasing,
)


@dataclass(frozen=True)
class ErrorFunction:
    """phi(h) = rate Phi(gain (h - threshold)), Phi(t) = (1 + erf(t / sqrt 2)) / 2 the normal law.

    Phi^(m)(t) = (-1)^(m-1) He_{m-1}(t) exp(-t^2/2) / sqrt(2 pi) with He the Hermite polynomials.
    Bounded, infinitely differentiable.
    """

    rate: float = 1.0
    gain: float = 1.0
    threshold: float = 0.0
    smoothness = math.inf
    bounded = True

    def __post_init__(self) -> None:
        check_parameters(self.rate, self.gain, self.threshold)

    def __call__(self, h: ArrayLike) -> Array:
        """phi(h), in [0, rate]."""
        from scipy.special import ndtr

        return self.rate * ndtr(self.gain * (np.asarray(h, dtype=float) - self.threshold))

    def inverse(self, u: ArrayLike) -> Array:
        """The h with phi(h) = u >= 0: -inf for u = 0, inf for u >= rate, which phi does not reach."""
        from scipy.special import ndtri

        s = np.minimum(np.asarray(u, dtype=float) / self.rate, 1.0)
        return self.threshold + ndtri(s) / self.gain

    def derivative(self, h: ArrayLike, m: int) -> Array:
        """phi^(m)(h), to rounding."""
        m = positive_integer("m", m, least=0)
        if m == 0:
            return self(h)
        t = self.gain * (np.asarray(h, dtype=float) - self.threshold)
        hermite = np.polynomial.hermite_e.hermeval(t, [0.0] * (m - 1) + [1.0])
        density = np.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)
        return self.rate * (-self.gain) ** (m - 1) * self.gain * hermite * density

    def sup(self, m: int, radius: float = math.inf) -> float:
        """sup of |phi^(m)| over |s| <= radius; the critical points are the roots of He_m."""
        m = positive_integer("m", m, least=0)
        if m == 0:
            return sup_of_increasing(self, self.rate, radius)
        roots = np.polynomial.hermite_e.hermeroots([0.0] * m + [1.0])
        return largest_value(self, m, self.threshold + np.real(roots) / self.gain, radius)
