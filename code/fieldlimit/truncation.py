"""What the dropped eigenvalues of a kernel do to the neural field."""

from __future__ import annotations

from dataclasses import dataclass
from math import expm1, inf, sqrt

import numpy as np

from fieldlimit.checks import Array, nonnegative
from fieldlimit.field import VectorField
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
    residual: float | None = None,
) -> Truncation:
    """A priori: tail = max(||Q h(0)||, ||Q I|| + c sqrt(s')), kept = phi_1 sqrt(s_1 s') tail chi(t).

    largest: s_1; dropped: s' = s_{r+1}, the largest singular value that was dropped. amplitude: c =
    phi_0, or half the range of phi when constants lie in the span of the kept eigenfunctions.
    slope: phi_1. tail_input, tail_start: ||Q I|| and ||Q h(0)||. time: t, in units of tau.
    chi(t) = int_0^t exp((phi_1 s_1 - 1) u) du.

    A posteriori, when `residual` eta is given (`unseen_rates`; then amplitude is not used, and input
    and start have no tail): with Delta = s' eta int_0^t exp((phi_1 (s_1 + s') - 1) u) du,
    tail = sqrt(s') (eta + phi_1 Delta) and kept = phi_1 sqrt(s_1) Delta.
    """
    names = ("largest", "dropped", "time", "amplitude", "slope", "tail_input", "tail_start")
    values = (largest, dropped, time, amplitude, slope, tail_input, tail_start)
    for name, value in zip(names, values, strict=True):
        nonnegative(name, value)
    if dropped > largest:
        raise ValueError(f"dropped is at most largest, but {dropped} > {largest}")
    if residual is not None:
        if tail_input or tail_start:
            raise ValueError(
                "residual is for input and start without a tail, but "
                f"tail_input = {tail_input}, tail_start = {tail_start}"
            )
        eta = nonnegative("residual", residual)
        Delta = dropped * eta * growth(slope * (largest + dropped) - 1, time)
        return Truncation(sqrt(dropped) * (eta + slope * Delta), slope * sqrt(largest) * Delta)
    tail = max(tail_start, tail_input + amplitude * sqrt(dropped))
    return Truncation(
        tail, slope * sqrt(largest * dropped) * tail * growth(slope * largest - 1, time)
    )


def unseen_rates(truncated: VectorField, path: Array) -> float:
    """eta: the largest L2 distance, along the path, of phi(g(t)) from the span of e_1, ..., e_r.

    truncated: the field with r modes, whose receptive features span the same functions; path (T,
    r): its solution at some times. By the field's own quadrature, which should resolve more than
    these modes.
    """
    root = np.sqrt(truncated.weights)
    rates = truncated.phi(truncated.potentials(np.atleast_2d(path))) * root  # (T, n)
    design = root[:, None] * truncated.k  # (n, r)
    seen = design @ np.linalg.lstsq(design, rates.T, rcond=None)[0]
    return float(np.linalg.norm(rates.T - seen, axis=0).max())


def growth(rate: float, time: float) -> float:
    """int_0^t e^{rate u} du = (e^{rate t} - 1)/rate, and t when rate = 0."""
    if rate == 0 or time == 0:
        return time
    return expm1(rate * time) / rate if rate * time < 700 else inf
