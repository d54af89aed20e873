"""Drift and noise apart: Z = Z_0 + int F_N(Z) ds + M."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, finite_array, readonly, shaped
from fieldlimit.field import VectorField
from fieldlimit.spike_noise.sizes import require_network
from fieldlimit.statements import states


@dataclass(frozen=True, eq=False)
class Noise:
    """The martingale part of a path and its bracket: M (x) M - bracket is a martingale too."""

    path: Array  # (..., T, r)  M_t
    bracket: Array  # (..., r, r)  <<M>> at the last time


@states("thm-martingale")
def martingale(network: VectorField, times: Array, latent: Array) -> Noise:
    """M_t = Z_t - Z_0 - int_0^t F_N(Z) ds and (1/N^2) sum_j w_j (x) w_j int_0^t phi(Z(x_j)) ds.

    times (T,), from 0; latent (..., T, r), the states there, one path or many of the same network.
    E M_t = 0, E M_t (x) M_t = E bracket, E sup ||M||^2 <= 4 E tr(bracket). The integrals are
    trapezoidal sums: error O(step) from the one jump or so in a step, of mean zero to first order.
    """
    N = require_network(network)
    times = finite_array("times", times)
    latent = finite_array("latent", latent)
    shaped("latent", latent.reshape(-1, latent.shape[-1]), (None, len(network.I)))
    steps = np.diff(times)[:, None]
    drift = network(latent)
    increments = steps * (drift[..., 1:, :] + drift[..., :-1, :]) / 2
    path = latent - latent[..., :1, :]
    path[..., 1:, :] -= np.cumsum(increments, axis=-2)
    weights = np.zeros(len(times))
    weights[1:] += steps[:, 0] / 2
    weights[:-1] += steps[:, 0] / 2
    rates = np.einsum("t,...tn->...n", weights, network.phi(network.potentials(latent)))
    products = (network.w[:, :, None] * network.w[:, None, :]).reshape(N, -1)
    bracket = (rates @ products).reshape(*rates.shape[:-1], len(network.I), -1) / N**2
    return Noise(readonly(path), readonly(bracket))
