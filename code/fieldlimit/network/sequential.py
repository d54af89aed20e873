"""The definition as an algorithm: one candidate after the other."""

from __future__ import annotations

import numpy as np

from fieldlimit.checks import Array, positive, shaped
from fieldlimit.field import VectorField
from fieldlimit.network.measure import Points
from fieldlimit.network.spikes import Spikes
from fieldlimit.statements import states


@states("thm-thinning")
def thinning(network: VectorField, points: Points, duration: float, *, h0: Array) -> Spikes:
    """The LNP network over [0, duration] from Z_0 = h0: a point (t, i, u) is a spike iff u < phi(h_i(t-)).

    points: all those of the Poisson measures with times in [0, duration] and heights below a bound
    of the rates, in the order of time. O(r) for each, whatever N; in Python, some microseconds. The
    latent path is returned at 0, at the spikes, just after them, and at the end.
    """
    duration = positive("duration", duration)
    z, t = shaped("h0", h0, network.I.shape), 0.0
    times, neurons, latent = [], [], [z]
    for s, i, u in zip(*(part.tolist() for part in points), strict=True):
        if s > duration:
            break
        z, t = network.I + np.exp(t - s) * (z - network.I), s
        if u < network.phi(network.k[i : i + 1] @ z)[0]:
            z = z + network.w[i] / network.size
            times.append(s)
            neurons.append(i)
            latent.append(z)
    latent.append(network.I + np.exp(t - duration) * (z - network.I))
    return Spikes(
        np.array(times), np.array(neurons, dtype=np.int64), np.array([0.0, *times, duration]),
        np.array(latent),
    )  # fmt: skip
