"""Contraction of the whole space: a rate for the field, for every network, for most networks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, finite, nonnegative, positive_integer
from fieldlimit.concentration import Fluctuation, best_deviation, fluctuation
from fieldlimit.field import Model, bounded_sup
from fieldlimit.fixed_points import projective_sup
from fieldlimit.fixed_points.preconditioned import Linear
from fieldlimit.kernels import DerivedKernel, Kernel, SpectralKernel, features
from fieldlimit.long_times.weights import Weight, plain_weight
from fieldlimit.nonlinearities import Nonlinearity
from fieldlimit.spaces import FiniteSpace, default_nodes, estimate
from fieldlimit.statements import states

_SLOPES = np.linspace(-60.0, 60.0, 2401)  # where phi' >= 0 is looked at, in units of potential


@dataclass(frozen=True, eq=False)
class ContractionRate:
    """<F(g) - F(h), g - h>_P <= -alpha ||g - h||_P^2 for all g, h in H.

    every: the same for F_N with any locations whatever; `network(N, delta)`: for F_N with
    probability >= 1 - delta. A rate that is not positive promises no contraction.
    """

    weight: Weight
    alpha: float
    every: float
    slope: float  # phi_1
    top: float  # ||int v (x) v drho||, v = (w + k)/2, with its quadrature error
    spread: Fluctuation  # of v (x) v

    def network(self, N: int, delta: float) -> float:
        """1 - phi_1 ||int v (x) v drho_N||, or less, with probability >= 1 - delta."""
        deviation = best_deviation(self.spread, positive_integer("N", N), delta).deviation
        return max(self.every, 1.0 - self.slope * (self.top + deviation))


@states("thm-rate")
def contraction_rate(
    model: Model, weight: Weight | None = None, n: int | None = None
) -> ContractionRate:
    """alpha = 1 - phi_1 ||int v (x) v drho|| with v = (w_x + k_x)/2, features in the norm ||.||_P.

    Hypothesis: 0 <= phi' <= phi_1; ValueError otherwise. The same with rho_N in place of rho is a
    rate for F_N, and 1 - phi_1 sup_x ||v||^2 one for every N and all locations. Attained for a
    symmetric kernel in native features: alpha = 1 - phi_1 max(lambda, 0), lambda the largest
    eigenvalue. weight None: P = Id. Quadratures with about n nodes.
    """
    slope = bounded_sup(model.phi, 1)
    if (model.phi.derivative(_SLOPES, 1) < 0.0).any():
        raise ValueError(f"phi is nondecreasing, but phi' is negative somewhere: phi = {model.phi}")
    weight = plain_weight(model.kernel.rank) if weight is None else weight
    mean = _mean_feature(model.kernel, weight)
    space = model.kernel.space
    second = estimate(
        space, lambda x, p: (v := mean.k(x)).T @ (p[:, None] * v), default_nodes(space) if n is None else n
    )  # fmt: skip
    top = float(np.linalg.eigvalsh(second.value)[-1]) + float(np.linalg.norm(second.error))
    top = min(top, mean.kappa**2)
    identity: Nonlinearity = Linear()
    spread = fluctuation(Model(mean, identity), np.zeros(mean.rank), 1, n)
    return ContractionRate(
        weight, 1.0 - slope * top, 1.0 - slope * mean.kappa**2, slope, top, spread
    )


@states("prop-circle")
def circle_number(model: Model, n: int | None = None, angles: int = 91) -> float:
    """max (Re z + |z|)/2 over the numerical range of the integral operator of w on L2(rho).

    No weight makes the rate of `contraction_rate` better than 1 - phi_1 times it, and some weight
    comes as near as one likes (the circle criterion). |z| is the maximum of Re(e^(i a) z) over angles
    a: the best of a grid, improved by a search around it. A target, not a guarantee.
    """
    from scipy.optimize import minimize_scalar

    k, w = _joint_features(model, n)
    M = k.T @ w

    def top(angle: float) -> float:
        turned = (1.0 + np.exp(1j * angle)) * M / 2
        return float(np.linalg.eigvalsh((turned + turned.conj().T) / 2)[-1])

    grid = np.linspace(0.0, math.pi, angles)
    values = [top(angle) for angle in grid]
    best, step = grid[int(np.argmax(values))], grid[1]
    found = minimize_scalar(
        lambda angle: -top(angle), bounds=(best - step, best + step), method="bounded"
    )
    return max(0.0, *values, -float(found.fun))


def circle_weight(model: Model, *, slack: float = 0.01, n: int | None = None) -> Weight:
    """A weight whose `contraction_rate` is within phi_1 slack s of the best there is.

    s = `circle_number`, or a thousandth of the norm of the integral operator if that is more. With
    K f = int k f drho and W f = int w f drho, (P W + K)(P W + K)' = 4 sigma P is solved for sigma a
    little above `circle_number`: then ||int v (x) v drho|| <= sigma in the norm ||.||_P. P = Id
    where that is as good. ValueError when no solution is found.
    """
    from scipy.linalg import solve_continuous_are

    k, w = _joint_features(model, n)
    rank, number = model.kernel.rank, circle_number(model, n)
    norm = float(np.linalg.norm(k.T @ w, 2))
    scale = max(number, 1e-3 * norm, 1e-6 * float(np.trace(k @ k.T)))
    plain = float(np.linalg.eigvalsh((k + w) @ (k + w).T / 4)[-1])
    if plain <= number + slack * scale:
        return plain_weight(rank)
    for more in (slack, 2 * slack, 4 * slack, 8 * slack):
        sigma = number + more * scale
        source = k @ k.T + 1e-3 * more * np.trace(k @ k.T) / rank * np.eye(rank)
        try:
            P = solve_continuous_are(
                w @ k.T - 2 * sigma * np.eye(rank), w, source, -np.eye(w.shape[1])
            )
            return Weight(np.real(P + P.T) / 2)
        except (np.linalg.LinAlgError, ValueError):
            continue
    raise ValueError(f"the circle criterion has a weight, but none was found up to {sigma:.4g}")


@states("thm-contraction")
def contraction_error(t: Array, alpha: float, *, start: float, deviation: float) -> Array:
    """||h_N(t) - h(t)||_P <= e^(-alpha t) start + (1 - e^(-alpha t)) deviation / alpha, t >= 0 (T,).

    Either mu_P(DF) <= -alpha on a convex set that contains both trajectories, and deviation bounds
    ||F_N - F||_P along h_N; or mu_P(DF_N) <= -alpha there, and deviation bounds it along h alone.
    start = ||h_N(0) - h(0)||_P. alpha may be negative or 0: then this is Gronwall's inequality.
    """
    start, deviation = nonnegative("start", start), nonnegative("deviation", deviation)
    t = np.asarray(t, dtype=float)
    rate = finite("alpha", alpha)
    grown = t if rate == 0.0 else -np.expm1(-rate * t) / rate
    return start * np.exp(-rate * t) + deviation * grown


def mean_feature_sup(kernel: Kernel, weight: Weight) -> float:
    """A proven upper bound of sup_x ||(S w_x + S^{-T} k_x)/2||; exact on a finite space."""
    if isinstance(kernel.space, FiniteSpace):
        k, w = features(kernel, kernel.space.quadrature(1).nodes)
        return float(np.linalg.norm(k @ weight.inverse + w @ weight.S.T, axis=1).max()) / 2
    if isinstance(kernel, SpectralKernel):  # k_x = V' w_x
        return projective_sup(kernel, (weight.S + weight.inverse.T @ kernel.V.T) / 2)
    low, high = weight.ends
    return (high * kernel.omega + kernel.kappa / low) / 2


def _mean_feature(kernel: Kernel, weight: Weight) -> DerivedKernel:
    """v_x = (S w_x + S^{-T} k_x)/2 in both places."""
    sup = mean_feature_sup(kernel, weight)

    def mean(k: Array, w: Array) -> tuple[Array, Array]:
        v = (k @ weight.inverse + w @ weight.S.T) / 2
        return v, v

    return DerivedKernel(kernel, mean, sup, sup)


def _joint_features(model: Model, n: int | None) -> tuple[Array, Array]:
    """K and W as r x 2r matrices with K K' = Kop, W W' = Wop, K W' = int k (x) w, by quadrature."""
    space = model.kernel.space
    rule = space.quadrature(default_nodes(space) if n is None else n)
    both = np.concatenate(features(model.kernel, rule.nodes), axis=1)
    values, vectors = np.linalg.eigh(both.T @ (rule.weights[:, None] * both))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return root[: model.kernel.rank], root[model.kernel.rank :]
