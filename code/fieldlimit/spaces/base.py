"""What a similarity space is; the integral of a function against its probability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array
from fieldlimit.quadrature import SCRAMBLES, Estimate, Quadrature

PRODUCT_DIMENSION = 3  # up to here product rules, beyond scrambled Sobol points
COARSER = (0.5, 0.6, 0.7)  # nodes an axis of the rules that a product rule is compared with
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

    error, entry by entry: 0 on a finite space; for a product rule the distance to the mean of three
    coarser rules plus three standard deviations of them (pessimistic for smooth integrands); for a
    Sobol rule three standard errors over its eight scramblings.
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
    others = [integrate(q.nodes, q.weights) for q in coarser_rules(space, rule)]
    return Estimate(value, disagreement(value, others))


def coarser_rules(space: SimilaritySpace, rule: Quadrature) -> list[Quadrature]:
    """Three rules with fewer nodes than a product rule, in shares without a common divisor.

    A rule and the one with half its nodes may miss the same peak, or see the same crests of a fast
    wave, and agree on a wrong value.
    """
    sizes = [int(len(rule) * share**space.dimension) for share in COARSER]
    return [space.quadrature(max(1, size)) for size in sizes]


def disagreement(value: Array, others: Sequence[Array]) -> Array:
    """Distance of a value to the mean of others, plus three of their standard deviations."""
    coarse = np.stack(others)
    return np.abs(value - coarse.mean(axis=0)) + 3.0 * coarse.std(axis=0, ddof=1)


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
