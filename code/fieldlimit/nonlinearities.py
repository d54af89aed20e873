"""Nonlinearities phi: from a neuron's potential to its rate, in spikes per tau.

Each carries what the theorems ask of it: its derivatives and sup |phi^(m)| over |s| <= radius.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.polynomial import Polynomial

from fieldlimit.checks import Array, finite, nonnegative, positive, positive_integer


class Nonlinearity(Protocol):
    """phi >= 0 with its derivatives and their sups."""

    @property
    def smoothness(self) -> float:
        """The largest m such that phi is m times continuously differentiable (inf allowed)."""
        ...

    @property
    def bounded(self) -> bool:
        """True when phi and all its derivatives up to `smoothness` are bounded on the line."""
        ...

    def __call__(self, h: Array) -> Array:
        """phi(h), entry by entry, in spikes per tau."""
        ...

    def derivative(self, h: Array, m: int) -> Array:
        """phi^(m)(h), entry by entry; ValueError when phi has no such derivative."""
        ...

    def sup(self, m: int, radius: float = math.inf) -> float:
        """sup |phi^(m)(s)| over |s| <= radius; inf where phi^(m) is unbounded."""
        ...


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
        _check_parameters(self.rate, self.gain, self.threshold)

    def __call__(self, h: Array) -> Array:
        """phi(h), in (0, rate)."""
        return self.rate * _logistic(self.gain * (np.asarray(h) - self.threshold))

    def derivative(self, h: Array, m: int) -> Array:
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
            return self.rate if math.isinf(radius) else float(self(np.float64(radius)))
        roots = _logistic_critical(m)
        points = self.threshold + np.log(roots / (1 - roots)) / self.gain
        return _largest(self, m, points, radius)


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
        _check_parameters(self.rate, self.gain, self.threshold)

    def __call__(self, h: Array) -> Array:
        """phi(h), in [0, rate]."""
        from scipy.special import ndtr

        return self.rate * ndtr(
            self.gain * (np.asarray(h, dtype=float) - self.threshold)
        )

    def derivative(self, h: Array, m: int) -> Array:
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
            return self.rate if math.isinf(radius) else float(self(np.float64(radius)))
        roots = np.polynomial.hermite_e.hermeroots([0.0] * m + [1.0])
        return _largest(self, m, self.threshold + np.real(roots) / self.gain, radius)


def tanh_rate(rate: float = 1.0, gain: float = 1.0, threshold: float = 0.0) -> Logistic:
    """phi(h) = rate (1 + tanh(gain (h - threshold))) / 2, the logistic with twice the gain."""
    return Logistic(rate, 2 * gain, threshold)


@dataclass(frozen=True)
class ThresholdLinear:
    """phi(h) = gain max(h - threshold, 0). NOT differentiable at the threshold, NOT bounded.

    phi' stands for the derivative off the kink, 0 at it; sup(1) is the Lipschitz constant.
    """

    gain: float = 1.0
    threshold: float = 0.0
    smoothness = 0.0
    bounded = False

    def __post_init__(self) -> None:
        _check_parameters(1.0, self.gain, self.threshold)

    def __call__(self, h: Array) -> Array:
        """phi(h) >= 0."""
        return self.gain * np.maximum(np.asarray(h, dtype=float) - self.threshold, 0.0)

    def derivative(self, h: Array, m: int) -> Array:
        """phi for m = 0, gain 1(h > threshold) for m = 1; ValueError for m >= 2."""
        if _threshold_order(m) == 0:
            return self(h)
        return self.gain * (np.asarray(h) > self.threshold).astype(float)

    def sup(self, m: int, radius: float = math.inf) -> float:
        """phi(radius) (inf on the whole line) for m = 0; gain or 0 for m = 1; else ValueError."""
        if _threshold_order(m) == 0:
            return self.gain * max(nonnegative("radius", radius) - self.threshold, 0.0)
        return self.gain if nonnegative("radius", radius) > self.threshold else 0.0


@dataclass(frozen=True)
class Exponential:
    """phi(h) = rate exp(gain h). Infinitely differentiable, NOT bounded.

    sup(m) over the whole line is inf, which is the truth; a theorem that needs a bounded phi refuses
    it, and one that lives in a ball asks for sup(m, radius), which is finite.
    """

    rate: float = 1.0
    gain: float = 1.0
    smoothness = math.inf
    bounded = False

    def __post_init__(self) -> None:
        _check_parameters(self.rate, self.gain, 0.0)

    def __call__(self, h: Array) -> Array:
        """phi(h) > 0."""
        return self.rate * np.exp(self.gain * np.asarray(h, dtype=float))

    def derivative(self, h: Array, m: int) -> Array:
        """gain^m phi(h)."""
        return self.gain ** positive_integer("m", m, least=0) * self(h)

    def sup(self, m: int, radius: float = math.inf) -> float:
        """rate gain^m exp(gain radius), inf on the whole line."""
        radius = nonnegative("radius", radius)
        return (
            self.gain ** positive_integer("m", m, least=0)
            * self.rate
            * _exp(self.gain * radius)
        )


def _check_parameters(rate: float, gain: float, threshold: float) -> None:
    positive("rate", rate)
    positive("gain", gain)
    finite("threshold", threshold)


def _threshold_order(m: int) -> int:
    m = positive_integer("m", m, least=0)
    if m >= 2:
        raise ValueError(
            "threshold-linear has a kink: its derivatives have order m <= 1 (almost everywhere), "
            f"but m = {m}"
        )
    return m


def _exp(t: float) -> float:
    try:
        return math.exp(t)
    except OverflowError:
        return math.inf


def _logistic(t: Array) -> Array:
    """1 / (1 + exp(-t)) without overflow: exp is taken of -|t| only."""
    e = np.exp(-np.abs(t))
    return np.where(t >= 0, 1.0, e) / (1 + e)


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
    return (
        roots + 1 - roots[::-1]
    ) / 2  # the set is symmetric about 1/2; rounding is not


def _largest(
    phi: Nonlinearity, m: int, points: Iterable[float], radius: float
) -> float:
    """The largest |phi^(m)| at the critical points in [-radius, radius] and at its two ends."""
    radius = nonnegative("radius", radius)
    inside = [p for p in points if abs(p) <= radius]
    ends = [] if math.isinf(radius) else [-radius, radius]
    return float(np.max(np.abs(phi.derivative(np.array(inside + ends), m))))
