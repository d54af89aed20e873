"""Similarity spaces (X, rho): where the neurons live, and the law their locations are drawn from.

A location is a row of a float array of shape (n, d), always two-dimensional; in a finite space
d = 1 and the entry is the number of the population.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fieldlimit import quadrature as rules
from fieldlimit.checks import Array, positive_integer, readonly, shaped
from fieldlimit.quadrature import Estimate, Quadrature

__all__ = [
    "Cube",
    "Estimate",
    "FiniteSpace",
    "GaussianSpace",
    "Quadrature",
    "SimilaritySpace",
    "Sphere",
    "Torus",
    "circle",
    "default_nodes",
    "expectation",
]

PRODUCT_DIMENSION = 3  # up to here product rules, beyond scrambled Sobol points
ROUNDING = (
    1e-9  # how far from the unit sphere a location may lie and still count as on it
)


class SimilaritySpace(Protocol):
    """A space X with a probability rho, from which one can draw and against which one integrates."""

    @property
    def dimension(self) -> int:
        """Number of coordinates of a location."""
        ...

    def sample(self, n: int, *, rng: np.random.Generator) -> Array:
        """n independent locations with law rho, shape (n, d)."""
        ...

    def quadrature(self, n: int) -> Quadrature:
        """A rule with about n nodes, at most n where the rule allows it."""
        ...

    def check(self, x: Array) -> Array:
        """x as a float array (n, d); ValueError when a location lies outside the space."""
        ...


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
        return _inside(x, (x >= 0) & (x <= 1), "coordinates in [0, 1]")


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
        return rules.plain_rule(
            *rules.product(angles, np.full(q, 1 / q), self.dimension)
        )

    def check(self, x: Array) -> Array:
        """x as (n, d); ValueError unless every angle lies in [-pi, pi)."""
        x = shaped("x", x, (None, self.dimension))
        return _inside(x, (x >= -np.pi) & (x < np.pi), "angles in [-pi, pi)")


def circle() -> Torus:
    """The circle, angles in [-pi, pi) with the uniform law: Torus(1)."""
    return Torus(1)


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
        return _normalised(
            rng.standard_normal((positive_integer("n", n), self.dimension))
        )

    def quadrature(self, n: int) -> Quadrature:
        """Nodes on the sphere, n at most (8 * 2^m when d > 3)."""
        n = positive_integer("n", n)
        if self.dimension > 3:
            points, replicate = rules.sobol(self.dimension, n)
            return rules.sobol_rule(_normalised(_normal_quantile(points)), replicate)
        heights, weights = (
            (np.zeros(1), np.ones(1)) if self.dimension == 2 else (None, None)
        )
        if heights is None or weights is None:
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
        return _inside(
            x, np.abs(np.linalg.norm(x, axis=1) - 1) <= ROUNDING, "points of norm 1"
        )


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
            return rules.sobol_rule(_normal_quantile(points), replicate)
        t, weights = rules.gauss("hermite", rules.nodes_per_axis(n, self.dimension))
        return rules.plain_rule(*rules.product(t, weights, self.dimension))

    def check(self, x: Array) -> Array:
        """x as (n, d) with finite entries, else ValueError."""
        return shaped("x", x, (None, self.dimension))


@dataclass(frozen=True, eq=False)
class FiniteSpace:
    """The populations 0, ..., P - 1 with probabilities `weights` (P,), positive and of sum 1.

    Every integral is a finite sum: `quadrature` is exact, whatever n.
    """

    weights: Array  # (P,)

    def __post_init__(self) -> None:
        weights = shaped("weights", self.weights, (None,))
        if len(weights) < 1 or not (weights > 0).all():
            raise ValueError(
                f"weights are positive, but the least of them is {weights.min()}"
            )
        if abs(weights.sum() - 1) > ROUNDING:
            raise ValueError(f"weights have sum 1, but their sum is {weights.sum()}")
        object.__setattr__(self, "weights", readonly(weights / weights.sum()))

    @property
    def dimension(self) -> int:
        """1: a location is the number of a population."""
        return 1

    def sample(self, n: int, *, rng: np.random.Generator) -> Array:
        """n independent populations, numbers as floats, shape (n, 1)."""
        drawn = rng.choice(
            len(self.weights), size=positive_integer("n", n), p=self.weights
        )
        return drawn[:, None].astype(float)

    def quadrature(self, n: int = 1) -> Quadrature:
        """All P populations with their weights; n is not needed."""
        populations = np.arange(len(self.weights), dtype=float)[:, None]
        return rules.plain_rule(populations, self.weights, exact=True)

    def check(self, x: Array) -> Array:
        """x as (n, 1); ValueError unless every entry is one of 0, ..., P - 1."""
        x = shaped("x", x, (None, 1))
        size = len(self.weights)
        return _inside(
            x, (x == np.floor(x)) & (x >= 0) & (x < size), f"integers 0..{size - 1}"
        )


def default_nodes(space: SimilaritySpace) -> int:
    """Number of quadrature nodes used where the caller names none: 512, 64^2, 24^3, else 2^14.

    Enough for about ten digits on smooth integrands when d <= 2; `expectation` tells the error.
    """
    return {1: 512, 2: 64**2, 3: 24**3}.get(space.dimension, 2**14)


def expectation(
    space: SimilaritySpace, f: Callable[[Array], Array], n: int
) -> Estimate:
    """The integral of f against rho, f: (m, d) -> (m, ...), by a rule with about n nodes.

    error, entry by entry: 0 on a finite space; for a product rule the difference from the rule with
    half the nodes an axis (pessimistic for smooth f); for a Sobol rule three standard errors over
    its eight scramblings.
    """
    rule = space.quadrature(n)
    values = np.asarray(f(rule.nodes))
    value = np.tensordot(rule.weights, values, axes=1)
    if rule.exact:
        error = np.zeros_like(value)
    elif rule.replicate[-1] > 0:
        means = rules.replicate_means(rule, values)
        error = 3 * means.std(axis=0, ddof=1) / np.sqrt(len(means))
    else:
        coarse = space.quadrature(max(1, len(rule) // 2**space.dimension))
        error = np.abs(
            value - np.tensordot(coarse.weights, np.asarray(f(coarse.nodes)), axes=1)
        )
    return Estimate(value, error)


def _inside(x: Array, good: Array, requirement: str) -> Array:
    if not good.all():
        bad = x[~good].flat[0] if good.ndim == 2 else x[~good][0]
        raise ValueError(f"locations are {requirement}, but a location has {bad}")
    return x


def _normalised(x: Array) -> Array:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def _normal_quantile(u: Array) -> Array:
    from scipy.special import ndtri

    return ndtri(u)
