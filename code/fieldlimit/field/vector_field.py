"""F and F_N: one formula, two measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, positive_integer, readonly, shaped
from fieldlimit.field.model import Model
from fieldlimit.nonlinearities import Nonlinearity
from fieldlimit.spaces import Quadrature, default_nodes


@dataclass(frozen=True, eq=False)
class VectorField:
    """h -> -h + I + sum_i p_i w_i phi(<k_i, h>) on H = R^r.

    k, w: features of n neurons (n, r); weights p (n,): 1/N each for a network of N neurons (F_N), a
    quadrature of rho for the neural field (F). `locations` (n, d) are the neurons or the nodes;
    `quadrature` is the rule in the second case, None in the first. A value costs O(n r), a
    derivative O(n r^2); nothing is n x n. Where h has several rows, each is a state.
    """

    k: Array  # (n, r)
    w: Array  # (n, r)
    weights: Array  # (n,)
    phi: Nonlinearity
    I: Array  # (r,)
    locations: Array | None = None  # (n, d)
    quadrature: Quadrature | None = None

    def __post_init__(self) -> None:
        k = shaped("k", self.k, (None, None))
        shapes = {"k": k.shape, "w": k.shape, "weights": k.shape[:1], "I": k.shape[1:]}
        for name, shape in shapes.items():
            object.__setattr__(self, name, readonly(shaped(name, getattr(self, name), shape)))

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
    k, w = kernel.k(rule.nodes), kernel.w(rule.nodes)
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
    weights = np.full(N, 1 / N)
    return VectorField(kernel.k(x), kernel.w(x), weights, model.phi, model.I, readonly(x))


def field_error(model: Model, h: Array, n: int) -> float:
    """Estimate of ||F(h) - F~(h)||, where F~ is `neural_field(model, n)`. Not a bound.

    The difference from a rule with four times as many nodes: of the order of the error when the
    rule has begun to converge; 0 on a finite space.
    """
    difference = neural_field(model, n)(h) - neural_field(model, 4 * n)(h)
    return float(np.linalg.norm(difference))
