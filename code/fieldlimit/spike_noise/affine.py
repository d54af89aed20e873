"""Where phi is affine all is exact: mean, covariance and correlation in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, finite_array, readonly, shaped
from fieldlimit.field import VectorField, flow
from fieldlimit.spike_noise.sizes import require_network, spike_covariance
from fieldlimit.statements import states


@dataclass(frozen=True, eq=False)
class LinearMoments:
    """E Z_t and Cov Z_t, exactly; Cov(Z_{t+s}, Z_t) = e^{sA} Cov Z_t."""

    mean: Array  # (T, r)
    covariance: Array  # (T, r, r)
    A: Array  # (r, r)


@states("thm-linear-spikes")
def linear_moments(network: VectorField, times: Array, h0: Array) -> LinearMoments:
    """E Z = h_N and (Cov Z)' = A Cov Z + Cov Z A* + Q_N(h_N)/N, for phi affine where Z goes.

    times (T,) increasing from 0, h0 (r,) = Z_0. Hypotheses, checked up to affinity at the states h_N:
    excitation only, w(x_i, x_j) >= 0; phi(s) = a + b s, b > 0, for s >= the least of I(x_i) and
    Z_0(x_i). Cost O(N^2) once for the check; N <= 5000.
    """
    N, r = require_network(network), len(network.I)
    if N > 5000:
        raise ValueError(f"N is at most 5000 (all weights are looked at), but N = {N}")
    least = float((network.k @ network.w.T).min())
    if least < -1e-12:
        raise ValueError(f"all connections are excitatory, but one is {least}")
    h0 = shaped("h0", h0, (r,))
    times = finite_array("times", times)
    A = network.derivative(h0)

    def equations(state: Array) -> Array:
        h, C = state[:r], state[r:].reshape(r, r)
        noise = spike_covariance(network, h) / N
        return np.concatenate([network(h), (A @ C + C @ A.T + noise).ravel()])

    path = flow(equations, np.concatenate([h0, np.zeros(r * r)]), times)
    means, covariances = path[:, :r], path[:, r:].reshape(-1, r, r)
    slopes = network.phi.derivative(network.potentials(np.vstack([means, network.I])), 1)
    if np.ptp(slopes) > 1e-9 * slopes.max():
        raise ValueError(
            f"phi is affine where the potentials go, but its slope is {slopes.min()} to {slopes.max()}"
        )
    return LinearMoments(readonly(means), readonly(covariances), readonly(A))
