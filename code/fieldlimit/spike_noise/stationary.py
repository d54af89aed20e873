"""Mean square distance between the spiking network and its own rate equations, for all times."""

from __future__ import annotations

import numpy as np

from fieldlimit.checks import Array, nonnegative, positive
from fieldlimit.field import VectorField
from fieldlimit.field.constants import bounded_sup
from fieldlimit.spike_noise.sizes import sizes
from fieldlimit.statements import states


@states("thm-spike-stationary")
def spike_mean_square(
    network: VectorField, time: float, *, alpha: float, start: float = 0.0
) -> float:
    """E||Z_t - h_N(t)||^2 <= e^{-2 alpha t} start + (1 - e^{-2 alpha t}) phi_0 tr W_N / (2 alpha N).

    start = E||Z_0 - h_N(0)||^2; time in units of tau, inf allowed; alpha > 0 a rate of dissipation of
    F_N on all of H (`dissipation_rate`). Given the locations. ValueError when phi is unbounded.
    """
    alpha = positive("alpha", alpha)
    shrunk = float(np.exp(-2 * alpha * nonnegative("time", time)))
    s = sizes(network)
    level = bounded_sup(network.phi, 0) * s.second / (2 * alpha * s.N)
    return shrunk * nonnegative("start", start) + (1 - shrunk) * level


@states("cor-spike-rates")
def spike_mean_square_by_rates(network: VectorField, h: Array, *, alpha: float) -> float:
    """E||Z_t - h||^2 <= a/(1 - d) at all t, for Z_0 = h, a zero of F_N; inf when d >= 1.

    a = (1/N) sum ||w_j||^2 phi(h(x_j)) / (2 alpha N): the rates at the fixed point in place of phi_0. With
    c = phi_2 max ||w_j|| ||K_N|| / 2, w_4 = (1/N) sum ||w_j||^4 and alpha_A = `local_rate` >= alpha,
    d = c (phi_1 sqrt(w_4 ||K_N||) / alpha_A + max ||w_j||) / (2 alpha N) = O(1/N). h (r,) a
    zero, the caller's to see to. ValueError unless phi is bounded with its first two derivatives.
    """
    s = sizes(network)
    bounded_sup(network.phi, 0)
    scale = 1 / (2 * positive("alpha", alpha) * s.N)
    norms2 = np.einsum("nr,nr->n", network.w, network.w)
    a = scale * float(np.mean(norms2 * network.phi(network.potentials(h))))
    slope, c = bounded_sup(network.phi, 1), remainder(network)
    local = local_rate(network.derivative(h), alpha)
    d = scale * (slope * np.sqrt(s.fourth * s.receptive) / local + s.largest) * c
    return a / (1 - d) if d < 1 else np.inf


def remainder(network: VectorField) -> float:
    """c = phi_2 max ||w_j|| ||K_N|| / 2: ||F_N(h + u) - F_N(h) - DF_N(h) u|| <= c ||u||^2."""
    s = sizes(network)
    return bounded_sup(network.phi, 2) / 2 * s.largest * s.receptive


def local_rate(A: Array, alpha: float) -> float:
    """alpha_A, the largest number with <A u, u> <= -alpha_A ||u||^2 for all u; alpha is one such number."""
    return max(alpha, -float(np.linalg.eigvalsh(A + A.T)[-1]) / 2)
