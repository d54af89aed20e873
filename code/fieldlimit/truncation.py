"""What the dropped eigenvalues of a kernel do to the neural field."""

from __future__ import annotations

from dataclasses import dataclass
from math import expm1, inf, sqrt

from fieldlimit.checks import nonnegative
from fieldlimit.statements import states


@dataclass(frozen=True)
class Truncation:
    """Bounds at one time, in H."""

    tail: float  # ||Q h(t)||: what the truncated model cannot show
    kept: float  # ||P h(t) - g(t)||: the error in what it shows

    @property
    def total(self) -> float:
        """Bound of ||h(t) - g(t)||."""
        return self.tail + self.kept


@states("prop-truncation")
def truncation_error(
    largest: float,
    dropped: float,
    time: float,
    *,
    amplitude: float,
    slope: float,
    tail_input: float = 0.0,
    tail_start: float = 0.0,
) -> Truncation:
    """tail = max(||Q h(0)||, ||Q I|| + c sqrt(s')), kept = phi_1 sqrt(s_1 s') tail e(t).

    largest: s_1; dropped: s' = s_{r+1}, the largest singular value that was dropped. amplitude: c =
    phi_0, or half the range of phi when constants lie in the span of the kept eigenfunctions.
    slope: phi_1. tail_input, tail_start: ||Q I|| and ||Q h(0)||. time: t, in units of tau.
    e(t) = int_0^t exp((phi_1 s_1 - 1) u) du.
    """
    names = ("largest", "dropped", "time", "amplitude", "slope", "tail_input", "tail_start")
    values = (largest, dropped, time, amplitude, slope, tail_input, tail_start)
    for name, value in zip(names, values, strict=True):
        nonnegative(name, value)
    if dropped > largest:
        raise ValueError(f"dropped is at most largest, but {dropped} > {largest}")
    tail = max(tail_start, tail_input + amplitude * sqrt(dropped))
    return Truncation(tail, slope * sqrt(largest * dropped) * tail * growth(slope * largest - 1, time))


def growth(rate: float, time: float) -> float:
    """int_0^t e^{rate u} du = (e^{rate t} - 1)/rate, and t when rate = 0."""
    if rate == 0 or time == 0:
        return time
    return expm1(rate * time) / rate if rate * time < 700 else inf
