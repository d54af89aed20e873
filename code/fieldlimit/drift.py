"""Two statements about the spiking network itself: it does not explode, and its drift is F_N.

Both are used long before any limit is taken; the neural field plays no part here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import expm1, isfinite

import numpy as np
from numpy.typing import NDArray

from fieldlimit.field import VectorField
from fieldlimit.statements import states


@states("prop-lnp-well-defined")
def expected_spikes(
    N: int, duration: float, *, level: float, slope: float, coupling: float, start: float
) -> float:
    """Bound of E S(t), the expected number of spikes of N neurons in (0, t].

    Hypotheses: 0 <= phi(s) <= level + slope |s| for every s, |w(x_i, x_j)| <= coupling, and
    |h_i(0)|, |I(x_i)| <= start. With A = level + slope * start and beta = slope * coupling,

        E S(t) <= N A int_0^t (beta e^{(beta - 1) s} - 1) / (beta - 1) ds.

    A bounded phi is the case slope = 0, where this is N phi_0 t. It grows like t when beta < 1.
    `duration` is t, in units of tau. Raises ValueError when a constant is negative or not finite.
    Source: prop-lnp-well-defined.
    """
    _require_count(N)
    constants = {"level": level, "slope": slope, "coupling": coupling, "start": start}
    for name, value in {**constants, "duration": duration}.items():
        if not (isfinite(value) and value >= 0):
            raise ValueError(f"{name} is finite and at least 0, but {name} = {value}")
    A = level + slope * start
    excess = slope * coupling - 1.0
    return N * A * (duration + (1.0 + excess) * _twice_integrated(excess, duration))


@dataclass(frozen=True)
class ShortTime:
    """What Z_t is to be expected at, how wrong that may be, and how far the spikes scatter it."""

    mean: NDArray[np.float64]  # (r,)  z + t F_N(z)
    bias: float  # bound of ||E Z_t - mean||
    mean_square: float  # bound of E ||M_t||^2, M the martingale of the spikes


@states("prop-lnp-drift")
def short_time(network: VectorField, z: NDArray[np.float64], duration: float) -> ShortTime:
    """||E Z_t - z - t F_N(z)|| <= bias and E ||M_t||^2 <= mean_square, for Z_0 = z.

    With kappa, omega the largest norms of the network's own features,

        bias = (1 + kappa omega phi_1) (||z - I|| + omega phi_0) t^2 / 2,
        mean_square = (phi_0 t / N) * (1/N) sum_j ||w_{x_j}||^2.

    z has shape (r,); `duration` is t, in units of tau. Raises ValueError when phi or its
    derivative is unbounded, and for weights other than 1/N (a quadrature is no network).
    Source: prop-lnp-drift.
    """
    if not (isfinite(duration) and duration >= 0):
        raise ValueError(f"duration is finite and at least 0, but duration = {duration}")
    z = np.asarray(z, dtype=float)
    if z.shape != network.I.shape:
        raise ValueError(f"z has the shape {network.I.shape} of I, but z.shape = {z.shape}")
    if not np.allclose(network.weights, 1 / network.size, rtol=1e-12, atol=0):
        raise ValueError(
            f"the weights of a network are 1/N = {1 / network.size}, but {network.weights[0]}"
        )
    phi_0, phi_1 = network.phi.sup(0), network.phi.sup(1)
    if not (isfinite(phi_0) and isfinite(phi_1)):
        raise ValueError(f"phi and phi' are bounded, but their suprema are {phi_0} and {phi_1}")
    norms_w = np.linalg.norm(network.w, axis=1)
    kappa = float(np.linalg.norm(network.k, axis=1).max())
    omega = float(norms_w.max())
    speed = float(np.linalg.norm(z - network.I)) + omega * phi_0
    return ShortTime(
        mean=z + duration * network(z),
        bias=(1.0 + kappa * omega * phi_1) * speed * duration**2 / 2,
        mean_square=phi_0 * duration * float(np.mean(norms_w**2)) / network.size,
    )


def _twice_integrated(c: float, t: float) -> float:
    """int_0^t int_0^s e^{c u} du ds, without cancellation near c = 0."""
    if abs(c * t) < 1e-4:  # the series' next term is (c t)^3 / 120 < 1e-14 relative to 1/2
        return t**2 * (0.5 + c * t / 6 + (c * t) ** 2 / 24)
    try:
        return (expm1(c * t) / c - t) / c
    except OverflowError:
        return float("inf")


def _require_count(N: int) -> None:
    if N < 1:
        raise ValueError(f"a network has at least one neuron, but N = {N}")
