"""Euclidean space with the standard normal law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit import quadrature as rules
from fieldlimit.checks import Array, positive_integer, shaped
from fieldlimit.quadrature import Quadrature
from fieldlimit.spaces.base import PRODUCT_DIMENSION, normal_quantile


@dataclass(frozen=True)
class GaussianSpace:
    """R^d with the standard normal law. Gauss-Hermite products for d <= 3, else Sobol."""

    dimension: int

    def __post_init__(self) -> None:
        positive_integer("dimension", self.dimension)

    def sample(self, n: int, *, rng: np.random.Generator) -> Array:
        """n independent standard normal locations, shape (n, d)."""
        return rng.standard_normal((positive_integer("n", n), self.dimension))

    def quadrature(self, n: int) -> Quadrature:
        """q^d <= n Gauss-Hermite nodes (q <= 512); 8 * 2^m scrambled Sobol nodes when d > 3."""
        n = positive_integer("n", n)
        if self.dimension > PRODUCT_DIMENSION:
            points, replicate = rules.sobol(self.dimension, n)
            return rules.sobol_rule(normal_quantile(points), replicate)
        t, weights = rules.gauss("hermite", rules.nodes_per_axis(n, self.dimension))
        return rules.plain_rule(*rules.product(t, weights, self.dimension))

    def check(self, x: Array) -> Array:
        """x as (n, d) with finite entries, else ValueError."""
        return shaped("x", x, (None, self.dimension))
