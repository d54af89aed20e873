"""The sphere, and the one-dimensional rule for zonal functions on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit import quadrature as rules
from fieldlimit.checks import Array, positive_integer, shaped
from fieldlimit.quadrature import Quadrature
from fieldlimit.spaces.base import ROUNDING, inside, normal_quantile


@dataclass(frozen=True)
class Sphere:
    """The unit sphere S^(d-1) of R^d, d >= 2, with the uniform law; a location has d coordinates.

    d = 2: equispaced; d = 3: Gauss-Legendre in the height times equispaced in the azimuth;
    d >= 4: scrambled Sobol points sent to normal vectors and normalised.
    """

    dimension: int

    def __post_init__(self) -> None:
        positive_integer("dimension", self.dimension, least=2)

    def sample(self, n: int, *, rng: np.random.Generator) -> Array:
        """n independent uniform points of the sphere, shape (n, d)."""
        return _normalised(rng.standard_normal((positive_integer("n", n), self.dimension)))

    def quadrature(self, n: int) -> Quadrature:
        """Nodes on the sphere, n at most (8 * 2^m when d > 3)."""
        n = positive_integer("n", n)
        if self.dimension > 3:
            points, replicate = rules.sobol(self.dimension, n)
            return rules.sobol_rule(_normalised(normal_quantile(points)), replicate)
        if self.dimension == 2:  # the equator alone
            heights, weights = np.zeros(1), np.ones(1)
        else:
            heights, weights = rules.gauss("legendre", max(1, int(np.sqrt(n / 2))))
        q = max(1, n // len(heights))
        angles = np.tile(2 * np.pi * np.arange(q) / q, len(heights))
        t = np.repeat(heights, q)
        radius = np.sqrt(1 - t**2)
        nodes = np.stack([radius * np.cos(angles), radius * np.sin(angles), t], axis=1)
        return rules.plain_rule(nodes[:, : self.dimension], np.repeat(weights / q, q))

    def zonal_quadrature(self, n: int) -> Quadrature:
        """A rule on the line for functions of t = <x, pole> alone: nodes (n, 1), any d >= 2.

        Gauss rule of the density proportional to (1 - t^2)^((d-3)/2) on [-1, 1]: exact for
        polynomials in t of degree 2n - 1, in every dimension at the price of one dimension.
        """
        t, weights = rules.gauss("zonal", positive_integer("n", n), self.dimension)
        return rules.plain_rule(t[:, None], weights)

    def check(self, x: Array) -> Array:
        """x as (n, d); ValueError unless every row has norm 1 (to 1e-9, rounding)."""
        x = shaped("x", x, (None, self.dimension))
        return inside(x, np.abs(np.linalg.norm(x, axis=1) - 1) <= ROUNDING, "points of norm 1")


def _normalised(x: Array) -> Array:
    return x / np.linalg.norm(x, axis=1, keepdims=True)
