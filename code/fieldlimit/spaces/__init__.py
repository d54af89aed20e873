"""Similarity spaces (X, rho): where the neurons live, and the law their locations are drawn from.

A location is a row of a float array of shape (n, d), always two-dimensional; in a finite space
d = 1 and the entry is the number of the population.
"""

from fieldlimit.quadrature import Estimate, Quadrature
from fieldlimit.spaces.base import (
    SimilaritySpace,
    coarser_rules,
    default_nodes,
    disagreement,
    estimate,
    expectation,
)
from fieldlimit.spaces.finite import FiniteSpace
from fieldlimit.spaces.gaussian import GaussianSpace
from fieldlimit.spaces.sphere import Sphere
from fieldlimit.spaces.uniform import Cube, Torus, circle

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
    "coarser_rules",
    "default_nodes",
    "disagreement",
    "estimate",
    "expectation",
]
