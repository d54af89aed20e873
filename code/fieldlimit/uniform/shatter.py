"""Over all of H there is no law of large numbers: a state can tell the neurons from the rest."""

from __future__ import annotations

import numpy as np

from fieldlimit.checks import Array, finite, positive_integer
from fieldlimit.field import Model, VectorField, bounded_sup
from fieldlimit.kernels import features
from fieldlimit.statements import states


@states("prop-no-uniform-law")
def shattering_floor(model: Model, *, oscillation: float | None = None, n: int = 1024) -> float:
    """E sup over all h in H of ||F_N(h) - F(h)|| >= (1/2) osc(phi) sup_u int |<u, w_y>| rho(dy).

    For every N, when features at distinct points are linearly independent and rho has no atoms.
    The sup over unit u by ascent: a lower bound of it, up to the quadrature with about n nodes.
    oscillation: sup phi - inf phi, by default phi_0 (inf phi = 0).
    """
    rule = model.kernel.space.quadrature(positive_integer("n", n))
    w = features(model.kernel, rule.nodes)[1]
    size = float(rule.weights @ np.abs(w @ _loudest(w, rule.weights)))
    span = bounded_sup(model.phi, 0) if oscillation is None else finite("oscillation", oscillation)
    return 0.5 * span * size


def shattering_state(points: Array, potentials: Array) -> Array:
    """The shortest h in H with h(x_i) = potentials_i, from the features k_(x_i) in rows (n, r).

    Raises ValueError when the features are linearly dependent to working accuracy, as they are for
    more than r points.
    """
    n, r = points.shape
    if n > r:
        raise ValueError(f"n <= r points can be told apart, but n = {n} and r = {r}")
    values = np.linalg.svd(points, compute_uv=False)
    if values[-1] < 1e-10 * values[0]:
        raise ValueError(
            f"the features are linearly independent, but singular values fall by {values[-1] / values[0]:.1e}"
        )
    return np.linalg.lstsq(points, potentials, rcond=None)[0].astype(float)


def told_apart(network: VectorField, ghost: VectorField, level: float) -> Array:
    """h that is +-level on the neurons and -+level on the ghost's, the sign that of <u, w>: (r,).

    u is the direction in which the mean of |<u, w>| over the network is largest. On such an h the
    two vector fields differ by about (phi(level) - phi(-level)) times that mean.
    """
    u = _loudest(network.w, network.weights)
    signs = np.concatenate([np.sign(network.w @ u), -np.sign(ghost.w @ u)])
    return shattering_state(np.vstack([network.k, ghost.k]), level * signs)


def _loudest(w: Array, p: Array) -> Array:
    """A unit u that makes sum_i p_i |<u, w_i>| large, w (n, r): ascent from the mean and four rows.

    The functional is convex and 1-homogeneous, so no step from u to the direction of its gradient
    decreases it.
    """
    best, found = -1.0, w[0]
    for start in (p @ w, *w[:: max(1, len(w) // 4)][:4]):
        u = start
        for _ in range(50):
            u = (p * np.sign(w @ u)) @ w
            u = u / max(float(np.linalg.norm(u)), np.finfo(float).tiny)
        value = float(p @ np.abs(w @ u))
        if value > best:
            best, found = value, u
    return found
