"""The cube and the torus, with their uniform laws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit import quadrature as rules
from fieldlimit.checks import Array, positive_integer, shaped
from fieldlimit.quadrature import Quadrature
from fieldlimit.spaces.base import PRODUCT_DIMENSION, inside


@dataclass(frozen=True)
class Cube:
    """The cube [0, 1]^d with the uniform law. Gauss-Legendre products for d <= 3, else Sobol."""

    dimension: int

    def __post_init__(self) -> None:
        positive_integer("dimension", self.dimension)

    def sample(self, n: int, *, rng: np.random.Generator) -> Array:
        """n independent uniform locations, shape (n, d)."""
        return rng.random((positive_integer("n", n), self.dimension))

    def quadrature(self, n: int) -> Quadrature:
        """q^d <= n Gauss-Legendre nodes (q <= 512); 8 * 2^m scrambled Sobol nodes when d > 3."""
        n = positive_integer("n", n)
        if self.dimension > PRODUCT_DIMENSION:
            return rules.sobol_rule(*rules.sobol(self.dimension, n))
        t, weights = rules.gauss("legendre", rules.nodes_per_axis(n, self.dimension))
        return rules.plain_rule(*rules.product((1 + t) / 2, weights, self.dimension))

    def check(self, x: Array) -> Array:
        """x as (n, d); ValueError unless every coordinate lies in [0, 1]."""
        x = shaped("x", x, (None, self.dimension))
        return inside(x, (x >= 0) & (x <= 1), "coordinates in [0, 1]")


@dataclass(frozen=True)
class Torus:
    """The d-torus with angles in [-pi, pi) and the uniform law.

    Equispaced nodes for d <= 3 (exact on trigonometric polynomials of degree below the number of
    nodes an axis, exponentially accurate on analytic functions), scrambled Sobol beyond.
    """

    dimension: int

    def __post_init__(self) -> None:
        positive_integer("dimension", self.dimension)

    def sample(self, n: int, *, rng: np.random.Generator) -> Array:
        """n independent uniform locations, shape (n, d)."""
        return rng.uniform(-np.pi, np.pi, (positive_integer("n", n), self.dimension))

    def quadrature(self, n: int) -> Quadrature:
        """q^d <= n equispaced nodes; 8 * 2^m scrambled Sobol nodes when d > 3."""
        n = positive_integer("n", n)
        if self.dimension > PRODUCT_DIMENSION:
            points, replicate = rules.sobol(self.dimension, n)
            return rules.sobol_rule(np.pi * (2 * points - 1), replicate)
        q = rules.nodes_per_axis(n, self.dimension)
        angles = np.pi * (2 * np.arange(q) / q - 1)
        return rules.plain_rule(*rules.product(angles, np.full(q, 1 / q), self.dimension))

    def check(self, x: Array) -> Array:
        """x as (n, d); ValueError unless every angle lies in [-pi, pi)."""
        x = shaped("x", x, (None, self.dimension))
        return inside(x, (x >= -np.pi) & (x < np.pi), "angles in [-pi, pi)")


def circle() -> Torus:
    """The circle, angles in [-pi, pi) with the uniform law: Torus(1)."""
    return Torus(1)
