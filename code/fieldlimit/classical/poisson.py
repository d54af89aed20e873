"""The Poisson random measures that drive a network: drawn once, used by as many simulations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, finite_array, nonnegative, positive, positive_integer, readonly
from fieldlimit.network import Points


@dataclass(frozen=True, eq=False)
class PoissonMeasure:
    """pi_1, ..., pi_N on (0, duration] x [0, ceiling]: the points (s, u) of all, with their neuron.

    A neuron j of rate lambda(s) <= ceiling spikes at those s for which u <= lambda(s). What lies
    above the ceiling never matters to such a rate. Times increase; two points have different times
    with probability one.
    """

    times: Array  # (m,)
    neurons: NDArray[np.int64]  # (m,), in 0..N-1
    heights: Array  # (m,)
    N: int
    duration: float
    ceiling: float

    def __post_init__(self) -> None:
        times, heights = (finite_array(n, getattr(self, n)) for n in ("times", "heights"))
        neurons = np.asarray(self.neurons, dtype=np.int64)
        if not (times.shape == heights.shape == neurons.shape == (len(times),)):
            raise ValueError(
                "times, neurons and heights are vectors of one length, but their shapes are "
                f"{times.shape}, {neurons.shape} and {heights.shape}"
            )
        inside = (times >= 0) & (times <= self.duration)
        inside &= (heights >= 0) & (heights <= self.ceiling)
        inside &= (neurons >= 0) & (neurons < self.N)
        if not inside.all() or (np.diff(times) < 0).any():
            raise ValueError(
                f"times increase in [0, {self.duration}], heights lie in [0, {self.ceiling}] and "
                f"neurons in 0..{self.N - 1}, but a point does not"
            )
        for name, value in (("times", times), ("neurons", neurons), ("heights", heights)):
            object.__setattr__(self, name, readonly(value))

    def between(self, start: float, stop: float, top: float) -> Points:
        """All points with start <= s < stop: what `fieldlimit.network.simulate` asks a measure for.

        ValueError when top is above the ceiling or stop after the end: points would be missing.
        """
        if top > self.ceiling or stop > self.duration * (1 + 1e-12):
            raise ValueError(
                f"the measure is drawn up to time {self.duration} and height {self.ceiling}, "
                f"but asked for up to {stop} and {top}"
            )
        part = slice(*np.searchsorted(self.times, [start, stop]))
        return Points(self.times[part], self.neurons[part], self.heights[part])

    def __len__(self) -> int:
        """m: the number of points."""
        return len(self.times)


def poisson_measure(
    N: int, duration: float, ceiling: float, *, rng: np.random.Generator
) -> PoissonMeasure:
    """N independent Poisson random measures of intensity ds du on (0, duration] x [0, ceiling].

    Their number of points is Poisson with mean N * duration * ceiling; given it the points are
    independent, each of a uniform neuron, time and height. Deterministic given rng's state.
    """
    N, duration = positive_integer("N", N), positive("duration", duration)
    ceiling = nonnegative("ceiling", ceiling)
    count = rng.poisson(N * duration * ceiling)
    times = np.sort(rng.uniform(0.0, duration, count))
    neurons, heights = rng.integers(N, size=count), rng.uniform(0.0, ceiling, count)
    return PoissonMeasure(times, neurons, heights, N, duration, ceiling)
