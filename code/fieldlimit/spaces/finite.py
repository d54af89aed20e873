"""Finitely many populations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit import quadrature as rules
from fieldlimit.checks import Array, positive_integer, readonly, shaped
from fieldlimit.quadrature import Quadrature
from fieldlimit.spaces.base import ROUNDING, inside


@dataclass(frozen=True, eq=False)
class FiniteSpace:
    """The populations 0, ..., P - 1 with probabilities `weights` (P,), positive and of sum 1.

    Every integral is a finite sum: `quadrature` is exact, whatever n.
    """

    weights: Array  # (P,)

    def __post_init__(self) -> None:
        weights = shaped("weights", self.weights, (None,))
        if len(weights) == 0:
            raise ValueError("a finite space has at least one population, but weights is empty")
        if not (weights > 0).all():
            raise ValueError(f"weights are positive, but the least of them is {weights.min()}")
        if abs(weights.sum() - 1) > ROUNDING:
            raise ValueError(f"weights have sum 1, but their sum is {weights.sum()}")
        object.__setattr__(self, "weights", readonly(weights / weights.sum()))

    @property
    def dimension(self) -> int:
        """1: a location is the number of a population."""
        return 1

    def sample(self, n: int, *, rng: np.random.Generator) -> Array:
        """n independent populations, numbers as floats, shape (n, 1)."""
        drawn = rng.choice(len(self.weights), size=positive_integer("n", n), p=self.weights)
        return drawn[:, None].astype(float)

    def quadrature(self, n: int = 1) -> Quadrature:
        """All P populations with their weights; n is not needed."""
        populations = np.arange(len(self.weights), dtype=float)[:, None]
        return rules.plain_rule(populations, self.weights, exact=True)

    def check(self, x: Array) -> Array:
        """x as (n, 1); ValueError unless every entry is one of 0, ..., P - 1."""
        x = shaped("x", x, (None, 1))
        size = len(self.weights)
        return inside(x, (x == np.floor(x)) & (x >= 0) & (x < size), f"integers 0..{size - 1}")
