"""What a nonlinearity is, and how a sup over an interval is found."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import Array, finite, nonnegative, positive


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

    def __call__(self, h: ArrayLike) -> Array:
        """phi(h), entry by entry, in spikes per tau."""
        ...

    def derivative(self, h: ArrayLike, m: int) -> Array:
        """phi^(m)(h), entry by entry; ValueError when phi has no such derivative."""
        ...

    def sup(self, m: int, radius: float = math.inf) -> float:
        """sup |phi^(m)(s)| over |s| <= radius; inf where phi^(m) is unbounded."""
        ...


def check_parameters(rate: float, gain: float, threshold: float) -> None:
    """ValueError unless rate and gain are positive and all three are finite."""
    positive("rate", rate)
    positive("gain", gain)
    finite("threshold", threshold)


def largest_value(phi: Nonlinearity, m: int, points: Iterable[float], radius: float) -> float:
    """The largest |phi^(m)| at the critical points in [-radius, radius] and at its two ends."""
    radius = nonnegative("radius", radius)
    inside = [p for p in points if abs(p) <= radius]
    ends = [] if math.isinf(radius) else [-radius, radius]
    return float(np.max(np.abs(phi.derivative(np.array(inside + ends), m))))


def sup_of_increasing(phi: Nonlinearity, limit: float, radius: float) -> float:
    """sup of an increasing phi >= 0 over |s| <= radius: phi(radius), `limit` on the whole line."""
    radius = nonnegative("radius", radius)
    return limit if math.isinf(radius) else float(phi(np.array([radius]))[0])
