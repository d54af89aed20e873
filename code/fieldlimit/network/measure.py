"""Poisson measures as objects: the same points for everyone who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, positive, positive_integer


class Points(NamedTuple):
    """Points (t, i, u) in the order of time: times (n,), neurons (n,), heights (n,)."""

    times: Array
    neurons: NDArray[np.int64]
    heights: Array


class Measure(Protocol):
    """pi_1, ..., pi_N. `fieldlimit.classical.PoissonMeasure` is one, `PoissonCells` another."""

    @property
    def N(self) -> int: ...

    def between(self, start: float, stop: float, top: float) -> Points:
        """All points with start <= t < stop and heights below at least top, in the order of time."""
        ...


@dataclass(frozen=True)
class PoissonCells:
    """pi_1, ..., pi_N without end: independent, of intensity ds du, made cell by cell on request.

    A cell is `duration` long and `height` high, and its points are a function of (seed, cell,
    layer): nothing is stored, any time and any height can be had. Windows that are cells cost least.
    """

    N: int
    seed: int
    height: float = 1.0
    duration: float = 0.5  # of a cell, in units of tau

    def __post_init__(self) -> None:
        positive_integer("N", self.N)
        positive_integer("seed", self.seed, least=0)
        positive("height", self.height)
        positive("duration", self.duration)

    def points(self, cell: int, layer: int = 0) -> Points:
        """Those with time in cell * duration + [0, duration), height in layer * height + [0, height)."""
        rng = np.random.default_rng([self.seed, cell, layer])
        n = int(rng.poisson(self.N * self.height * self.duration))
        gaps = np.cumsum(rng.standard_exponential(n + 1))
        times = self.duration * (cell + gaps[:-1] / gaps[-1])
        neurons = rng.integers(self.N, size=n)
        return Points(times, neurons, self.height * (layer + rng.random(n)))

    def between(self, start: float, stop: float, top: float) -> Points:
        """All points with start <= t < stop and heights below at least top, in the order of time."""
        first = int(start // self.duration)
        last = max(first + 1, int(np.ceil(stop / self.duration)))
        layers = range(max(1, int(np.ceil(top / self.height))))
        parts = [self.points(cell, layer) for cell in range(first, last) for layer in layers]
        times = np.concatenate([part.times for part in parts])
        inside = np.flatnonzero((times >= start) & (times < stop))
        order = inside[np.argsort(times[inside], kind="stable")]
        neurons = np.concatenate([part.neurons for part in parts])
        heights = np.concatenate([part.heights for part in parts])
        return Points(times[order], neurons[order], heights[order])
