"""F and F_N: one formula, two measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, positive_integer, readonly, shaped
from fieldlimit.field.model import Model
from fieldlimit.kernels import features
from fieldlimit.nonlinearities import Nonlinearity
from fieldlimit.spaces import Quadrature, default_nodes, estimate


@dataclass(frozen=True, eq=False)
class VectorField:
    """h -> -h + I + sum_i p_i w_i phi(<k_i, h>) on H = R^r.

    k, w: features of n neurons (n, r); weights p (n,): 1/N each for a network of N neurons (F_N), a
    quadrature of rho for the neural field (F). `locations` (n, d) are the neurons or the nodes,
    (n, 0) where they are not given; `quadrature` is the rule in the second case, None in the
    first. A value costs O(n r), a derivative O(n r^2); nothing is n x n. Where h has several rows,
    each is a state.
    """

    k: Array  # (n, r)
    w: Array  # (n, r)
    weights: Array  # (n,)
    phi: Nonlinearity
    I: Array  # (r,)
    locations: Array = None  # type: ignore[assignment]  # (n, d)
    quadrature: Quadrature | None = None

    def __post_init__(self) -> None:
        k = shaped("k", self.k, (None, None))
        shapes = {"k": k.shape, "w": k.shape, "weights": k.shape[:1], "I": k.shape[1:]}
        for name, shape in shapes.items():
            object.__setattr__(self, name, readonly(shaped(name, getattr(self, name), shape)))
        x = np.empty((len(k), 0)) if self.locations is None else self.locations
        object.__setattr__(self, "locations", readonly(shaped("locations", x, (len(k), None))))

    def __call__(self, h: Array) -> Array:
        """F(h), in units of potential per tau; h (..., r) -> (..., r)."""
        h = self._state(h)
        return -h + self.I + (self.weights * self.phi(h @ self.k.T)) @ self.w

    def derivative(self, h: Array) -> Array:
        """DF(h) = -Id + sum_i p_i phi'(<k_i, h>) w_i (x) k_i, h (r,) -> (r, r)."""
        h = self._state(h, dimensions=1)
        slopes = self.weights * self.phi.derivative(h @ self.k.T, 1)
        return -np.eye(len(h)) + self.w.T @ (slopes[:, None] * self.k)

    def second_derivative(self, h: Array, u: Array, v: Array) -> Array:
        """D^2F(h)[u, v] = sum_i p_i phi''(<k_i, h>) <k_i, u> <k_i, v> w_i; all (r,)."""
        h, u, v = (self._state(a, dimensions=1) for a in (h, u, v))
        curvatures = self.weights * self.phi.derivative(h @ self.k.T, 2)
        return (curvatures * (u @ self.k.T) * (v @ self.k.T)) @ self.w

    def potentials(self, h: Array) -> Array:
        """h(x_i) = <h, k_i>, the potentials of the n neurons: (..., r) -> (..., n)."""
        return self._state(h) @ self.k.T

    @property
    def size(self) -> int:
        """n: the number of neurons, or of nodes."""
        return len(self.weights)

    def _state(self, h: Array, dimensions: int | None = None) -> Array:
        h = np.asarray(h, dtype=float)
        rank = self.k.shape[1]
        if h.shape[-1:] != (rank,) or (dimensions is not None and h.ndim != dimensions):
            raise ValueError(f"a state has shape ({rank},), but its shape is {h.shape}")
        if not np.isfinite(h).all():
            raise ValueError(f"a state has finite coordinates, but h = {h}")
        return h


def neural_field(model: Model, n: int | None = None) -> VectorField:
    """F, the limit: the formula with a quadrature of rho with about n nodes (`default_nodes`).

    Exact on a finite space; elsewhere `field_error` tells the error of a value.
    """
    kernel = model.kernel
    n = default_nodes(kernel.space) if n is None else positive_integer("n", n)
    rule = kernel.space.quadrature(n)
    k, w = features(kernel, rule.nodes)
    return VectorField(k, w, rule.weights, model.phi, model.I, rule.nodes, rule)


def finite_network(
    model: Model, N: int, *, rng: np.random.Generator, locations: Array | None = None
) -> VectorField:
    """F_N: the formula with N neurons of weight 1/N at independent locations of law rho.

    locations (N, d): given locations instead of drawn ones (rng is then not used).
    """
    N = positive_integer("N", N)
    kernel = model.kernel
    if locations is None:
        locations = kernel.space.sample(N, rng=rng)
    x = shaped("locations", locations, (N, kernel.space.dimension))
    k, w = features(kernel, x)
    return VectorField(k, w, np.full(N, 1 / N), model.phi, model.I, x)


def field_error(model: Model, h: Array, n: int) -> float:
    """Estimate of the error ||F(h) - F~(h)|| of F~ = neural_field(model, n) at a state h (r,).

    From three coarser rules, or the scramblings of a Sobol rule (`fieldlimit.spaces.estimate`): an
    estimate, not a bound. 0 on a finite space.
    """

    def integrate(x: Array, p: Array) -> Array:
        k, w = features(model.kernel, x)
        return (p * model.phi(k @ h)) @ w

    return float(np.linalg.norm(estimate(model.kernel.space, integrate, n).error))
