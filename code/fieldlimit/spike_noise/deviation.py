"""Not only on average: with which probability the spikes leave a tube around the rate equations."""

from __future__ import annotations

from math import ceil, exp, log, sqrt

import numpy as np

from fieldlimit.checks import nonnegative, positive, probability
from fieldlimit.field import VectorField
from fieldlimit.field.constants import bounded_sup
from fieldlimit.spike_noise.sizes import sizes
from fieldlimit.statements import states

WINDOWS = np.geomspace(0.01, 1.0, 41)  # lengths alpha u of the windows; every one gives a bound


@states("thm-spike-deviation")
def spike_deviation(
    network: VectorField, delta: float, *, alpha: float, duration: float = 0.0
) -> float:
    """P(sup_{s <= t <= s + duration} ||Z_t - h_N(t)|| > radius) <= delta, for Z_0 = h_N(0), every s >= 0.

    radius(L) = sqrt(2 v L) + b L/3 with v = phi_0 tr W_N / (2 alpha N), b = max ||w_j|| / N. For one
    time (duration 0) L = log(2/delta); for an interval of T the least over u > 0 of
    e^{alpha u} radius(log(2 ceil(T/u)/delta)): the length of time costs a logarithm.
    """
    alpha, s = positive("alpha", alpha), sizes(network)
    v = bounded_sup(network.phi, 0) * s.second / (2 * alpha * s.N)
    b = s.largest / s.N
    delta, duration = probability("delta", delta), nonnegative("duration", duration)
    if duration == 0:
        return _radius(v, b, log(2 / delta))
    return min(
        exp(length) * _radius(v, b, log(2 * ceil(alpha * duration / length) / delta))
        for length in WINDOWS
    )


def _radius(v: float, b: float, L: float) -> float:
    return sqrt(2 * v * L) + b * L / 3
