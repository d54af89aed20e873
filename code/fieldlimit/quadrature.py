"""Rules that integrate against a probability, and what is known of their error."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, readonly

SCRAMBLES = 8  # independent scramblings of a Sobol rule, from whose spread its error is read
GAUSS_NODES = 512  # most nodes on one axis of a Gauss rule: beyond, rounding outweighs the gain


@dataclass(frozen=True, eq=False)
class Quadrature:
    """sum_i weights_i f(nodes_i), which stands for the integral of f against rho.

    nodes (n, d); weights (n,), nonnegative with sum 1; exact: True when the sum IS the integral
    (finite spaces); replicate (n,): the number of the independent replicate that a node belongs to
    (all 0 for a deterministic rule; 0..7 for a Sobol rule with eight scramblings).
    """

    nodes: Array  # (n, d)
    weights: Array  # (n,)
    exact: bool
    replicate: NDArray[np.int64]  # (n,)

    def __len__(self) -> int:
        return len(self.weights)


@dataclass(frozen=True, eq=False)
class Estimate:
    """A value and an estimate of its error, entry by entry (0 when the value is exact)."""

    value: Array
    error: Array


def plain_rule(nodes: Array, weights: Array, *, exact: bool = False) -> Quadrature:
    """A rule without replicates. nodes (n, d), weights (n,)."""
    replicate = np.zeros(len(weights), dtype=np.int64)
    return Quadrature(readonly(nodes), readonly(weights), exact, readonly(replicate))


@lru_cache(maxsize=64)
def gauss(family: str, n: int, dimension: int = 0) -> tuple[Array, Array]:
    """Gauss nodes (n,) and weights (n,) of a probability on the line, n capped at 512.

    family: "legendre" (uniform on [-1, 1]), "hermite" (standard normal), "zonal" (first coordinate
    of a uniform point of the sphere in R^dimension). Golub and Welsch: the nodes are the
    eigenvalues of the Jacobi matrix, whose off-diagonal entries b_j are those of the three-term
    recurrence; the weights are the squared first entries of its unit eigenvectors.
    """
    j = np.arange(1.0, min(n, GAUSS_NODES))
    if family == "legendre":
        off_diagonal = j / np.sqrt(4 * j**2 - 1)
    elif family == "hermite":
        off_diagonal = np.sqrt(j)
    elif family == "zonal":
        d = dimension
        off_diagonal = np.sqrt(j * (j + d - 3))
        off_diagonal[1:] /= np.sqrt((2 * j[1:] + d - 2) * (2 * j[1:] + d - 4))
        off_diagonal[:1] = d**-0.5  # the same formula, where d = 2 would read 0/0
    else:
        raise ValueError(f"family is legendre, hermite or zonal, but family = {family!r}")
    nodes, vectors = np.linalg.eigh(np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1))
    nodes = (nodes - nodes[::-1]) / 2  # the rule is symmetric; rounding is not
    weights = vectors[0] ** 2
    weights = (weights + weights[::-1]) / 2
    return readonly(nodes), readonly(weights / weights.sum())


@lru_cache(maxsize=16)
def sobol(dimension: int, n: int) -> tuple[Array, NDArray[np.int64]]:
    """Eight scrambled Sobol sets in (0, 1)^d: points (8 * 2^m, d) with 8 * 2^m <= max(n, 8).

    The seeds of the scramblings are literals: this is a fixed rule, not a draw. Given n the points
    never change; as if drawn at random, the eight sets are independent and each is unbiased.
    """
    from scipy.stats import qmc

    log2 = max(0, (n // SCRAMBLES).bit_length() - 1)
    sets = [
        qmc.Sobol(dimension, scramble=True, seed=1000 + scramble).random_base2(log2)
        for scramble in range(SCRAMBLES)
    ]
    points = np.concatenate(sets)
    points = np.clip(points, 2.0**-53, 1 - 2.0**-53)  # the inverse normal law stays finite
    return readonly(points), readonly(np.repeat(np.arange(SCRAMBLES), 2**log2))


def sobol_rule(points: Array, replicate: NDArray[np.int64]) -> Quadrature:
    """Equal weights on the images of scrambled Sobol points. points (n, d)."""
    weights = np.full(len(points), 1 / len(points))
    return Quadrature(readonly(points), readonly(weights), False, replicate)


def product(axis_nodes: Array, axis_weights: Array, dimension: int) -> tuple[Array, Array]:
    """The d-fold product of a rule on the line: nodes (q^d, d), weights (q^d,)."""
    grids = np.meshgrid(*[axis_nodes] * dimension, indexing="ij")
    factors = np.meshgrid(*[axis_weights] * dimension, indexing="ij")
    nodes = np.stack([g.ravel() for g in grids], axis=1)
    return nodes, np.prod([f.ravel() for f in factors], axis=0)


def nodes_per_axis(n: int, dimension: int) -> int:
    """The largest q >= 1 with q^d <= n."""
    q = max(1, round(n ** (1 / dimension)))
    return q if q**dimension <= n or q == 1 else q - 1
