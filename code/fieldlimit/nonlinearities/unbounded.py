"""Two nonlinearities that lack a hypothesis: no derivative at a kink, no bound at infinity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import Array, nonnegative, positive_integer
from fieldlimit.nonlinearities.base import check_parameters


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
        check_parameters(1.0, self.gain, self.threshold)

    def __call__(self, h: ArrayLike) -> Array:
        """phi(h) >= 0."""
        return self.gain * np.maximum(np.asarray(h, dtype=float) - self.threshold, 0.0)

    def inverse(self, u: ArrayLike) -> Array:
        """The largest h with phi(h) = u >= 0."""
        return self.threshold + np.asarray(u, dtype=float) / self.gain

    def derivative(self, h: ArrayLike, m: int) -> Array:
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

    sup(m) over the whole line is inf, which is the truth; a theorem that needs a bounded phi
    refuses it, and one that lives in a ball asks for sup(m, radius), which is finite.
    """

    rate: float = 1.0
    gain: float = 1.0
    smoothness = math.inf
    bounded = False

    def __post_init__(self) -> None:
        check_parameters(self.rate, self.gain, 0.0)

    def __call__(self, h: ArrayLike) -> Array:
        """phi(h) > 0."""
        return self.rate * np.exp(self.gain * np.asarray(h, dtype=float))

    def inverse(self, u: ArrayLike) -> Array:
        """The h with phi(h) = u >= 0, -inf for u = 0."""
        with np.errstate(divide="ignore"):
            return np.log(np.asarray(u, dtype=float) / self.rate) / self.gain

    def derivative(self, h: ArrayLike, m: int) -> Array:
        """gain^m phi(h)."""
        return self.gain ** positive_integer("m", m, least=0) * self(h)

    def sup(self, m: int, radius: float = math.inf) -> float:
        """rate gain^m exp(gain radius), inf on the whole line."""
        radius = nonnegative("radius", radius)
        return self.gain ** positive_integer("m", m, least=0) * self.rate * _exp(self.gain * radius)


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
