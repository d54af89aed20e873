"""Kernels of finite rank with any features, and kernels between populations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, nonnegative, readonly, shaped
from fieldlimit.spaces import FiniteSpace, SimilaritySpace


@dataclass(frozen=True, eq=False)
class FiniteRankKernel:
    """w(x, y) = sum_m a_m(x) b_m(y): k_x = a(x), w_y = b(y), no orthogonality asked.

    a, b: (n, d) -> (n, r). kappa >= sup ||a(x)|| and omega >= sup ||b(y)|| are the caller's.
    """

    space: SimilaritySpace
    a: Callable[[Array], Array]
    b: Callable[[Array], Array]
    rank: int
    kappa: float
    omega: float

    def k(self, x: Array) -> Array:
        """Receptive features a(x), (n, d) -> (n, r)."""
        x = self.space.check(x)
        return shaped("a(x)", self.a(x), (len(x), self.rank))

    def w(self, x: Array) -> Array:
        """Projective features b(x), (n, d) -> (n, r)."""
        x = self.space.check(x)
        return shaped("b(x)", self.b(x), (len(x), self.rank))


def finite_rank_kernel(
    space: SimilaritySpace,
    a: Callable[[Array], Array],
    b: Callable[[Array], Array],
    *,
    kappa: float | None = None,
    omega: float | None = None,
) -> FiniteRankKernel:
    """w(x, y) = sum_m a_m(x) b_m(y), a and b: (n, d) -> (n, r).

    kappa and omega bound sup ||a(x)|| and sup ||b(y)||. On a finite space they may be omitted and
    are computed, exactly; elsewhere they are hypotheses and ValueError is raised without them. A
    bound that fails at a quadrature node is refused.
    """
    nodes = space.quadrature(256).nodes
    k, w = np.asarray(a(nodes)), np.asarray(b(nodes))
    if k.ndim != 2 or k.shape != w.shape or len(k) != len(nodes):
        raise ValueError(f"a and b give (n, r) arrays, but n = {len(nodes)}: {k.shape}, {w.shape}")
    kappa = _bound("kappa", kappa, k, space)
    omega = _bound("omega", omega, w, space)
    return FiniteRankKernel(space, a, b, k.shape[1], kappa, omega)


def population_kernel(J: Array, weights: Array) -> FiniteRankKernel:
    """w(x, y) = J[x, y] between P populations of probabilities `weights` (P,): rank P.

    k_x is the x-th unit vector of R^P, so that h_x is the potential of population x; w_y is column
    y of J. kappa = 1 and omega = the longest column, both attained. J (P, P), any signs.
    """
    size = len(FiniteSpace(weights).weights)
    return table_kernel(np.eye(size), shaped("J", J, (size, size)).T, weights)


def table_kernel(k: Array, w: Array, weights: Array | None = None) -> FiniteRankKernel:
    """w(x, y) = <k[x], w[y]> between P populations, x and y = 0, ..., P - 1; k and w (P, r).

    weights (P,): their probabilities; None: all equal. kappa and omega are the longest rows, both
    attained.
    """
    k = shaped("k", k, (None, None))
    w = shaped("w", w, k.shape)
    space = FiniteSpace(np.full(len(k), 1.0 / len(k)) if weights is None else weights)
    if len(space.weights) != len(k):
        raise ValueError(f"k has a row for each of {len(space.weights)} populations, but {len(k)}")
    return finite_rank_kernel(space, _Rows(readonly(k.copy())), _Rows(readonly(w.copy())))


@dataclass(frozen=True, eq=False)
class _Rows:
    """x (n, 1), numbers of populations -> the rows of a table, (n, r)."""

    table: Array  # (P, r)

    def __call__(self, x: Array) -> Array:
        return self.table[x[:, 0].astype(np.int64)]


def _bound(name: str, given: float | None, features: Array, space: SimilaritySpace) -> float:
    seen = float(np.linalg.norm(features, axis=1).max())
    if given is None:
        if not isinstance(space, FiniteSpace):
            raise ValueError(f"{name} is given except on a finite space, but {name} = None")
        return seen
    if nonnegative(name, given) < seen * (1 - 1e-12):
        raise ValueError(f"{name} bounds the features' norms, but {name} = {given} < {seen}")
    return float(given)
