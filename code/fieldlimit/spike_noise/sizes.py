"""The numbers of one network on which the bounds of its spike noise depend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array
from fieldlimit.field import VectorField


@dataclass(frozen=True)
class Sizes:
    """Norms of the features of N given neurons; W_N = (1/N) sum w (x) w, K_N = (1/N) sum k (x) k."""

    N: int
    second: float  # (1/N) sum ||w_j||^2 = tr W_N
    third: float  # (1/N) sum ||w_j||^3
    fourth: float  # (1/N) sum ||w_j||^4
    largest: float  # max_j ||w_j||
    receptors: float  # max_j ||k_j||
    projective: float  # ||W_N||
    receptive: float  # ||K_N||


def sizes(network: VectorField) -> Sizes:
    """The norms, from the two tables of features; ValueError for weights other than 1/N."""
    N = require_network(network)
    norms = np.linalg.norm(network.w, axis=1)
    return Sizes(
        N,
        float(np.mean(norms**2)),
        float(np.mean(norms**3)),
        float(np.mean(norms**4)),
        float(norms.max()),
        float(np.linalg.norm(network.k, axis=1).max()),
        float(np.linalg.norm(network.w, 2) ** 2 / N),
        float(np.linalg.norm(network.k, 2) ** 2 / N),
    )


def require_network(network: VectorField) -> int:
    """N, when the weights are all 1/N: only such a field has spikes."""
    N = network.size
    if not np.allclose(network.weights, 1 / N, rtol=1e-12, atol=0):
        raise ValueError(f"the weights of a network are 1/N = {1 / N}, but {network.weights[0]}")
    return N


def spike_covariance(F: VectorField, h: Array) -> Array:
    """Q = sum_j p_j phi(h(x_j)) w_j (x) w_j, (r, r): N times the noise that spikes add per tau.

    Of a network its own Q_N, of the field the limit Q = int w (x) w phi(h(y)) rho(dy).
    """
    rates = F.weights * F.phi(F.potentials(h))
    return (F.w * rates[:, None]).T @ F.w
