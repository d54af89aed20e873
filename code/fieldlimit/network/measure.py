"""A Poisson measure as an object: the same points for everyone who asks, in any order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, positive, positive_integer


class Points(NamedTuple):
    """Points (t, i, u) in the order of time: times (n,), neurons (n,), heights (n,)."""

    times: Array
    neurons: NDArray[np.int64]
    heights: Array


@dataclass(frozen=True)
class PoissonMeasure:
    """pi_1, ..., pi_N: independent, of intensity ds du on time x height, made cell by cell.

    A cell is `duration` long and `height` high, and its points are a function of (seed, cell,
    layer): nothing is stored. Networks that are given the same measure are coupled.
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
        """All points with time in cell * duration + [0, duration), height in layer * height + [0, height)."""
        rng = np.random.default_rng([self.seed, cell, layer])
        n = int(rng.poisson(self.N * self.height * self.duration))
        gaps = np.cumsum(rng.standard_exponential(n + 1))
        times = self.duration * (cell + gaps[:-1] / gaps[-1])
        neurons = rng.integers(self.N, size=n)
        return Points(times, neurons, self.height * (layer + rng.random(n)))

    def below(self, cell: int, top: float) -> Points:
        """All points of a cell of heights below at least `top`, layers joined, in order of time."""
        layers = [self.points(cell, j) for j in range(max(1, int(np.ceil(top / self.height))))]
        if len(layers) == 1:
            return layers[0]
        joined = joined_points(layers)
        order = np.argsort(joined.times, kind="stable")
        return Points(joined.times[order], joined.neurons[order], joined.heights[order])


def joined_points(parts: list[Points]) -> Points:
    """The points of several cells or layers in one table, one after the other."""
    return Points(
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.neurons for part in parts]),
        np.concatenate([part.heights for part in parts]),
    )
