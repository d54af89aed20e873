"""What a similarity space is; the integral of a function against its probability."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array
from fieldlimit.quadrature import SCRAMBLES, Estimate, Quadrature

PRODUCT_DIMENSION = 3  # up to here product rules, beyond scrambled Sobol points
ROUNDING = 1e-9  # tolerance of locations and weights on their constraints


class SimilaritySpace(Protocol):
    """A space X with a probability rho, from which one draws and against which one integrates."""

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


def default_nodes(space: SimilaritySpace) -> int:
    """Number of quadrature nodes used where the caller names none: 512, 64^2, 24^3, else 2^14.

    Enough for about ten digits on smooth integrands when d <= 2; `expectation` tells the error.
    """
    return {1: 512, 2: 64**2, 3: 24**3}.get(space.dimension, 2**14)


def expectation(space: SimilaritySpace, f: Callable[[Array], Array], n: int) -> Estimate:
    """The integral of f against rho, f: (m, d) -> (m, ...), by a rule with about n nodes.

    The error is that of `estimate`, entry by entry.
    """
    return estimate(space, lambda x, p: np.tensordot(p, np.asarray(f(x)), axes=1), n)


def estimate(
    space: SimilaritySpace, integrate: Callable[[Array, Array], Array], n: int
) -> Estimate:
    """An integral against rho, given as a sum over nodes (m, d) and weights (m,), and its error.

    error, entry by entry: 0 on a finite space; for a product rule the difference from the rule with
    half the nodes an axis (pessimistic for smooth integrands); for a Sobol rule three standard
    errors over its eight scramblings.
    """
    rule = space.quadrature(n)
    if rule.replicate[-1] > 0:
        count = len(rule) // SCRAMBLES
        parts = np.split(rule.nodes, SCRAMBLES)
        means = np.stack([integrate(part, np.full(count, 1 / count)) for part in parts])
        spread = means.std(axis=0, ddof=1) / np.sqrt(SCRAMBLES)
        return Estimate(means.mean(axis=0), 3 * spread)
    value = np.asarray(integrate(rule.nodes, rule.weights))
    if rule.exact:
        return Estimate(value, np.zeros_like(value))
    coarse = space.quadrature(max(1, len(rule) // 2**space.dimension))
    return Estimate(value, np.abs(value - integrate(coarse.nodes, coarse.weights)))


def inside(x: Array, good: NDArray[np.bool_], requirement: str) -> Array:
    """x when every location (or entry) is good, else ValueError with the requirement."""
    if not good.all():
        bad = x[~good].flat[0] if good.ndim == 2 else x[~good][0]
        raise ValueError(f"locations are {requirement}, but a location has {bad}")
    return x


def normal_quantile(u: Array) -> Array:
    """The quantiles of the standard normal law, entry by entry: uniform points become normal."""
    from scipy.special import ndtri

    return ndtri(u)
